import BigInt

/// What would be sent.
extension Poster {
    package struct Preview: Equatable, Sendable {
        package struct Call: Equatable, Sendable {
            package var call: PostingCall
            package var kind: TransactionKind
            /// Of the transaction's input, and of what its blob carries.
            package var bytes: Int
            package var gasLimit: UInt64

            package init(call: PostingCall, kind: TransactionKind = .plain, bytes: Int, gasLimit: UInt64) {
                self.call = call
                self.kind = kind
                self.bytes = bytes
                self.gasLimit = gasLimit
            }
        }

        package var calls: [Call] = []
        /// Transactions sent before that wait for inclusion.
        package var inFlight = 0
        /// Why nothing can follow the calls; nil: nothing has to.
        package var refusal: String?
        /// Wei a unit of gas: what L1 asks, and what would be offered.
        package var baseFee: BigUInt
        package var fees: Fees
        /// Wei a unit of blob gas; nil: no blobs.
        package var blobBaseFee: BigUInt?

        package init(baseFee: BigUInt, fees: Fees, blobBaseFee: BigUInt? = nil) {
            self.baseFee = baseFee
            self.blobBaseFee = blobBaseFee
            self.fees = fees
        }
    }

    /// All that has to be sent until L1 has everything that the store holds. Sends and writes nothing.
    package func preview() async throws -> Preview {
        let look = try await chain.look(after: nil, settledBlocks: rules.settledBlocks)
        let baseFee = look.block.baseFeePerGas ?? 0
        var preview = Preview(
            baseFee: baseFee, fees: rules.machine.fees.suggestion(baseFee: baseFee, tip: look.tip), blobBaseFee: look.blobBaseFee)
        guard look.progress.haltedAt == nil else {
            preview.refusal = "the rollup is halted"
            return preview
        }
        try await checkOurs(look)
        var machine = PostingMachine(slots: try await store.postingSlots(), rules: rules.machine)
        let outlook = machine.look(look, nowSeconds: 0)
        preview.inFlight = outlook.inFlight
        func add(_ call: PostingCall, _ batch: PostableBatch, as kind: TransactionKind) {
            let payload = chain.payload(of: call, batch: batch, bond: look.parameters.claimBond, as: kind)
            let bytes = payload.data.count + (payload.blobContent?.count ?? 0)
            preview.calls.append(Preview.Call(call: call, kind: kind, bytes: bytes, gasLimit: payload.gasLimit))
        }
        do {
            var next = outlook.nextPost
            while let batch = try await store.postableBatch(next), try await isPostable(batch, look) {
                add(.post(next), batch, as: rules.carrier.kind(posting: [PostingGas.estimate(posting: batch.data, as: .plain)], look))
                next += 1
            }
            for number in outlook.nextClaim..<max(outlook.nextClaim, next) {
                add(.claim(number), try await batch(number), as: .plain)
            }
        } catch let error as PosterError {
            preview.refusal = error.description
        }
        return preview
    }
}
