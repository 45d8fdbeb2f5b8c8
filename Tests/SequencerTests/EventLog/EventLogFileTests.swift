import Engine
import Foundation
import SeededRandom
import Testing

@testable import Sequencer

/// What the next process makes of the file.
@Suite struct EventLogFileTests {
    private static let capacity = 1 << 14

    private func open(_ path: String, capacity: Int = capacity, _ deployment: DeploymentIdentity = .test) throws -> EventLog {
        try EventLog(EventLogFile(path: path, capacity: capacity, deployment: deployment))
    }

    /// Everything that is kept, oldest first.
    private func kept(_ log: EventLog) throws -> [ModelRecord] {
        let history = log.makeHistory()
        guard var cursor = history.cursor(after: log.oldestPosition) else { return [] }
        var records: [ModelRecord] = []
        while true {
            let step = history.read(&cursor, until: log.end) { record, position in
                var model = ModelRecord(record)
                model.block = position?.block ?? 0
                model.place = UInt32(truncatingIfNeeded: position?.rawValue ?? 0)
                records.append(model)
                return true
            }
            try #require(step != .gone)
            if step == .done { return records }
        }
    }

    /// A copy of the file is what a process that was killed at this instant leaves: the next one goes on with all that was committed.
    @Test func whatWasCommittedIsThereAfterAKillAtAnyPoint() throws {
        let seed = EventLogTests.seed
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let directory = try TestDirectory()
        var log = try open(directory.file("events.log"))
        var written: [ModelRecord] = []
        /// Of those written: all that are whole, and of them those that were committed.
        var (whole, committed) = (0, 0)
        var isUnfinished = false
        var (block, place): (UInt64, UInt32) = (1, 0)
        for round in 0..<400 {
            for _ in 0..<Int(random.next() % 12) {
                let bytes = Int(random.next() % 300)
                if isUnfinished {
                    let events = ModelRecord.events(block: block, noise: bytes, using: &random)
                    isUnfinished = random.next() % 3 == 0
                    let flags = isUnfinished ? RingRecord.Flags.continues : 0
                    #expect(EventLogTests.write(log, events, flags: flags))
                    written.append(events)
                } else {
                    // What some openings caused follows them.
                    isUnfinished = place == 0 && random.next() % 2 == 0
                    let flags = isUnfinished ? RingRecord.Flags.continues : 0
                    let record = EventLogTests.write(log, block: block, place: place, bytes: bytes, flags: flags, using: &random)
                    written.append(try #require(record))
                }
                if !isUnfinished {
                    whole = written.count
                    (block, place) = random.next() % 10 == 0 ? (block + 1, 0) : (block, place + 1)
                }
                if random.next() % 3 == 0 {
                    log.commit()
                    committed = whole
                }
            }
            guard round % 4 == 3 else { continue }
            // What was not finished is left out, and written again.
            let expected = written[..<committed]
            let before = log.oldestPosition
            log = try open(directory.file("events.log"))
            #expect(log.openedAt?.position == expected.last?.position, "round \(round), seed \(seed)")
            let found = try kept(log)
            #expect(Array(expected.suffix(found.count)) == found, "round \(round), seed \(seed)")
            #expect(found.map(\.position) == expected.suffix(found.count).map(\.position))
            // No more is lost by it than the segment that was being written.
            #expect(log.oldestPosition.rawValue == .max || log.oldestPosition <= before || found.count > 20, "round \(round), seed \(seed)")
            written.removeLast(written.count - expected.count)
            (block, place) = expected.last.map { ($0.block, $0.place + 1) } ?? (1, 0)
            whole = committed
            isUnfinished = false
        }
        #expect(log.end > 10 * Self.capacity)
    }

    private func populated(_ path: String) throws {
        var random = SeededGenerator(seed: 5)
        let log = try open(path)
        for place in UInt32(0)..<20 { _ = EventLogTests.write(log, block: 1, place: place, bytes: 100, using: &random) }
        log.commit()
        #expect(try kept(try open(path)).count == 20)
    }

    @Test(arguments: ["foreign", "boot", "format", "capacity", "deployment", "short", "record", "end", "announced", "empty"])
    func whatCannotBeContinuedIsBegunAnew(damage: String) throws {
        let directory = try TestDirectory()
        let path = directory.file("events.log")
        try populated(path)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        var (capacity, deployment) = (Self.capacity, DeploymentIdentity.test)
        switch damage {
        case "foreign": bytes[0] ^= 1
        case "boot": bytes[30] ^= 1
        case "format": bytes[8] ^= 2
        case "capacity": capacity *= 2
        case "deployment": deployment.chainId += 1
        case "short": bytes.removeLast(100)
        case "record": bytes[bytes.count - capacity + 1] ^= 1
        case "end": bytes[256] ^= 4
        case "announced": bytes[384 + 6] = 1
        default: bytes = Data()
        }
        try bytes.write(to: URL(fileURLWithPath: path))
        let log = try open(path, capacity: capacity, deployment)
        #expect(log.openedAt == nil && log.end == 0 && log.oldestPosition.rawValue == 0)
        #expect(try kept(log).isEmpty)
        var random = SeededGenerator(seed: 6)
        #expect(EventLogTests.write(log, block: 1, place: 0, bytes: 0, using: &random) != nil)
    }

    /// The parts of a result that were committed are left out if the last is missing.
    @Test func aResultThatLacksItsEndIsLeftOut() throws {
        let directory = try TestDirectory()
        let path = directory.file("events.log")
        try populated(path)
        var random = SeededGenerator(seed: 7)
        let log = try open(path)
        let body = ModelRecord.result(block: 1, place: 20, noise: 64, using: &random)
        func part(flags: UInt8) {
            #expect(
                log.tryWrite(kind: RingRecord.ToGateway.result, flags: flags, session: 0, tag: 0, bodyBytes: body.count) { target in
                    body.withUnsafeBytes { target.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
                })
            log.commit()
        }
        part(flags: RingRecord.Flags.continues)
        part(flags: RingRecord.Flags.continues)
        #expect(try kept(try open(path)).count == 20)
        part(flags: 0)
        let whole = try open(path)
        #expect(try kept(whole).count == 23)
        #expect(whole.openedAt?.position == StreamPosition(block: 1, batch: 19))
    }

    /// Almost everything that was kept was being overwritten: what the next process writes may begin before what is left.
    @Test func aLogOfWhichNothingWholeIsLeftIsBegunAnew() throws {
        let directory = try TestDirectory()
        var random = SeededGenerator(seed: 8)
        func write(_ log: EventLog, block: UInt64, place: UInt32) {
            #expect(EventLogTests.write(log, block: block, place: place, bytes: 0, using: &random) != nil)
        }
        do {
            let log = try open(directory.file("events.log"))
            for place in UInt32(0)..<400 { write(log, block: 50, place: place) }
            let last = log.end
            write(log, block: 51, place: 0)
            log.commit()
            // The last record is left, of which nobody can tell whether it is the end of something.
            while log.oldestOffset + 152 <= last { write(log, block: 51, place: 1) }
            #expect(log.oldestOffset <= last)
        }
        let log = try open(directory.file("events.log"))
        #expect(log.openedAt == nil)
        for block in UInt64(1)...20 {
            for place in UInt32(0)..<3 { write(log, block: block, place: place) }
        }
        log.commit()
        #expect(try kept(log).map(\.block) == (1...20).flatMap { [$0, $0, $0] })
    }

    /// No byte that rots ends the process, nor is the next process any the worse for what it finds.
    @Test func rottenBytesEndNothing() throws {
        let seed = EventLogTests.seed
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let directory = try TestDirectory()
        let path = directory.file("events.log")
        var starts: [Int] = []
        do {
            let log = try open(path)
            func write(_ record: ModelRecord) {
                starts.append(log.end)
                #expect(EventLogTests.write(log, record))
            }
            for block in UInt64(1)...24 {
                var opening = ModelRecord(kind: RingRecord.ToGateway.blockOpened, tag: 0, block: block, place: 0)
                opening.body = withUnsafeBytes(of: (block, block)) { Array($0) }
                var result = ModelRecord(kind: RingRecord.ToGateway.result, tag: 0, block: block, place: 1)
                result.body = ModelRecord.result(block: block, place: 1, noise: 60, using: &random)
                // Replies to queries, short ones among them.
                var reply = ModelRecord(kind: RingRecord.ToGateway.queryReply, tag: 0, block: 0, place: 0)
                reply.body = [UInt8](repeating: 1, count: Int(block))
                for record in [opening, result, reply] { write(record) }
            }
            log.commit()
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var continued = 0
        func rot(_ offset: Int, _ value: UInt8) throws {
            var bytes = whole
            bytes[offset] = value
            try bytes.write(to: URL(fileURLWithPath: path))
            let log = try open(path)
            if log.openedAt != nil { continued += 1 }
            _ = try? kept(log)
        }
        let records = whole.count - Self.capacity
        for start in starts { for kind in UInt8(0)...5 { try rot(records + start + RingRecord.Offset.kind, kind) } }
        for _ in 0..<1000 { try rot(Int.random(in: 256..<whole.count, using: &random), UInt8.random(in: 0...255, using: &random)) }
        #expect(continued > 0)
    }

    /// A folder that cannot be written to costs the history, not the node.
    @Test func aNodeStartsWithoutItsFile() throws {
        let directory = try TestDirectory()
        let configuration = try TestMarket.configuration(directory)
        try FileManager.default.createDirectory(atPath: configuration.directory.events, withIntermediateDirectories: true)
        let logged = LogCapture()
        let sequencer = try Sequencer(configuration, logger: logged.logger)
        #expect(sequencer.log.oldestPosition.rawValue == 0)
        #expect(logged.lines.contains { $0.contains("events are kept in memory only") })
    }
}
