/// SplitMix64: small, seedable, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// Below `bound`, roughly even.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// Mostly small, sometimes of any size or at an edge.
    mutating func integer() -> UInt64 {
        switch below(8) {
        case 0: next()
        case 1: [0, 1, UInt64.max, UInt64.max - 1, 1 << 63, 0x7F, 0x80, 0xFFFF_FFFF, 1 << 32][below(9)]
        default: next() >> UInt64(40 + below(24))
        }
    }
}
