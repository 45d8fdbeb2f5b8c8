import Engine
import Foundation
import SeededRandom
import Testing

@testable import Sequencer

/// The log against a plain list of what was written.
@Suite struct EventLogTests {
    /// Writes a result or an opening of random length; returns its bytes.
    static func write(
        _ log: EventLog, block: UInt64, place: UInt32, bytes: Int, flags: UInt8 = 0, using random: inout SeededGenerator
    ) -> ModelRecord? {
        var record = ModelRecord(
            kind: place == 0 ? RingRecord.ToGateway.blockOpened : RingRecord.ToGateway.result, tag: random.next(), block: block,
            place: place)
        record.body =
            place == 0 ? [UInt8](repeating: 0, count: 16) : ModelRecord.result(block: block, place: place, noise: bytes, using: &random)
        if place == 0 { record.body.withUnsafeMutableBytes { $0.storeBytes(of: block, as: UInt64.self) } }
        return write(log, record, flags: flags) ? record : nil
    }

    static func write(_ log: EventLog, _ record: ModelRecord, flags: UInt8 = 0) -> Bool {
        log.tryWrite(kind: record.kind, flags: flags, session: 7, tag: record.tag, bodyBytes: record.body.count) { body in
            record.body.withUnsafeBytes { body.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        }
    }

    static var seed: UInt64 { UInt64(ProcessInfo.processInfo.environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max)) }

    @Test func readersAtDifferentSpeedsSeeTheSame() throws {
        let seed = Self.seed
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for capacity in [4096, 8192, 65536] {
            let log = try EventLog(capacity: capacity)
            let readers = (0..<3).map { _ in log.makeReader() }
            var seen = [Int](repeating: 0, count: 3)
            var written: [ModelRecord] = []
            var committed = 0
            var (block, place): (UInt64, UInt32) = (1, 0)
            for _ in 0..<20_000 {
                switch random.next() % 8 {
                case 0...3:
                    let bytes = Int(random.next() % 300)
                    guard let record = Self.write(log, block: block, place: place, bytes: bytes, using: &random) else { break }
                    written.append(record)
                    (block, place) = random.next() % 10 == 0 ? (block + 1, 0) : (block, place + 1)
                case 4:
                    log.commit()
                    committed = written.count
                    #expect(!log.hasUncommitted)
                default:
                    // The last is the slowest.
                    let reader = Int(random.next() % 7) % 3
                    let hasRead = readers[reader].read { record in
                        if ModelRecord(record) != written[seen[reader]] { Issue.record("reader \(reader), seed \(seed)") }
                        seen[reader] += 1
                    }
                    #expect(hasRead == (seen[reader] > 0 && hasRead) && readers[reader].isEmpty == (seen[reader] == committed))
                }
            }
            #expect(written.count > 1000 && log.end > 5 * capacity)
        }
    }

    @Test func theSlowestReaderHoldsTheWriterUpAndADroppedOneDoesNot() throws {
        let log = try EventLog(capacity: 4096)
        let (quick, slow) = (log.makeReader(), log.makeReader())
        func write(_ tag: UInt64) -> Bool { log.tryWrite(kind: 2, session: 0, tag: tag, bodyBytes: 40) { _ in } }
        var count: UInt64 = 0
        while write(count) {
            count += 1
            log.commit()
            #expect(quick.read { _ in })
        }
        #expect(count == 64, "records of 64 bytes fill the log to the last byte")
        #expect(slow.unreadBytes == 4096 && quick.unreadBytes == 0)
        var oldest: UInt64?
        #expect(slow.read { oldest = $0.tag })
        #expect(oldest == 0)
        #expect(write(count) && !write(count))
        log.dropReaders()
        #expect(write(count))
    }

    @Test func historyYieldsWhatIsKeptOrSaysThatItIsGone() throws {
        let seed = Self.seed
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let log = try EventLog(capacity: 1 << 16)
        let history = log.makeHistory()
        var written: [ModelRecord] = []
        var (block, place): (UInt64, UInt32) = (1, 0)
        var (answered, gone) = (0, 0)
        for round in 0..<2000 {
            for _ in 0..<Int(random.next() % 12) {
                guard let record = Self.write(log, block: block, place: place, bytes: Int(random.next() % 200), using: &random) else {
                    continue
                }
                written.append(record)
                (block, place) = random.next() % 10 == 0 ? (block + 1, 0) : (block, place + 1)
            }
            log.commit()
            // Mostly a position near the oldest that is kept.
            let oldest = log.oldestPosition
            let known = written.lastIndex { $0.position <= oldest } ?? 0
            let from = round % 3 == 0 ? Int(random.next() % UInt64(max(1, written.count))) : known + Int(random.next() % 20)
            let after = from < written.count ? written[from].position : StreamPosition(rawValue: 0)
            guard var cursor = history.cursor(after: after) else {
                #expect(after < oldest, "round \(round), seed \(seed)")
                gone += 1
                continue
            }
            #expect(after >= oldest)
            answered += 1
            var expected = written.firstIndex { $0.position > after } ?? written.count
            let stop = random.next() % 40 + 1
            while history.read(
                &cursor, until: log.end,
                { record, position in
                    let isRight =
                        expected < written.count && ModelRecord(record) == written[expected] && position == written[expected].position
                    if !isRight { Issue.record("round \(round), seed \(seed)") }
                    expected += 1
                    return UInt64(expected) % stop != 0
                }) == .more
            {}
            #expect(expected == written.count, "round \(round), seed \(seed)")
        }
        #expect(answered > 500 && gone > 100)
    }

    /// A cursor that waits too long learns it and is passed nothing that is not whole.
    @Test func aCursorThatIsOvertakenIsGone() throws {
        var random = SeededGenerator(seed: 1)
        let log = try EventLog(capacity: 8192)
        let history = log.makeHistory()
        _ = Self.write(log, block: 1, place: 0, bytes: 0, using: &random)
        log.commit()
        var cursor = try #require(history.cursor(after: StreamPosition(rawValue: 0)))
        var place: UInt32 = 1
        while log.oldestOffset <= 0 {
            _ = Self.write(log, block: 1, place: place, bytes: 64, using: &random)
            place += 1
        }
        log.commit()
        #expect(history.read(&cursor, until: log.end) { _, _ in true } == .gone)
        #expect(history.cursor(after: StreamPosition(rawValue: 0)) == nil && log.oldestPosition.rawValue == .max)
        // The next block is where it can begin again.
        _ = Self.write(log, block: 2, place: 0, bytes: 0, using: &random)
        log.commit()
        #expect(log.oldestPosition == StreamPosition(before: 2))
        cursor = try #require(history.cursor(after: log.oldestPosition))
        var positions: [StreamPosition?] = []
        #expect(
            history.read(&cursor, until: log.end) {
                positions.append($1); return true
            } == .done)
        #expect(positions == [StreamPosition(openingOf: 2)])
    }

    @Test func aThreadThatLooksBackWhileAnotherWritesSeesNothingTorn() throws {
        let log = try EventLog(capacity: 1 << 14)
        let count: UInt64 = 200_000
        let reader = log.makeReader()
        let writer = Thread {
            var block: UInt64 = 0
            for tag in 0..<count {
                let isOpening = tag % 50 == 0
                if isOpening { block += 1 }
                let words = isOpening ? 2 : 8 + Int(tag % 17)
                let fill = { (body: UnsafeMutableRawPointer) in
                    for word in 0..<words { body.storeBytes(of: tag, toByteOffset: word * 8, as: UInt64.self) }
                    if isOpening { body.storeBytes(of: block, as: UInt64.self) }
                }
                let kind = isOpening ? RingRecord.ToGateway.blockOpened : RingRecord.ToGateway.queryReply
                while !log.tryWrite(kind: kind, session: 0, tag: tag, bodyBytes: words * 8, fill) { usleep(50) }
                log.commit()
            }
        }
        writer.start()
        let history = log.makeHistory()
        var (records, gone, torn) = (0, 0, 0)
        while true {
            for _ in 0..<64 { _ = reader.read { _ in } }
            guard var cursor = history.cursor(after: log.oldestPosition) else { continue }
            cursor = history.cursor(at: cursor.offset)
            var last: UInt64?
            while true {
                let step = history.read(&cursor, until: reader.offset) { record, _ in
                    let words = record.body.bindMemory(to: UInt64.self)
                    let isWhole = words.dropFirst().allSatisfy { $0 == record.tag } && (last.map { $0 + 1 == record.tag } ?? true)
                    if !isWhole { torn += 1 }
                    last = record.tag
                    records += 1
                    return true
                }
                if step == .gone { gone += 1 }
                guard step == .more else { break }
            }
            if reader.isEmpty, last == count - 1 { break }
        }
        #expect(torn == 0)
        print("\(records) records, overtaken \(gone) times")
    }
}
