import BigInt

/// How batches get to L1.
package enum BatchCarrier: String, CaseIterable, Sendable {
    /// Whichever costs less at the time.
    case price
    case calldata
    case blob

    /// What kind of transactions post batches, which go together, at what L1 asks now. Without a price of blobs, as calldata.
    ///
    /// - Parameter calldataGas: what each of them takes as calldata.
    package func kind(posting calldataGas: [UInt64], _ look: L1Look) -> TransactionKind {
        switch self {
        case .calldata: return .plain
        case .blob: return .blob
        case .price:
            guard let blobBaseFee = look.blobBaseFee else { return .plain }
            let gasPrice = (look.block.baseFeePerGas ?? 0) + look.tip
            let inBlob = BigUInt(PostingGas.estimate(posting: [], as: .blob)) * gasPrice + BigUInt(PostingGas.blob) * blobBaseFee
            return BigUInt(calldataGas.count) * inBlob < BigUInt(calldataGas.reduce(0, +)) * gasPrice ? .blob : .plain
        }
    }
}
