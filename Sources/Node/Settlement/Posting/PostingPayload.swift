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
    /// What its blob carries, of which nothing counts if the call does not say so; nil: it has none.
    package var blobContent: [UInt8]?

    package init(to: Address?, data: [UInt8], value: BigUInt, gasLimit: UInt64, blobContent: [UInt8]? = nil) {
        self.to = to
        self.data = data
        self.value = value
        self.gasLimit = gasLimit
        self.blobContent = blobContent
    }

    /// Posts a batch. The same for the same batch and kind, always: versions of a transaction may differ in their fees alone. The way back, from L1 to the
    /// bytes, is ``L1Reader/data(of:)``.
    package init(posting batch: PostableBatch, on contract: Address, as kind: TransactionKind) {
        switch kind {
        case .plain:
            let call = RollupCall.postBatch(
                number: batch.number, inboxEnd: batch.inboxEnd, firstTimeMs: batch.firstTimeMs, lastTimeMs: batch.lastTimeMs,
                data: batch.data)
            self.init(to: contract, data: call.data, value: 0, gasLimit: PostingGas.limit(ofCalldata: call.data))
        case .blob:
            let call = RollupCall.postBlob(
                number: batch.number, inboxEnd: batch.inboxEnd, firstTimeMs: batch.firstTimeMs, lastTimeMs: batch.lastTimeMs,
                size: batch.data.count)
            self.init(to: contract, data: call.data, value: 0, gasLimit: PostingGas.smallCall, blobContent: batch.data)
        }
    }
}

/// Gas of what the sequencer sends. Limits are not estimated by the node, so that a call may depend on another that still waits; they have room to
/// spare, and what is not used costs nothing.
package enum PostingGas {
    /// No transaction may have more (EIP-7825).
    package static let transactionMax: UInt64 = 1 << 24
    package static let transfer: UInt64 = 21_000
    /// Ample for a claim, the return of a bond, a batch in a blob.
    package static let smallCall: UInt64 = 300_000
    /// Of blob gas, that a blob takes.
    package static let blob: UInt64 = 131_072

    /// Input costs 4 gas for a zero byte and 16 for another beside execution, and at least 10 and 40 (EIP-7623).
    package static func limit(ofCalldata input: [UInt8]) -> UInt64 {
        used(byCalldata: input, execution: 400_000 + 4 * UInt64(input.count))
    }

    /// About what posting takes, for comparing the two ways: measured by `Tests/Contracts/test_gas.py`.
    package static func estimate(posting data: [UInt8], as kind: TransactionKind) -> UInt64 {
        switch kind {
        case .plain: used(byCalldata: data, execution: 132_000 + UInt64(data.count) * 3 / 10)
        case .blob: 112_000
        }
    }

    private static func used(byCalldata input: [UInt8], execution: UInt64) -> UInt64 {
        let zeros = UInt64(input.count { $0 == 0 })
        let others = UInt64(input.count) - zeros
        return transfer + max(4 * zeros + 16 * others + execution, 10 * zeros + 40 * others)
    }
}
