import Engine

/// Bringing a call to the node.
extension Poster {
    /// Writes a version of the slot, then sends it; raises its fees until the node takes it. False: the node does not take it yet.
    func send(_ slot: PostingSlot, _ look: L1Look) async throws -> Bool {
        var payload = try await payload(of: slot.call, as: slot.kind, look)
        var slot = slot
        var hasChangedKind = false
        while true {
            let transaction = try await chain.sign(payload, for: slot)
            guard let noted = machine?.noteVersion(transaction.hash, nonce: slot.nonce) else { return false }
            try await store.record([noted])
            do {
                try await chain.send(transaction)
            } catch {
                switch error.sendRefusal {
                case .alreadyKnown: break
                // The next look tells which transaction it was.
                case .nonceUsed: return false
                case .gap: return false
                case .otherKindWaits:
                    guard !hasChangedKind, let changed = try await changeKind(of: slot, look) else {
                        logger.debug(
                            "the other kind waits in the node's pool", metadata: ["call": "\(slot.call)", "nonce": "\(slot.nonce)"])
                        return false
                    }
                    (slot, payload) = changed
                    hasChangedKind = true
                    continue
                case .underpriced:
                    guard let raised = machine?.raise(nonce: slot.nonce, look) else {
                        throw PosterError.feesAtCeiling(slot.call, ceiling: rules.machine.fees.maxFeePerGasCeiling)
                    }
                    slot = raised
                    continue
                default: throw error
                }
            }
            machine?.noteSent(nonce: slot.nonce, nowSeconds: clock())
            logger.debug(
                "sent",
                metadata: [
                    "call": "\(slot.call)", "kind": "\(slot.kind)", "nonce": "\(slot.nonce)", "capWei": "\(slot.fees.cap)",
                    "hash": "\(transaction.hash)",
                ])
            return true
        }
    }

    /// The slot as the other kind, if the machine thinks that it is time for that.
    private func changeKind(of slot: PostingSlot, _ look: L1Look) async throws -> (PostingSlot, PostingPayload)? {
        let payloads: [TransactionKind: PostingPayload] = [
            .plain: try await payload(of: slot.call, as: .plain, look), .blob: try await payload(of: slot.call, as: .blob, look),
        ]
        let changed = machine?.changeKind(nonce: slot.nonce, look, nowSeconds: clock()) { payloads[$0]?.gasLimit ?? PostingGas.smallCall }
        return changed.flatMap { changed in payloads[changed.kind].map { (changed, $0) } }
    }

    func payload(of call: PostingCall, as kind: TransactionKind, _ look: L1Look) async throws -> PostingPayload {
        let needed: PostableBatch? =
            switch call {
            case .post(let number), .claim(let number): try await batch(number)
            case .reclaim, .nothing: nil
            }
        return chain.payload(of: call, batch: needed, bond: look.parameters.claimBond, as: kind)
    }

    /// A batch that is to be on L1, or is.
    func batch(_ number: UInt64) async throws -> PostableBatch {
        guard let batch = try await store.postableBatch(number) else { throw PosterError.batchNotKept(number: number) }
        return batch
    }
}
