import BigInt
import Engine

/// What L1 says at one block, all of it about the same state: every read names the block by its hash.
package struct L1Look: Equatable, Sendable {
    package var block: L1Block
    /// Of the sequencer's account: the nonce of its next transaction, by this block and by the node's pool.
    package var nonce: UInt64
    package var pendingNonce: UInt64
    /// Wei a unit of gas that producers usually get.
    package var tip: BigUInt
    /// Wei a unit of blob gas; nil: no blobs are to be posted, or L1 takes none.
    package var blobBaseFee: BigUInt?
    package var progress: RollupProgress
    /// The same some blocks earlier, where a reorganisation is not expected to reach.
    package var settled: RollupProgress
    package var parameters: RollupParameters

    package init(
        block: L1Block, nonce: UInt64, pendingNonce: UInt64, tip: BigUInt, blobBaseFee: BigUInt? = nil, progress: RollupProgress,
        settled: RollupProgress,
        parameters: RollupParameters
    ) {
        self.block = block
        self.nonce = nonce
        self.pendingNonce = pendingNonce
        self.tip = tip
        self.blobBaseFee = blobBaseFee
        self.progress = progress
        self.settled = settled
        self.parameters = parameters
    }
}
