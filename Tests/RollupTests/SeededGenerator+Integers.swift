import SeededRandom

extension SeededGenerator {
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
