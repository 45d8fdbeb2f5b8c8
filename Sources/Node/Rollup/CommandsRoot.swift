import Engine

/// The running commitment to the envelopes of one block: c_0 = 0, c_(i+1) = keccak256(c_i || keccak256(envelope_i)).
package struct CommandsRoot: Equatable, Sendable {
    package private(set) var value = Hash256.zero

    package init() {}

    /// Adds the next envelope (``Envelope``) of the block.
    package mutating func append(_ envelope: UnsafeRawBufferPointer) {
        value = Keccak256.hashPair(value, Keccak256.hash(envelope))
    }
}
