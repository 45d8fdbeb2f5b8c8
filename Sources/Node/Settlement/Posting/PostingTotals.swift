import BigInt

/// What a process has brought to L1 and paid for it; what a reorganisation takes back and L1 includes again counts twice.
package struct PostingTotals: Equatable, Sendable {
    package var batchesAsCalldata: UInt64 = 0
    package var batchesInBlobs: UInt64 = 0
    /// Of all transactions: batches, claims, returns of bonds, fillers, also those that failed.
    package var gas: UInt64 = 0
    package var blobGas: UInt64 = 0
    /// Wei paid for the one and the other.
    package var gasFees: BigUInt = 0
    package var blobGasFees: BigUInt = 0

    package init() {}

    package var gasFeesGwei: UInt64 { UInt64(clamping: gasFees / 1_000_000_000) }
    package var blobGasFeesGwei: UInt64 { UInt64(clamping: blobGasFees / 1_000_000_000) }

    mutating func add(_ call: PostingCall, _ receipt: Receipt) {
        let blobGasUsed = receipt.blobGasUsed ?? 0
        gas += receipt.gasUsed
        gasFees += BigUInt(receipt.gasUsed) * (receipt.effectiveGasPrice ?? 0)
        blobGas += blobGasUsed
        blobGasFees += BigUInt(blobGasUsed) * (receipt.blobGasPrice ?? 0)
        guard case .post = call, receipt.succeeded else { return }
        if blobGasUsed > 0 { batchesInBlobs += 1 } else { batchesAsCalldata += 1 }
    }
}
