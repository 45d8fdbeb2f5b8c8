import Proof

/// Where in the log the result of an envelope lies, by ``EnvelopeKey``: so that who sends one again, having missed the answer, gets the same answer.
///
/// Direct-mapped: a newer envelope takes the place of an older one with the same low bits. What it says is checked against the record itself.
final class AnswerTable {
    /// 8 MiB. At a million places a batch sent again within a second of full load is mostly still known.
    private static let placeCount = 1 << 20

    /// 1 + log offset, 0 if there is none.
    private let places: UnsafeMutablePointer<Int>
    private let memory: ReservedMemory

    init() throws(ReservationFailed) {
        memory = try ReservedMemory(byteCount: Self.placeCount * 8)
        places = memory.base.bindMemory(to: Int.self, capacity: Self.placeCount)
    }

    func remember(_ key: UInt64, at offset: Int) { places[Self.place(of: key)] = offset + 1 }

    /// 1 + log offset of the result of the envelope with this key, 0 if that is not known or no longer kept. On the log's writer.
    func answer(to key: UInt64, in log: EventLog) -> UInt64 {
        let place = places[Self.place(of: key)]
        guard place > 0 else { return 0 }
        var isSame = false
        let isKept = log.withRecord(at: place - 1) { record in
            isSame =
                record.kind == RingRecord.ToGateway.result && record.body.count >= ResultLayout.events
                && record.body.load(fromByteOffset: ResultLayout.envelopeKey, as: UInt64.self) == key
        }
        return isKept && isSame ? UInt64(place) : 0
    }

    func removeAll() { places.update(repeating: 0, count: Self.placeCount) }

    private static func place(of key: UInt64) -> Int { Int(truncatingIfNeeded: key) & (placeCount - 1) }
}
