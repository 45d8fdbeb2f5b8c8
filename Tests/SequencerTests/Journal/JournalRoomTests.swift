import Engine
import Foundation
import Testing

@testable import Sequencer

/// What the executor does when the journal's tail is full, and the mover that makes room.
@Suite struct JournalRoomTests {
    private let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)

    /// A tail with room for 300 orders or so.
    private func makeHarness() throws -> ExecutorHarness {
        let harness = try ExecutorHarness(journalTailBytes: 1 << 16) {
            $0.groupBytesMax = 4096
            $0.briefBytesMax = 4096
            $0.blockBytesMax = 1 << 20
        }
        try harness.fund()
        return harness
    }

    private func send(_ harness: ExecutorHarness, count: Int) {
        for tag in 0..<UInt64(count) {
            harness.send(TestMarket.envelope(TestMarket.trader(UInt32(tag % 4)), nonce: harness.nowMs + tag, [order]), tag: tag)
        }
    }

    /// With a full disk only as much is acknowledged as the tail holds, and all of that gets to the archive once there is room.
    @Test func whatTheJournalHasNoRoomForIsNotTakenIn() throws {
        let harness = try makeHarness()
        let before = try harness.journaled()
        try harness.journal.archive.database.execute("PRAGMA max_page_count = 1")
        send(harness, count: 2000)
        try harness.run()
        let acknowledged = harness.results.count
        #expect(acknowledged > 100 && acknowledged < 2000)
        #expect(!harness.executor.isDrained)
        #expect(!harness.executor.hasWork, "nothing to do until there is room")
        let failure = #expect(throws: SQLiteFailed.self) { try harness.journal.move() }
        #expect(failure?.description.contains("full") == true)
        #expect(harness.journal.archive.lastRow > 0 && !harness.journal.isMoved)
        try harness.journal.archive.database.execute("PRAGMA max_page_count = 100000")
        #expect(try harness.journaled().filter { $0 == "C" }.count == acknowledged)
        #expect(try harness.journaled().prefix(before.count) == before[...])
        #expect(harness.executor.hasWork)
    }

    @Test func everythingIsTakenInAsRoomIsMade() throws {
        let harness = try makeHarness()
        send(harness, count: 2000)
        var roomMade = 0
        var tags: [UInt64] = []
        while tags.count < 2000 {
            try harness.run()
            tags += harness.results.map(\.tag)
            // An idle executor is told of the room, a busy one is not.
            let isWaiting = !harness.executor.hasWork && !harness.executor.isDrained
            var isTold = false
            _ = try harness.journal.move { isTold = true }
            if isWaiting { #expect(isTold) }
            if isTold { roomMade += 1 }
        }
        #expect(roomMade > 2)
        #expect(tags == (0..<2000).map { $0 })
        #expect(try harness.journaled().filter { $0 == "C" }.count == 2000)
    }

    /// A gateway's thread leaves the rest to the executor's, which sleeps until there is room.
    @Test func aStepInPlaceEndsWhereTheRoomDoes() throws {
        let harness = try makeHarness()
        send(harness, count: 2000)
        var answered = 0
        var before = -1
        while answered != before {
            before = answered
            #expect(try !harness.executor.stepBriefly(nowMs: harness.nowMs) {})
            answered += harness.results.count
        }
        #expect(answered > 100 && answered < 2000)
        #expect(!harness.executor.hasWork)
        harness.nowMs += 250
        #expect(harness.executor.isCloseDue(harness.nowMs))
        #expect(try harness.executor.step(nowMs: harness.nowMs) == 0, "there is no room for a block's end either")
        #expect(harness.executor.sleepMs(nowMs: harness.nowMs) == 100)
        #expect(try harness.journal.move() > 0)
        #expect(harness.executor.hasWork)
        #expect(try harness.executor.step(nowMs: harness.nowMs) > 0)
    }

    /// Threads and a tail that goes round hundreds of times; in the end all of it is in the archive.
    @Test(arguments: Durability.allCases) func aStoppedNodeHasNothingInTheTail(durability: Durability) throws {
        let directory = try TestDirectory()
        var configuration = try TestMarket.configuration(directory)
        configuration.durability = durability
        configuration.journalTailBytes = 1 << 16
        configuration.executor.groupBytesMax = 1024
        configuration.executor.briefBytesMax = 1024
        let node = try TestNode(configuration)
        node.pushInbox()
        let commands = Array(repeating: TestMarket.place(.buy, mantissa: 40_000, lots: 1), count: 50)
        for count in 0..<200 as Range<UInt64> {
            _ = try node.execute(TestMarket.envelope(TestMarket.trader(UInt32(count % 4)), nonce: SystemClock.nowMs() + count, commands))
        }
        try node.stop()
        let path = configuration.directory.path + "/journal.tail"
        let byteCount = try #require(try JournalTailFile.byteCount(path: path))
        let file = try JournalTailFile(existing: path, byteCount: byteCount, deployment: .test)
        let mark = try #require(file.mark)
        #expect(mark >= 200)
        _ = try JournalTail(file, lastRow: mark, isSynced: false).survey { Issue.record("row \($0.number) is left") }
        let position = try #require(file.moved)
        #expect(position > 2 * file.capacity, "it went round")
    }

    @Test func aRowWithoutRoomIsAFault() async {
        await #expect(processExitsWith: .failure) {
            let harness = try ExecutorHarness(journalTailBytes: 1 << 16) {
                $0.groupBytesMax = 4096
                $0.briefBytesMax = 4096
            }
            var group = JournalGroup()
            for _ in 0..<4000 { group.appendBlockClosed(1) }
            for _ in 0..<3 { try harness.journal.append(group, lastBlock: 1) }
        }
    }
}

/// A disk that is really full, below a journal.
@Suite(.enabled(if: SmallDisk.isAvailable, "only root can mount a small disk")) struct JournalDiskFullTests {
    private func append(_ journal: Journal, rows: Int) throws {
        var group = JournalGroup()
        for _ in 0..<rows {
            group.removeAll()
            for _ in 0..<64 { group.appendBlockClosed(1) }
            try journal.append(group, lastBlock: 1)
        }
    }

    @Test func whatTheTailHasIsMovedWhenThereIsRoomAgain() throws {
        let directory = try TestDirectory()
        let disk = try SmallDisk(over: directory.path, kibibytes: 1024)
        let path = directory.file("journal.sqlite")
        let filler = directory.file("filler")
        var acknowledged: Int64 = 0
        do {
            let journal = try Journal(path: path, durability: .process, deployment: .test, tailBytes: 1 << 18)
            try append(journal, rows: 5)
            #expect(try journal.move() == 5)
            // Whatever is left goes.
            let file = open(filler, O_WRONLY | O_CREAT, 0o600)
            while write(file, [UInt8](repeating: 1, count: 4096), 4096) > 0 {}
            close(file)
            try append(journal, rows: 150)
            acknowledged = 155
            let failure = #expect(throws: SQLiteFailed.self) { while try journal.move() > 0 {} }
            #expect(failure?.description.contains("the disk is full") == true)
        }
        for _ in 0..<2 {
            let refusal = #expect(throws: SQLiteFailed.self) { try Journal(path: path, durability: .process, deployment: .test) }
            #expect(refusal?.description.contains("free some space and start again") == true)
        }
        unlink(filler)
        try disk.grow(toKibibytes: 4096)
        let journal = try Journal(path: path, durability: .process, deployment: .test)
        #expect(journal.archive.lastRow == acknowledged)
        var rows: Int64 = 0
        try journal.archive.forEachRow(from: 1) { _, bytes in
            #expect(bytes.count == 64 * 16)
            rows += 1
        }
        #expect(rows == acknowledged)
    }

    @Test func aTailThatHasNoRoomIsNotMade() throws {
        let directory = try TestDirectory()
        let disk = try SmallDisk(over: directory.path, kibibytes: 256)
        let path = directory.file("journal.sqlite")
        for _ in 0..<2 {
            let refusal = #expect(throws: SystemCallFailed.self) {
                try Journal(path: path, durability: .process, deployment: .test, tailBytes: 1 << 20)
            }
            #expect(refusal?.description.contains("No space left on device") == true)
            #expect(try JournalTailFile.byteCount(path: directory.file("journal.tail")) == nil)
        }
        try disk.grow(toKibibytes: 4096)
        let journal = try Journal(path: path, durability: .process, deployment: .test, tailBytes: 1 << 20)
        try append(journal, rows: 1)
    }
}
