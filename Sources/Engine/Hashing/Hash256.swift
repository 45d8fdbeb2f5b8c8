/// A 32-byte hash or ABI word, stored in the order in which its bytes are written.
package struct Hash256: Equatable, Hashable, Sendable, BitwiseCopyable {
    package var word0: UInt64 = 0
    package var word1: UInt64 = 0
    package var word2: UInt64 = 0
    package var word3: UInt64 = 0

    /// Thirty-two zero bytes.
    package static let zero = Hash256()

    package init() {}

    /// Reads 32 bytes at `bytes`, which need not be aligned.
    package init(loadingFrom bytes: UnsafeRawPointer) {
        self = bytes.loadUnaligned(as: Hash256.self)
    }

    package var isZero: Bool { word0 | word1 | word2 | word3 == 0 }
}
