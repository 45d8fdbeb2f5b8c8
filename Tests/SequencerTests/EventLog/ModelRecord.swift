import SeededRandom

@testable import Sequencer

/// What a record should be.
struct ModelRecord: Equatable {
    var kind: UInt8
    var tag: UInt64
    var block: UInt64 = 0
    var place: UInt32 = 0
    var body: [UInt8] = []

    var position: StreamPosition { StreamPosition(rawValue: block << 32 | UInt64(place)) }

    init(kind: UInt8, tag: UInt64, block: UInt64, place: UInt32) {
        self.kind = kind
        self.tag = tag
        self.block = block
        self.place = place
    }

    init(_ record: RingRecord) {
        kind = record.kind
        tag = record.tag
        body = Array(record.body)
    }

    static func == (left: Self, right: Self) -> Bool { left.kind == right.kind && left.tag == right.tag && left.body == right.body }

    /// What the opening of `block` caused: random bytes.
    static func events(block: UInt64, noise: Int, using random: inout SeededGenerator) -> ModelRecord {
        var record = ModelRecord(kind: RingRecord.ToGateway.events, tag: random.next(), block: block, place: 0)
        record.body = (0..<noise).map { _ in UInt8.random(in: 0...255, using: &random) }
        return record
    }

    /// The body of an admitted result at `place`, from 1, followed by random bytes.
    static func result(block: UInt64, place: UInt32, noise: Int, using random: inout SeededGenerator) -> [UInt8] {
        var body = [UInt8](repeating: 0, count: ResultLayout.events)
        body.withUnsafeMutableBytes {
            $0.storeBytes(of: block, toByteOffset: ResultLayout.block, as: UInt64.self)
            $0.storeBytes(of: place - 1, toByteOffset: ResultLayout.position, as: UInt32.self)
            $0.storeBytes(of: random.next(), toByteOffset: ResultLayout.envelopeKey, as: UInt64.self)
        }
        return body + (0..<noise).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// What the log tells of all behind a position, and whether it tells everything: it may break off where something is not as it was written.
    static func told(by log: EventLog, after position: StreamPosition) -> (records: [ModelRecord], isWhole: Bool) {
        let history = log.makeHistory()
        guard var cursor = history.cursor(after: position) else { return ([], true) }
        var records: [ModelRecord] = []
        while true {
            let step = history.read(&cursor, until: log.end) { record, position in
                var model = ModelRecord(record)
                model.block = position?.block ?? 0
                model.place = UInt32(truncatingIfNeeded: position?.rawValue ?? 0)
                records.append(model)
                return true
            }
            if step != .more { return (records, step == .done) }
        }
    }
}
