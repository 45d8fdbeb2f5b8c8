import Engine
import Foundation
import SeededRandom
import Testing

@testable import Sequencer

/// Nothing passes for a record but what was written in its place.
@Suite struct RecordCheckTests {
    private static let capacity = 1 << 14

    private func open(_ path: String) throws -> EventLog {
        try EventLog(EventLogFile(path: path, capacity: Self.capacity, deployment: .test))
    }

    /// Every bit of records of many sizes, and of a marker; and each of them in another place, or in another file.
    @Test func everyBitIsChecked() throws {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 1024, alignment: 8)
        defer { memory.deallocate() }
        let records = RecordMemory(base: memory, capacity: 1024)
        let check = RecordCheck(salt: 0x1234_5678_9ABC_DEF0)
        func expectChecked(_ bytes: UnsafeMutableRawPointer, _ byteCount: Int, at position: Int) {
            func isIntact(_ check: RecordCheck, _ position: Int) -> Bool {
                check.isIntact(bytes, at: position, room: 1024 - position % 1024)
            }
            #expect(isIntact(check, position))
            #expect(!isIntact(check, position + 1024) && !isIntact(RecordCheck(salt: check.salt ^ 1), position))
            for bit in 0..<byteCount * 8 {
                let byte = bytes.load(fromByteOffset: bit / 8, as: UInt8.self)
                bytes.storeBytes(of: byte ^ 1 << UInt8(bit % 8), toByteOffset: bit / 8, as: UInt8.self)
                if isIntact(check, position) { Issue.record("bit \(bit) of \(byteCount) bytes") }
                bytes.storeBytes(of: byte, toByteOffset: bit / 8, as: UInt8.self)
            }
        }
        for bodyBytes in Array(0...40) + [96, 129, 480] {
            let written = records.write(at: 2048, kind: 3, flags: 1, session: 9, tag: 11, bodyBytes: bodyBytes) {
                for index in 0..<bodyBytes { $0.storeBytes(of: UInt8(truncatingIfNeeded: index * 7), toByteOffset: index, as: UInt8.self) }
            }
            check.seal(record: memory, at: 2048)
            expectChecked(memory, written.count, at: 2048)
        }
        memory.storeBytes(of: RingRecord.endMarker, toByteOffset: 512, as: UInt32.self)
        check.seal(marker: memory + 512, at: 512)
        expectChecked(memory + 512, 8, at: 512)
    }

    /// Writes records of all kinds until the memory was gone round, so that a marker lies in it. Returns them and where they begin.
    private func fill(_ log: EventLog, using random: inout SeededGenerator) -> [(record: ModelRecord, start: Int)] {
        var written: [(ModelRecord, Int)] = []
        func write(_ record: ModelRecord) {
            written.append((record, log.end))
            #expect(EventLogTests.write(log, record))
        }
        var block: UInt64 = 1
        while log.end < Self.capacity * 3 / 2 {
            var opening = ModelRecord(kind: RingRecord.ToGateway.blockOpened, tag: 0, block: block, place: 0)
            opening.body = withUnsafeBytes(of: (block, block)) { Array($0) }
            var result = ModelRecord(kind: RingRecord.ToGateway.result, tag: 0, block: block, place: 1)
            result.body = ModelRecord.result(block: block, place: 1, noise: 60, using: &random)
            // Replies to queries, short ones among them.
            var reply = ModelRecord(kind: RingRecord.ToGateway.queryReply, tag: 0, block: 0, place: 0)
            reply.body = [UInt8](repeating: 1, count: Int(block % 24))
            for record in [opening, result, reply] { write(record) }
            block += 1
        }
        log.commit()
        return written
    }

    /// Whatever rots while the process is down, the next one tells nothing that was not, and nothing in another order.
    @Test func rottenBytesAreNotToldByTheNextProcess() throws {
        let seed = EventLogTests.seed
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let directory = try TestDirectory()
        let path = directory.file("events.log")
        let written = fill(try open(path), using: &random)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let all = try ModelRecord.told(by: open(path), after: open(path).oldestPosition).records
        // Replies are no part of the stream.
        #expect(all.count > 100 && all == written.map(\.record).filter { $0.kind != RingRecord.ToGateway.queryReply }.suffix(all.count))
        var (cut, begunAnew) = (0, 0)
        func rot(_ offset: Int, _ value: UInt8) throws {
            var bytes = whole
            bytes[offset] = value
            try bytes.write(to: URL(fileURLWithPath: path))
            let log = try open(path)
            let (told, isWhole) = ModelRecord.told(by: log, after: log.oldestPosition)
            if log.cutAt != nil { cut += 1 }
            if log.flaw != nil { begunAnew += 1 }
            // What is told is a stretch of what was; which one, a boundary or the end in the header may have changed.
            let first = told.first.flatMap { first in all.firstIndex { $0 == first && $0.block == first.block } } ?? 0
            let isRight = isWhole && told == Array(all[first..<min(first + told.count, all.count)])
            if !isRight { Issue.record("byte \(offset) made \(value), seed \(seed)") }
            if offset >= whole.count - Self.capacity, value != whole[offset] { #expect(told.isEmpty || first == 0) }
        }
        let records = whole.count - Self.capacity
        for start in written.suffix(60).map(\.start) {
            for offset in 0..<8 { try rot(records + (start + offset) % Self.capacity, UInt8.random(in: 0...255, using: &random)) }
        }
        for offset in Array(256..<264) + Array(384..<392) { try rot(offset, UInt8.random(in: 0...255, using: &random)) }
        for _ in 0..<1000 { try rot(Int.random(in: 256..<whole.count, using: &random), UInt8.random(in: 0...255, using: &random)) }
        #expect(cut > 500 && begunAnew > 5)
    }

    /// A page that never reached the disk, after it was read again: it is what it was a round before, or in the file's former log, or nothing.
    @Test(arguments: ["zeroes", "former round", "former log"]) func aStalePageIsNotTold(content: String) throws {
        var random = SeededGenerator(seed: 4)
        let directory = try TestDirectory()
        let path = directory.file("events.log")
        let log = try open(path)
        var blocks = 0
        func write(blocks count: Int) {
            for _ in 0..<count {
                blocks += 1
                for place in UInt32(0)..<4 { _ = EventLogTests.write(log, block: UInt64(blocks), place: place, bytes: 64, using: &random) }
            }
            log.commit()
        }
        write(blocks: 20)
        let page = Int(try FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64 ?? 0) - Self.capacity + 4096
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64(page))
        var stale = try #require(try file.read(upToCount: 4096))
        switch content {
        case "zeroes": stale = Data(count: 4096)
        case "former round": while log.end < Self.capacity * 5 / 4 + 4096 { write(blocks: 1) }
        default:
            log.beginAnew(after: StreamPosition(rawValue: 0))
            blocks = 0
            write(blocks: 20)
        }
        let (before, _) = ModelRecord.told(by: log, after: log.oldestPosition)
        let damage = Guarded<[Int]>([])
        log.onDamage = { offset in damage.withLock { $0.append(offset) } }
        try file.seek(toOffset: UInt64(page))
        try file.write(contentsOf: stale)
        let oldest = log.oldestPosition
        let (told, isWhole) = ModelRecord.told(by: log, after: oldest)
        #expect(!isWhole && told.count < before.count && Array(before.prefix(told.count)) == told)
        let at = try #require(damage.withLock { $0.first })
        #expect((4096 - 512..<8192).contains(at % Self.capacity))
        // Nothing goes over that place from now on, and what comes behind it is told.
        #expect(log.oldestPosition > oldest && ModelRecord.told(by: log, after: oldest).records.isEmpty)
        write(blocks: 2)
        let (next, isNextWhole) = ModelRecord.told(by: log, after: StreamPosition(before: UInt64(blocks)))
        #expect(isNextWhole && next.count == 4)
        #expect(damage.withLock { $0.count } == 1)
    }
}
