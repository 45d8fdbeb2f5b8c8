import BigInt
import Engine

/// What a transaction carries, without its nonce and fees.
package struct PostingPayload: Equatable, Sendable {
    /// Nil: the sequencer's own account.
    package var to: Address?
    package var data: [UInt8]
    /// Wei sent along.
    package var value: BigUInt
    package var gasLimit: UInt64

    package init(to: Address?, data: [UInt8], value: BigUInt, gasLimit: UInt64) {
        self.to = to
        self.data = data
        self.value = value
        self.gasLimit = gasLimit
    }
}

/// How a batch's bytes become a transaction: the one place that another way of carrying them (EIP-4844 blobs) has to fill. The way back, from
/// the transaction to the bytes, is ``L1Reader/data(of:)``.
package protocol BatchCarrier: Sendable {
    /// The same for the same batch, always: versions of a transaction may differ in their fees alone.
    func payload(posting batch: PostableBatch, on contract: Address) -> PostingPayload
}

/// Carries a batch in the input of a call of `post_batch`.
package struct CalldataCarrier: BatchCarrier {
    package init() {}

    package func payload(posting batch: PostableBatch, on contract: Address) -> PostingPayload {
        let call = RollupCall.postBatch(
            number: batch.number, inboxEnd: batch.inboxEnd, firstTimeMs: batch.firstTimeMs, lastTimeMs: batch.lastTimeMs, data: batch.data)
        return PostingPayload(to: contract, data: call.data, value: 0, gasLimit: Self.gasLimit(input: call.data))
    }

    /// Gas that a call with this input needs, with room to spare; what is not used costs nothing. Not estimated by the node, so that a call may
    /// depend on another that still waits. Input costs 4 gas for a zero byte and 16 for another beside execution, and at least 10 and 40
    /// (EIP-7623).
    package static func gasLimit(input: [UInt8]) -> UInt64 {
        let zeros = UInt64(input.count { $0 == 0 })
        let others = UInt64(input.count) - zeros
        let execution: UInt64 = 400_000 + 4 * UInt64(input.count)
        return 21_000 + max(4 * zeros + 16 * others + execution, 10 * zeros + 40 * others)
    }
}
