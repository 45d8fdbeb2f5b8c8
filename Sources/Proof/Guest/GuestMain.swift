/// The guest: re-executes one posted batch on the state in the arena, by the rules that ``Derivation`` states.
///
/// Halts with 0 when the batch was applied and with 1 when it means nothing: then the arena is as it was.

/// What `Start.S` calls; its result is the machine's exit code.
@c(memex_apply_batch)
public func memexApplyBatch() -> Int32 {
    let input = GuestInput(MachineMemory.input)
    var exchange = Exchange(guestArena: MachineMemory.arena)
    do throws(BatchError) {
        guard try isApplicable(input, to: exchange.header) else { return 1 }
    } catch {
        return 1
    }
    do throws(BatchError) {
        try apply(input, to: &exchange)
    } catch {
        fatalError("a batch that had been checked did not decode")
    }
    return 0
}

/// Whether the whole batch decodes and agrees with the state and with what it was posted with.
private func isApplicable(_ input: GuestInput, to state: StateHeader) throws(BatchError) -> Bool {
    let last = try BatchReader.validate(input.batch, workspace: MachineMemory.batchWorkspace, scratch: MachineMemory.envelope)
    var reader = try BatchReader(input.batch, workspace: MachineMemory.batchWorkspace)
    guard let first = try reader.nextBlock(), reader.firstBlock == state.blockNumber &+ 1 else { return false }
    guard first.timeMs >= state.blockTimeMs, first.timeMs == input.firstTimeMs, last.timeMs == input.lastTimeMs else { return false }
    let (end, overflow) = state.inboxCursor.addingReportingOverflow(reader.messageCount)
    return !overflow && end == input.inboxEnd && reader.messageCount == input.messageCount
}

private func apply(_ input: GuestInput, to exchange: inout Exchange) throws(BatchError) {
    var reader = try BatchReader(input.batch, workspace: MachineMemory.batchWorkspace)
    var message: UInt64 = 0
    while let block = try reader.nextBlock() {
        exchange.beginBlock(number: block.number, timeMs: block.timeMs)
        for _ in 0..<block.messageCount {
            exchange.consume(input.message(message))
            message += 1
        }
        for _ in 0..<block.envelopeCount {
            let envelope = try reader.nextEnvelope(into: MachineMemory.envelope)
            if envelope.isUnsigned {
                _ = exchange.disconnect(signer: envelope.signer)
                continue
            }
            guard hasGoodSignature(envelope, input.domain) else { continue }
            _ = exchange.execute(signer: envelope.signer, nonce: envelope.nonce, payload: envelope.payload)
        }
    }
}

/// The machine answers; on L1 that one step calls ecrecover. Nothing here can accept what the machine has not found good.
private func hasGoodSignature(_ envelope: Envelope, _ domain: SigningDomain) -> Bool {
    let digest = domain.commandsDigest(nonce: envelope.nonce, payload: envelope.payload)
    let signer = envelope.signer
    return withUnsafeBytes(of: digest) { digest in
        withUnsafeBytes(of: signer) { signer in
            machine_signature_is_good(digest.baseAddress, envelope.signature, signer.baseAddress) == 1
        }
    }
}
