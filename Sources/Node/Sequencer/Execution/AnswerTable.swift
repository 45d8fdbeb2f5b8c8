import Proof

/// Where in the log the result of an envelope lies, by ``EnvelopeKey``: so that who sends one again, having missed the answer, gets the same answer.
///
/// In sets of four, of which a newer envelope takes the place of the oldest. What it says is checked against the record itself.
final class AnswerTable {
    /// 8 MiB. At a million places a batch sent again within a second of full load is still known, but for a chance in millions.
    private static let placeCount = 1 << 20
    private static let ways = 4

    /// 1 + log offset, 0 if there is none.
    private let places: UnsafeMutablePointer<Int>
    private let memory: ReservedMemory

    init() throws(ReservationFailed) {
        memory = try ReservedMemory(byteCount: Self.placeCount * 8)
        memory.preferHugePages(0..<memory.byteCount)
        places = memory.base.bindMemory(to: Int.self, capacity: Self.placeCount)
    }

    /// Has the kernel put memory behind all of it now: otherwise almost every batch of the first thousands waits for a page.
    func populate() { memory.populate(0..<memory.byteCount) }

    func remember(_ key: UInt64, at offset: Int) {
        let set = set(of: key)
        var oldest = 0
        for way in 1..<Self.ways where set[way] < set[oldest] { oldest = way }
        set[oldest] = offset + 1
    }

    /// 1 + log offset of the result of the envelope with this key, 0 if that is not known or no longer kept. On the log's writer.
    func answer(to key: UInt64, in log: EventLog) -> UInt64 {
        let set = set(of: key)
        for way in 0..<Self.ways where set[way] > 0 && isAnswer(at: set[way] - 1, to: key, in: log) { return UInt64(set[way]) }
        return 0
    }

    private func isAnswer(at offset: Int, to key: UInt64, in log: EventLog) -> Bool {
        var isSame = false
        let isKept = log.withRecord(at: offset) { record in
            isSame =
                record.kind == RingRecord.ToGateway.result && record.body.count >= ResultLayout.events
                && record.body.load(fromByteOffset: ResultLayout.envelopeKey, as: UInt64.self) == key
        }
        return isKept && isSame
    }

    func removeAll() { places.update(repeating: 0, count: Self.placeCount) }

    private func set(of key: UInt64) -> UnsafeMutablePointer<Int> {
        places + (Int(truncatingIfNeeded: key) & (Self.placeCount / Self.ways - 1)) * Self.ways
    }
}
