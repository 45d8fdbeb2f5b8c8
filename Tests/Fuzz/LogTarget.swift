import Synchronization

@testable import Engine
@testable import Sequencer

/// The file of a log of events. An even first byte: of a log as it was written, the bytes that the input names change; what is then told was written, in
/// that order. An odd one: the input is the records, with checks that are right, so that what lies behind the checks is reached.
enum LogTarget {
    private static let capacity = 4096

    static func fuzz(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        let input = UnsafeRawBufferPointer(rebasing: bytes[1...])
        do {
            let file = try EventLogFile(
                path: nil, capacity: capacity, deployment: DeploymentIdentity(chainId: 1, rollup: .zero, genesis: .zero))
            file.reset(startPosition: StreamPosition(rawValue: 0))
            if first & 1 == 0 {
                let written = write(file)
                change(file, input)
                let told = try read(file)
                let start = told.first.flatMap { written.firstIndex(of: $0) } ?? 0
                require(written[start...].prefix(told.count).elementsEqual(told), "\(told.count) records of which some were not written")
            } else {
                fill(file, input)
                _ = try read(file)
            }
        } catch {
            fatalError("\(error)")
        }
    }

    /// One and a half times round the memory. Returns the tags of all results.
    private static func write(_ file: borrowing EventLogFile) -> [UInt64] {
        let records = RecordMemory(base: file.records, capacity: capacity)
        let check = RecordCheck(salt: file.salt)
        var tags: [UInt64] = []
        var end = 0
        var lastSegment = -1
        while end < capacity * 3 / 2 {
            let number = UInt64(tags.count)
            let isOpening = number % 5 == 0
            let kind = isOpening ? RingRecord.ToGateway.blockOpened : RingRecord.ToGateway.result
            let bodyBytes = isOpening ? 16 : ResultLayout.events + Int(number * 13 % 90)
            let written = records.write(at: end, kind: kind, flags: 0, session: 1, tag: number, bodyBytes: bodyBytes) { body in
                body.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: number), count: bodyBytes)
                body.storeBytes(of: number / 5 + 1, toByteOffset: isOpening ? 0 : ResultLayout.block, as: UInt64.self)
                if !isOpening { body.storeBytes(of: UInt32(number % 5) - 1, toByteOffset: ResultLayout.position, as: UInt32.self) }
            }
            if written.lowerBound != end { check.seal(marker: file.records + end % capacity, at: end) }
            check.seal(record: file.records + written.lowerBound % capacity, at: written.lowerBound)
            let segment = written.lowerBound / 64
            if segment != lastSegment { file.boundaries[segment % file.segmentCount] = written.lowerBound }
            lastSegment = segment
            end = written.upperBound
            tags.append(number)
        }
        publish(file, end: end)
        return tags
    }

    private static func publish(_ file: borrowing EventLogFile, end: Int) {
        file.published.pointee.store(end, ordering: .relaxed)
        file.announced.pointee.store((end + 63) & ~63, ordering: .relaxed)
    }

    /// Offset u16, value u8, again and again.
    private static func change(_ file: borrowing EventLogFile, _ input: UnsafeRawBufferPointer) {
        for edit in stride(from: 0, to: input.count - 2, by: 3) {
            let offset = Int(input.loadUnaligned(fromByteOffset: edit, as: UInt16.self)) % capacity
            file.records.storeBytes(of: input[edit + 2], toByteOffset: offset, as: UInt8.self)
        }
    }

    private static func fill(_ file: borrowing EventLogFile, _ input: UnsafeRawBufferPointer) {
        let count = min(input.count, capacity) & ~7
        file.records.copyMemory(from: UnsafeRawPointer(input.baseAddress ?? UnsafeRawPointer(file.records)), byteCount: count)
        let check = RecordCheck(salt: file.salt)
        var end = 0
        while RingRecord.isWhole(at: file.records + end, room: count - end) {
            check.seal(record: file.records + end, at: end)
            end += Int((file.records + end).load(as: UInt32.self))
        }
        publish(file, end: end)
    }

    /// The tags of all that the next process tells.
    private static func read(_ file: consuming EventLogFile) throws -> [UInt64] {
        let log = try EventLog(file)
        let history = log.makeHistory()
        guard var cursor = history.cursor(after: log.oldestPosition) else { return [] }
        var tags: [UInt64] = []
        while true {
            let step = history.read(&cursor, until: log.end) { record, _ in
                tags.append(record.tag)
                return true
            }
            require(step != .gone, "what the start found whole is not")
            if step == .done { return tags }
        }
    }
}
