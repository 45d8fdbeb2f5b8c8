import Engine

extension Signature {
    /// Half the order of secp256k1's group, rounded down: the highest `s` that EIP-2 allows.
    private static let lowSMax: (UInt64, UInt64, UInt64, UInt64) = (
        0x7FFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF, 0x5D57_6E73_57A4_501D, 0xDFE9_2F46_681B_20A0
    )

    /// Whether `s` is in the lower half of the group order, so that nobody can turn one valid signature into another.
    package var hasLowS: Bool {
        let limbs = (s.word0.bigEndian, s.word1.bigEndian, s.word2.bigEndian, s.word3.bigEndian)
        return limbs <= Self.lowSMax
    }

    /// Neither part is zero and `s` is low. That `r` is below the group order is left to the library.
    var isWellFormed: Bool { !r.isZero && !s.isZero && hasLowS }

    /// Whether `r` is so small that `r` plus the group order is a coordinate too (chance 2^-127): then plain verification accepts
    /// signatures that ecrecover with v 27 or 28 maps to another key, and only recovery may decide.
    var needsRecovery: Bool { r.word0 == 0 && r.word1.bigEndian < 256 }
}
