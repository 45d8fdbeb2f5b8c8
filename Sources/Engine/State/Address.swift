/// A 20-byte Ethereum address, stored in the order in which its bytes are written.
///
/// The all-zero address names no one; as a token's L1 address it stands for ETH.
package struct Address: Equatable, Hashable, Sendable, BitwiseCopyable {
    package var word0: UInt32 = 0
    package var word1: UInt32 = 0
    package var word2: UInt32 = 0
    package var word3: UInt32 = 0
    package var word4: UInt32 = 0

    /// The all-zero address.
    package static let zero = Address()

    /// 0x000000000000000000000000000000000000dEaD, which nobody has the key of: what goes there is burnt.
    package static var burn: Address {
        var address = Address()
        address.word4 = UInt32(0x0000_DEAD).byteSwapped
        return address
    }

    package init() {}

    /// Reads 20 bytes at `bytes`, which need not be aligned.
    package init(loadingFrom bytes: UnsafeRawPointer) {
        self = bytes.loadUnaligned(as: Address.self)
    }

    /// The byte at `index`, 0...19.
    package subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < 20)
        return withUnsafeBytes(of: self) { $0[index] }
    }

    @inline(__always)
    package static func == (left: Address, right: Address) -> Bool {
        (left.word0 ^ right.word0) | (left.word1 ^ right.word1) | (left.word2 ^ right.word2) | (left.word3 ^ right.word3)
            | (left.word4 ^ right.word4) == 0
    }

    package var isZero: Bool { word0 | word1 | word2 | word3 | word4 == 0 }
}
