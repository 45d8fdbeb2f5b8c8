import Engine
import Sequencer
import Signing

/// Command batches on their way to the executor.
extension GatewayLoop {
    /// Cheap checks first, then the signature, then what only the signer may use up: his quota.
    func receivedCommands(_ envelope: UnsafeRawBufferPointer, from connection: Connection) {
        guard let base = envelope.baseAddress else { return }
        let nonce = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: EnvelopeLayout.nonce, as: UInt64.self))
        let payload = UnsafeRawBufferPointer(rebasing: envelope[EnvelopeLayout.payload...])
        // Nothing: only cancels. They are never throttled, and refused only where there is no room at all.
        let cost = CommandCost.count(payload)
        if cost > 0, !isWithinRate(connection) { return refuseRate(nonce: nonce, connection) }
        guard hasRoom(for: envelope.count, cost: cost, connection) else { return refuseBusy(nonce: nonce, connection) }

        let signer = Address(loadingFrom: base + EnvelopeLayout.signer)
        let signature = Signature(loadingFrom: base + EnvelopeLayout.signature)
        connection.budget.spend(InputBudget.Cost.signature)
        guard verifier.isValid(signature, of: domain.commandsDigest(nonce: nonce, payload: payload), by: signer) else {
            return refuseSignature(nonce: nonce, connection)
        }
        // The executor would refuse it as well, but not say where.
        if let fault = RejectDetail.malformed(payload: payload) {
            return refuse(.malformedPayload, nonce: nonce, connection, detail: fault)
        }

        lastCommandNs = MonotonicClock.nanoseconds()
        let known = shared.accounts.quota(of: signer, known: connection.quota, at: lastCommandNs)
        connection.quota = known
        guard shared.accounts.take(cost, known.quota, at: lastCommandNs) else {
            let remaining = shared.accounts.remaining(known.quota, at: lastCommandNs)
            let detail = RejectDetail.quota(cost, remaining: remaining, limits.accountCommands)
            return refuse(.quotaExceeded, nonce: nonce, connection, quotaRemaining: remaining, detail: detail)
        }

        let tag = watched.tag(of: payload, signer: signer)
        let receiptTag = connection.wantsReceipts ? Self.receiptTag : 0
        let isWritten = toExecutor.tryWrite(
            kind: RingRecord.ToExecutor.commands, session: connection.session, tag: tag | receiptTag, bodyBytes: envelope.count
        ) { $0.copyMemory(from: base, byteCount: envelope.count) }
        guard isWritten else {
            watched.forget(tag: tag)
            return refuse(.busy, nonce: nonce, connection)
        }
        if receiptTag != 0 { connection.envelopeHashes.append(Keccak256.hash(envelope)) }
        connection.inFlightCount += 1
        awaitedCount += 1
    }

    /// The last quarter of the ring is kept for cancels.
    private func hasRoom(for byteCount: Int, cost: UInt64, _ connection: Connection) -> Bool {
        let recordBytes = 2 * RingRecord.byteCount(bodyBytes: byteCount)
        guard cost > 0 else { return !isDraining && toExecutor.hasRoom(recordBytes) }
        return !isDraining && connection.inFlightCount < limits.inFlightMax && toExecutor.hasRoom(max(recordBytes, toExecutor.capacity / 4))
    }

    private func refuse(
        _ code: RejectCode, nonce: UInt64, _ connection: Connection, quotaRemaining: UInt32 = .max, detail: String = ""
    ) {
        reject(connection, code, messageType: Wire.ToServer.commands, nonce: nonce, quotaRemaining: quotaRemaining, detail: detail)
    }

    private func refuseRate(nonce: UInt64, _ connection: Connection) {
        refuse(.tooManyFromAddress, nonce: nonce, connection, detail: RejectDetail.addressRate(limits.addressMessages))
    }

    private func refuseBusy(nonce: UInt64, _ connection: Connection) {
        let isFull = connection.inFlightCount >= limits.inFlightMax
        refuse(
            .busy, nonce: nonce, connection,
            detail: isFull ? RejectDetail.waiting("answers on this connection", allowed: limits.inFlightMax) : "")
    }

    private func refuseSignature(nonce: UInt64, _ connection: Connection) {
        connection.budget.spend(InputBudget.Cost.badSignature - InputBudget.Cost.signature)
        connection.standing.lose()
        refuse(.badSignature, nonce: nonce, connection)
        guard !shared.addresses.countBadSignature(connection.address, at: MonotonicClock.nanoseconds()) else { return }
        connection.close(code: 1008, reason: "too many signatures from this address did not fit; connect again in some seconds")
    }

    /// Commands that a signer may still send at once; what a result tells of its account is kept.
    func quotaRemaining(of signer: Address, account: UInt32, _ connection: Connection) -> UInt32 {
        let nowNs = MonotonicClock.nanoseconds()
        let known = shared.accounts.quota(of: signer, known: connection.quota, at: nowNs)
        if known.account == 0, account != 0 { shared.accounts.bind(signer, to: account) }
        return shared.accounts.remaining(known.quota, at: nowNs)
    }
}
