import Engine
import Foundation
import Testing

@testable import Sequencer

/// What a start makes of the log of events and the journal together.
@Suite struct LogRefillTests {
    /// One result of the stream as clients are told it.
    struct Told: Equatable {
        var position: StreamPosition
        var nonce: UInt64
        var sequence: UInt64
        var events: [UInt8]
    }

    /// All admitted results after `position`, or nil if some are gone.
    static func results(in log: EventLog, after position: StreamPosition) -> [Told]? {
        let history = log.makeHistory()
        guard var cursor = history.cursor(after: position) else { return nil }
        var told: [Told] = []
        while true {
            let step = history.read(&cursor, until: log.end) { record, position in
                guard record.kind == RingRecord.ToGateway.result, let position else { return true }
                told.append(Self.told(record, at: position))
                return true
            }
            if step == .gone { return nil }
            if step == .done { return told }
        }
    }

    static func told(_ record: RingRecord, at position: StreamPosition) -> Told {
        Told(
            position: position, nonce: record.body.load(fromByteOffset: ResultLayout.nonce, as: UInt64.self),
            sequence: record.body.load(fromByteOffset: ResultLayout.sequence, as: UInt64.self),
            events: Array(record.body[ResultLayout.events...]))
    }

    static let start = StreamPosition(rawValue: 0)

    private func configuration(_ directory: borrowing TestDirectory, run: UInt64 = 0) throws -> SequencerConfiguration {
        var configuration = try TestMarket.configuration(directory)
        let timeMs = TestMarket.startMs + run * 60_000
        configuration.clockMs = { timeMs }
        return configuration
    }

    static func envelope(_ count: UInt64) -> [UInt8] {
        let order = TestMarket.place(count % 2 == 0 ? .buy : .sell, mantissa: 50_000, lots: count + 1)
        return TestMarket.envelope(TestMarket.trader(UInt32(count % 4)), nonce: TestMarket.startMs + count, [order])
    }

    /// Runs a node for `counts` batches of a fixed flow, calling `half` when half of them are answered. Returns what its log then told.
    @discardableResult
    private func trade(
        _ directory: borrowing TestDirectory, _ counts: Range<UInt64>, run: UInt64 = 0, half: () throws -> Void = {}
    ) throws -> [Told] {
        let node = try TestNode(try configuration(directory, run: run))
        node.pushInbox()
        for count in counts {
            if count == (counts.lowerBound + counts.upperBound) / 2 { try half() }
            #expect(try node.execute(Self.envelope(count)).code == .none)
        }
        try node.stop()
        return try #require(Self.results(in: node.sequencer.log, after: Self.start))
    }

    private func recovered(_ directory: borrowing TestDirectory) throws -> Sequencer {
        try Sequencer(try configuration(directory, run: 9), logger: TestMarket.quiet)
    }

    private func forgetCheckpoints(_ directory: borrowing TestDirectory) throws {
        let checkpoints = directory.path + "/data/checkpoints"
        for file in try FileManager.default.contentsOfDirectory(atPath: checkpoints) {
            try FileManager.default.removeItem(atPath: checkpoints + "/" + file)
        }
    }

    @Test func aWholeLogGoesOnOverRestarts() throws {
        let directory = try TestDirectory()
        let first = try trade(directory, 0..<20)
        #expect(first.count == 20)
        let both = try trade(directory, 20..<40, run: 1)
        #expect(both.count == 40 && Array(both.prefix(20)) == first)
        #expect(Self.results(in: try recovered(directory).log, after: first[7].position) == Array(both[8...]))
    }

    /// The last thing that happened is then the opening of a block that caused nothing, and the checkpoint covers it.
    @Test func aLogThatEndsWithAnIdleBlockGoesOn() throws {
        let directory = try TestDirectory()
        var configuration = try TestMarket.configuration(directory)
        configuration.executor.blockIntervalMs = 1
        configuration.executor.idleBlockIntervalMs = 10
        let sealed = try Parker()
        let node = try TestNode(configuration, blockSealed: { _ in sealed.wake() })
        node.pushInbox()
        let nowMs = SystemClock.nowMs()
        for count in UInt64(0)..<20 {
            let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)
            #expect(try node.execute(TestMarket.envelope(TestMarket.trader(0), nonce: nowMs + count, [order])).code == .none)
        }
        while node.sequencer.shared.sealedHead.number <= node.lastBlock {
            sealed.park(timeoutMs: -1) { node.sequencer.shared.sealedHead.number > node.lastBlock }
        }
        try node.stop()
        let whole = try #require(Self.results(in: node.sequencer.log, after: Self.start))
        let again = try Sequencer(configuration, logger: TestMarket.quiet)
        #expect(again.recoveredFromCheckpoint > node.lastBlock)
        #expect(whole.count == 20 && Self.results(in: again.log, after: Self.start) == whole)
    }

    /// The log of an earlier instant stands for one that lacks what the journal had when the process was killed.
    @Test func whatTheLogLacksIsWrittenFromTheJournal() throws {
        let directory = try TestDirectory()
        let path = directory.path + "/data/events.log"
        let whole = try trade(directory, 0..<20) { try FileManager.default.copyItem(atPath: path, toPath: path + ".half") }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".half", toPath: path)
        try forgetCheckpoints(directory)
        let node = try recovered(directory)
        #expect(Self.results(in: node.log, after: Self.start) == whole)
        #expect(node.log.openedAt?.position == whole[9].position)
    }

    @Test func aLostLogIsWrittenFromTheJournal() throws {
        let directory = try TestDirectory()
        let whole = try trade(directory, 0..<20)
        try FileManager.default.removeItem(atPath: directory.path + "/data/events.log")
        try forgetCheckpoints(directory)
        let node = try recovered(directory)
        #expect(Self.results(in: node.log, after: Self.start) == whole)
        #expect(node.log.openedAt == nil)
    }

    /// What was before the checkpoint is not executed again, so it is gone, and said to be.
    @Test func aLostLogBeginsAtTheCheckpoint() throws {
        let directory = try TestDirectory()
        let whole = try trade(directory, 0..<20)
        let end = try #require(whole.last).position
        try FileManager.default.removeItem(atPath: directory.path + "/data/events.log")
        let log = try recovered(directory).log
        #expect(log.oldestPosition == StreamPosition(before: end.block + 1))
        #expect(Self.results(in: log, after: end) == nil)
        #expect(Self.results(in: log, after: log.oldestPosition)?.isEmpty == true)
    }

    /// The journal of another history, or an older copy: what the log has of the future is not to be told to anybody.
    @Test func aLogAheadOfTheJournalIsBegunAnew() throws {
        let directory = try TestDirectory()
        let other = try TestDirectory()
        try trade(directory, 0..<20)
        let whole = try trade(other, 0..<30)
        let (path, source) = (directory.path + "/data/events.log", other.path + "/data/events.log")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: source, toPath: path)
        try forgetCheckpoints(directory)
        let log = try recovered(directory).log
        #expect(Self.results(in: log, after: whole[0].position) == nil)
        #expect(Self.results(in: log, after: log.oldestPosition)?.isEmpty == true)
    }

    @Test func anotherHistoryOfTheSameLengthIsBegunAnew() throws {
        let directory = try TestDirectory()
        let other = try TestDirectory()
        let whole = try trade(directory, 0..<20)
        let node = try TestNode(try configuration(other))
        node.pushInbox()
        for count in UInt64(0)..<20 { _ = try node.execute(Self.envelope(100 + count)) }
        try node.stop()
        let (path, source) = (directory.path + "/data/events.log", other.path + "/data/events.log")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: source, toPath: path)
        try forgetCheckpoints(directory)
        let log = try recovered(directory).log
        // From the first place on at which they were seen to differ.
        #expect(log.oldestPosition < whole[19].position && log.oldestPosition >= whole[18].position)
        #expect(Self.results(in: log, after: log.oldestPosition) == [whole[19]])
    }

    /// A batch that is sent again gets the answer it had, from before the restart, too.
    @Test func whoSendsAgainIsAnsweredAlike() throws {
        let directory = try TestDirectory()
        let whole = try trade(directory, 0..<20)
        let node = try TestNode(try configuration(directory, run: 1))
        let history = node.sequencer.log.makeHistory()
        for count in UInt64(0)..<20 {
            let again = try node.execute(Self.envelope(count))
            #expect(again.code == .nonceRepeated)
            try #require(again.sequence > 0)
            var cursor = history.cursor(at: Int(again.sequence) - 1)
            var answers: [Told] = []
            _ = history.read(&cursor, until: node.sequencer.ports[0].fromExecutor.offset) { record, position in
                if let position { answers.append(Self.told(record, at: position)) }
                return false
            }
            #expect(answers == [whole[Int(count)]])
        }
        // Something else under the same nonce has no answer.
        var other = Self.envelope(3)
        other[other.count - 1] ^= 1
        #expect(try node.execute(other).sequence == 0)
        try node.stop()
    }
}
