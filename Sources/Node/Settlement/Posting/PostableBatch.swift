import Engine

/// A batch that waits to be posted, with the state that is claimed after it.
package struct PostableBatch: Equatable, Sendable {
    /// From 0, without gaps.
    package var number: UInt64
    /// Inbox messages consumed up to its end.
    package var inboxEnd: UInt64
    /// Times of its first and last block, in milliseconds since 1970.
    package var firstTimeMs: UInt64
    package var lastTimeMs: UInt64
    /// The encoded batch, 1 to 126976 bytes.
    package var data: [UInt8]
    /// State root after it.
    package var stateRoot: Hash256
    /// The inbox accumulator over the first `inboxEnd` messages as they were executed; nil if it was not kept: then L1's is believed.
    package var inboxAccumulator: Hash256?

    package init(
        number: UInt64, inboxEnd: UInt64, firstTimeMs: UInt64, lastTimeMs: UInt64, data: [UInt8], stateRoot: Hash256,
        inboxAccumulator: Hash256? = nil
    ) {
        self.number = number
        self.inboxEnd = inboxEnd
        self.firstTimeMs = firstTimeMs
        self.lastTimeMs = lastTimeMs
        self.data = data
        self.stateRoot = stateRoot
        self.inboxAccumulator = inboxAccumulator
    }

    /// What the contract's chain of batch hashes says once this batch follows the one with the hash `previous` (zero: none).
    /// `blob`: the versioned hash of the blob that carries it; nil: it was posted as calldata.
    func hash(after previous: Hash256, inboxAccumulator: Hash256, blob: Hash256?) -> Hash256 {
        keccak256(
            ABI.encode([
                .bytes32(previous), .uint(number), .uint(inboxEnd), .bytes32(inboxAccumulator), .uint(firstTimeMs), .uint(lastTimeMs),
                .bytes32(blob ?? keccak256(data)), .uint(blob == nil ? 0 : UInt64(data.count)),
            ]))
    }
}

/// The sequencer's batches, and what the poster must not forget.
package protocol BatchStore: Sendable {
    /// The batch with this number, or nil if it is not complete yet. Throws if it is no longer kept.
    func postableBatch(_ number: UInt64) async throws -> PostableBatch?

    /// Notes how far a batch has come, for people who look at the store; what is posted next, L1 and the slots decide.
    func note(_ milestone: BatchMilestone, batch number: UInt64, transaction: Hash256) async throws

    /// The slots as they were recorded.
    func postingSlots() async throws -> [PostingSlot]

    /// Keeps these slots, in the place of what was kept for their nonces, so that they survive kill -9 once this returns.
    func record(_ slots: [PostingSlot]) async throws

    /// Forgets the slots below this nonce.
    func forgetSlots(below nonce: UInt64) async throws
}

/// How far a batch has come on L1.
package enum BatchMilestone: Equatable, Sendable {
    case posted
    case claimed
    /// The claim is final and its bond is back.
    case bondReclaimed
}
