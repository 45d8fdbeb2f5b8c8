import Engine
import Sequencer

/// Records from the executor, turned into messages.
extension GatewayLoop {
    /// Handles a bounded number of records.
    func drainExecutor() {
        var count = 0
        while count < limits.recordsPerTurnMax {
            guard fromExecutor.read({ handle($0) }) else { break }
            count += 1
        }
        // An executor that waits for room must not wait for its timeout.
        if count == limits.recordsPerTurnMax { wakeExecutor() }
        askForAccounts()
    }

    private func handle(_ record: RingRecord) {
        switch record.kind {
        case RingRecord.ToGateway.result: handleResult(record)
        case RingRecord.ToGateway.queryReply: handleQueryReply(record)
        case RingRecord.ToGateway.events: handleOpening(record)
        case RingRecord.ToGateway.blockOpened:
            guard record.body.count >= 8 else { return }
            block = record.body.load(as: UInt64.self)
        default: preconditionFailure("the executor wrote a record of kind \(record.kind)")
        }
    }

    private func events(of bytes: UnsafeRawBufferPointer) -> UnsafeBufferPointer<Event> {
        UnsafeBufferPointer(
            start: bytes.baseAddress?.assumingMemoryBound(to: Event.self), count: bytes.count / MemoryLayout<Event>.stride)
    }

    private func handleResult(_ record: RingRecord) {
        let body = record.body
        guard body.count >= ResultLayout.events else { preconditionFailure("the executor wrote a result of \(body.count) bytes") }
        let code = body.load(fromByteOffset: ResultLayout.rejectCode, as: UInt16.self)
        putTogether(record, UnsafeRawBufferPointer(rebasing: body[ResultLayout.events...])) {
            finishResult(record, code: code, events: $0)
        }
    }

    /// Calls `body` with the events of this record and of those that it continues, once the last is there.
    private func putTogether(_ record: RingRecord, _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeBufferPointer<Event>) -> Void) {
        let here = events(of: bytes)
        let isLast = record.flags & RingRecord.Flags.continues == 0
        if isLast, unfinished.isEmpty { return body(here) }
        // Rare: a sweep of thousands of orders.
        unfinished.append(contentsOf: here)
        guard isLast else { return }
        let whole = unfinished
        unfinished.removeAll()
        whole.withUnsafeBufferPointer(body)
    }

    private func finishResult(_ record: RingRecord, code: UInt16, events: UnsafeBufferPointer<Event>) {
        let nonce = record.body.load(fromByteOffset: ResultLayout.nonce, as: UInt64.self)
        let connection = connection(session: record.session)
        connection?.inFlightCount -= 1
        // Nobody awaits what the end of a session caused.
        if record.session != 0 { awaitedCount -= 1 }
        // TODO(core): signer and account of the record, instead of the last signer.
        let remaining = connection.map { quotaRemaining(of: $0.quota?.signer ?? .zero, account: 0, $0) } ?? .max
        guard code == 0 else {
            watched.forget(tag: record.tag)
            guard let connection else { return }
            let reason = RejectCode(rawValue: code) ?? .malformedPayload
            return send(to: connection) {
                $0.append(reject: reason, messageType: Wire.ToServer.commands, nonce: nonce, quotaRemaining: remaining)
            }
        }
        let sequence = record.body.load(fromByteOffset: ResultLayout.sequence, as: UInt64.self)
        let block = record.body.load(fromByteOffset: ResultLayout.block, as: UInt64.self)
        let position = record.body.load(fromByteOffset: ResultLayout.position, as: UInt32.self)
        self.block = max(self.block, block)
        watched.applied(tag: record.tag, session: record.session, isOpen: connection?.phase == .open)
        if let connection {
            send(to: connection) { appendAck(&$0, nonce: nonce, sequence: sequence, block: block, position: position, events) }
        }
        publish(events, position: StreamPosition(block: block, batch: position))
    }

    private func appendAck(
        _ buffer: inout ByteBuffer, nonce: UInt64, sequence: UInt64, block: UInt64, position: UInt32, _ events: UnsafeBufferPointer<Event>
    ) {
        var count: UInt16 = 0
        for event in events where event.isResult { count += 1 }
        buffer.append(ackOf: nonce, sequence: sequence, block: block, position: position, commandCount: count)
        for event in events where event.isResult { buffer.append(result: event) }
        // A trigger that fired and was refused, maybe somebody else's, is no command of this batch.
        for event in events where event.kind == Event.Kind.rejected && event.isResult {
            buffer.append(rejectedCommand: event.commandIndex, code: event.code)
        }
    }

    private func handleQueryReply(_ record: RingRecord) {
        guard record.session != 0 else {
            let isFound = record.body.count >= QueryReply.Account.orderCount && record.body[QueryReply.isFound] == 1
            guard isFound, let base = record.body.baseAddress else { return answeredLookup(account: 0, owner: .zero) }
            let account = base.loadUnaligned(fromByteOffset: QueryReply.Account.account, as: Account.self)
            return answeredLookup(account: account.id, owner: account.owner)
        }
        queryCount -= 1
        guard let connection = connection(session: record.session) else { return }
        connection.inFlightCount -= 1
        connection.queryCount -= 1
        send(to: connection) {
            $0.append(queryReplyTo: UInt32(truncatingIfNeeded: record.tag))
            $0.append(record.body)
        }
    }

    /// What the opening of a block caused.
    private func handleOpening(_ record: RingRecord) {
        putTogether(record, record.body) { events in
            for event in events where event.kind == Event.Kind.marketListed { feeds.list(event.market) }
            publish(events, position: StreamPosition(openingOf: block))
            guard accounts.hasUnresolved else { return }
            for event in events where event.kind == Event.Kind.deposited { accounts.keepDeposit(event, block: block) }
        }
    }
}
