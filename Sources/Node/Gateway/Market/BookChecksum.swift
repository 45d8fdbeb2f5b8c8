import Engine

/// The checksum of a book's levels, by which a client sees that its copy is right: the sum, modulo 2^64, of ``mix(_:)`` over all levels at
/// which orders rest. The protocol page has it in Python.
///
/// A sum depends on no order and follows each change by two operations; the mixing is that of SplitMix64, so that errors do not cancel out.
package enum BookChecksum {
    /// What a level adds to the sum; 0 for one that is gone.
    @inline(__always)
    package static func mix(_ level: BookLevel) -> UInt64 {
        guard level.lots > 0 else { return 0 }
        let key = UInt64(level.priceCode) | UInt64(level.side.rawValue) << 32
        var mixed = key &* 0x9E37_79B9_7F4A_7C15 &+ level.lots
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// The checksum of a whole book.
    package static func of(_ levels: some Sequence<BookLevel>) -> UInt64 { levels.reduce(0) { $0 &+ mix($1) } }
}
