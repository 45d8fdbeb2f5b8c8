import BigInt

/// How batches get to L1.
package enum BatchCarrier: String, CaseIterable, Sendable {
    /// Whichever costs less at the time.
    case price
    case calldata
    case blob

    /// What kind of transactions post `batches`, which go together, at what L1 asks now. Without a price of blobs, as calldata.
    package func kind(posting batches: [PostableBatch], _ look: L1Look) -> TransactionKind {
        switch self {
        case .calldata: return .plain
        case .blob: return .blob
        case .price:
            guard let blobBaseFee = look.blobBaseFee else { return .plain }
            let gasPrice = (look.block.baseFeePerGas ?? 0) + look.tip
            func cost(_ kind: TransactionKind) -> BigUInt {
                batches.reduce(0) { sum, batch in
                    sum + BigUInt(PostingGas.estimate(posting: batch.data, as: kind)) * gasPrice
                        + (kind == .blob ? BigUInt(PostingGas.blob) * blobBaseFee : 0)
                }
            }
            return cost(.blob) < cost(.plain) ? .blob : .plain
        }
    }
}
