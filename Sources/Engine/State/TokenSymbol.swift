/// What a token is called: 1 to 16 printable ASCII characters, in the order in which they are written, zero padded.
package struct TokenSymbol: Equatable, Sendable, BitwiseCopyable {
    package var word0: UInt64
    package var word1: UInt64

    /// Any 16 bytes; see ``isValid``.
    package init(word0: UInt64, word1: UInt64) {
        self.word0 = word0
        self.word1 = word1
    }

    /// Reads 16 bytes at `bytes`, which need not be aligned.
    package init(loadingFrom bytes: UnsafeRawPointer) { self = bytes.loadUnaligned(as: TokenSymbol.self) }

    /// Whether it is a symbol: 0x21 to 0x7e, at least one, then zeros. The rule of `Listings.vy` for tokens listed from L1.
    package var isValid: Bool {
        var hasEnded = false
        for index in 0..<16 {
            let word = index < 8 ? word0 : word1
            let character = UInt8(truncatingIfNeeded: word >> UInt64(8 * (index & 7)))
            if character == 0 {
                hasEnded = true
            } else if hasEnded || character < 0x21 || character > 0x7E {
                return false
            }
        }
        return word0 & 0xFF != 0
    }
}
