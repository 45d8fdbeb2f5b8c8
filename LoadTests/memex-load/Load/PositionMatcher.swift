/// Brings together what came on different connections about the same batch: when it was due, and when market data told of it.
///
/// Direct-mapped tables of the last 65,536 or so of either kind; what finds no partner there is forgotten.
struct PositionMatcher {
    private struct Entry {
        var position: UInt64 = .max
        var timeNs: UInt64 = 0
    }

    private static let size = 1 << 16
    private var due = [Entry](repeating: Entry(), count: size)
    private var arrived = [Entry](repeating: Entry(), count: size)

    private static func slot(_ position: UInt64) -> Int { Int(truncatingIfNeeded: (position &* 0x9E37_79B9_7F4A_7C15) >> 48) & (size - 1) }

    /// The batch at `position` was due at `dueNs`. Returns when market data told of it, if it has.
    mutating func acked(_ position: UInt64, dueNs: UInt64) -> UInt64? {
        let slot = Self.slot(position)
        due[slot] = Entry(position: position, timeNs: dueNs)
        guard arrived[slot].position == position else { return nil }
        return arrived[slot].timeNs
    }

    /// Market data told at `timeNs` of the batch at `position`, for the first time. Returns when it was due, if that is known.
    mutating func told(_ position: UInt64, timeNs: UInt64) -> UInt64? {
        let slot = Self.slot(position)
        // A second message about the same batch says nothing new.
        guard arrived[slot].position != position else { return nil }
        arrived[slot] = Entry(position: position, timeNs: timeNs)
        guard due[slot].position == position else { return nil }
        return due[slot].timeNs
    }
}
