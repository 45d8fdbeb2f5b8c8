import Engine

/// A block whose header is signed and stored.
package struct SealedHead: Equatable, Sendable, BitwiseCopyable {
    /// 0 before the first block.
    package var number: UInt64
    package var timeMs: UInt64
    package var stateRoot: Hash256
    /// EIP-712 hash of the header; the next header's parent hash.
    package var hash: Hash256

    package init(number: UInt64 = 0, timeMs: UInt64 = 0, stateRoot: Hash256 = .zero, hash: Hash256 = .zero) {
        self.number = number
        self.timeMs = timeMs
        self.stateRoot = stateRoot
        self.hash = hash
    }
}
