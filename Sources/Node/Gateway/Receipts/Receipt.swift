import Engine

/// What the sequencer vouches for: that the command batch with this hash stands at this position of this block.
package struct Receipt: Hashable, Sendable {
    package var block: UInt64
    /// Position in the block, from 0.
    package var position: UInt32
    /// keccak256 of the whole envelope (`EnvelopeLayout`): what the block's commands root chains.
    package var commands: Hash256

    package init(block: UInt64, position: UInt32, commands: Hash256) {
        self.block = block
        self.position = position
        self.commands = commands
    }

    private static let typeHash = Keccak256.hash("Receipt(uint64 block,uint32 position,bytes32 commands)")

    /// EIP-712 hashStruct: the receipt's leaf in the tree of its group.
    package var leaf: Hash256 {
        var hash = Keccak256()
        hash.update(Self.typeHash)
        hash.update(Hash256(integer: block))
        hash.update(Hash256(integer: UInt64(position)))
        hash.update(commands)
        return hash.finish()
    }
}

extension SigningDomain {
    private static let receiptsTypeHash = Keccak256.hash("Receipts(bytes32 root)")

    /// What the sequencer signs for a group of receipts: `Receipts(bytes32 root)`.
    package func receiptsDigest(root: Hash256) -> Hash256 {
        digest(structHash: Keccak256.hashPair(Self.receiptsTypeHash, root))
    }
}
