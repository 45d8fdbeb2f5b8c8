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

    private func handleResult(_ record: RingRecord) {
        guard record.body.count >= ResultLayout.events else {
            preconditionFailure("the executor wrote a result of \(record.body.count) bytes")
        }
        collector.take(record, record.eventBytes) { finishResult(record, events: $0) }
    }

    private func finishResult(_ record: RingRecord, events: UnsafeBufferPointer<Event>) {
        let result = BatchOutcome(record)
        let connection = connection(session: record.session)
        connection?.inFlightCount -= 1
        // Batches that came through other threads, and what the end of a session caused, are awaited by nobody here.
        let isOwn = record.session != 0 && Session.thread(of: record.session) == thread
        if isOwn { awaitedCount -= 1 }
        if let connection, record.tag & Self.receiptTag != 0 {
            settleReceipt(connection, nonce: result.nonce, block: result.block, position: result.isAdmitted ? result.position : nil)
        }
        let tag = isOwn ? record.tag & ~Self.receiptTag : 0
        guard result.isAdmitted else {
            // Not even if it is answered like the first time: anyone may have sent it again, and may hang up.
            watched.forget(tag: tag)
            guard let connection else { return }
            return refuse(result, connection)
        }
        block = max(block, result.block)
        if record.session != 0, !isOwn, record.tag & ~Self.receiptTag != 0 { watched.tookOver(result.signer) }
        watched.applied(tag: tag, session: record.session, isOpen: connection?.phase == .open)
        if let connection {
            connection.earnStanding()
            sendAck(result, events, to: connection)
        }
        publish(events, position: result.streamPosition)
        position = result.streamPosition
    }

    /// A batch that was admitted before is answered as it was then, as long as that is known.
    private func refuse(_ result: BatchOutcome, _ connection: Connection) {
        if let offset = result.answeredBefore, answerAgain(result, at: offset, to: connection) { return }
        let code = RejectCode(rawValue: result.code) ?? .malformedPayload
        let remaining = quotaRemaining(of: result.signer, account: 0, connection)
        reject(
            connection, code, messageType: Wire.ToServer.commands, nonce: result.nonce, quotaRemaining: remaining,
            detail: RejectDetail.nonce(code, result.nonce, nowMs: WallClock.milliseconds()))
    }

    /// Sends the ack of the batch whose result begins at log offset `offset`; false if it is not there any more.
    private func answerAgain(_ result: BatchOutcome, at offset: Int, to connection: Connection) -> Bool {
        var cursor = history.cursor(at: offset)
        var collector = EventCollector()
        var isSent = false
        repeat {
            var goesOn = true
            let step = history.read(&cursor, until: fromExecutor.offset) { record, _ in
                goesOn = false
                guard record.kind == RingRecord.ToGateway.result, record.body.count >= ResultLayout.events else { return false }
                let before = BatchOutcome(record)
                guard before.isAdmitted, before.isSameBatch(as: result) else { return false }
                collector.take(record, record.eventBytes) {
                    sendAck(before, $0, to: connection)
                    isSent = true
                }
                goesOn = !isSent
                return goesOn
            }
            guard goesOn, step == .more else { return isSent }
        } while true
    }

    private func sendAck(_ result: BatchOutcome, _ events: UnsafeBufferPointer<Event>, to connection: Connection) {
        let remaining = quotaRemaining(of: result.signer, account: result.account, connection)
        send(to: connection) { buffer in
            var count: UInt16 = 0
            for event in events where event.isResult { count += 1 }
            buffer.append(
                ackOf: result.nonce, sequence: result.sequence, block: result.block, position: result.position, commandCount: count,
                quotaRemaining: remaining)
            for event in events where event.isResult { buffer.append(result: event) }
            // A trigger that fired and was refused, maybe somebody else's, is no command of this batch.
            for event in events where event.kind == Event.Kind.rejected && event.isResult {
                buffer.append(rejectedCommand: event.commandIndex, code: event.code)
            }
        }
    }

    private func handleQueryReply(_ record: RingRecord) {
        guard Session.thread(of: record.session) == thread else { return }
        guard record.session != ownSession else { return handleOwnReply(record) }
        queryCount -= 1
        guard let connection = connection(session: record.session) else { return }
        connection.inFlightCount -= 1
        connection.queryCount -= 1
        send(to: connection) {
            $0.append(queryReplyTo: UInt32(truncatingIfNeeded: record.tag))
            $0.append(record.body)
        }
    }

    /// An answer to a question of the gateway's own.
    private func handleOwnReply(_ record: RingRecord) {
        guard record.tag == 0 else { return answeredBalances(account: UInt32(truncatingIfNeeded: record.tag), record.body) }
        let isFound = record.body.count >= QueryReply.Account.orderCount && record.body[QueryReply.isFound] == 1
        guard isFound, let base = record.body.baseAddress else { return answeredLookUp(account: 0, owner: .zero) }
        let account = base.loadUnaligned(fromByteOffset: QueryReply.Account.account, as: Account.self)
        answeredLookUp(account: account.id, owner: account.owner)
    }

    /// What the opening of a block caused.
    private func handleOpening(_ record: RingRecord) {
        collector.take(record, record.eventBytes) { events in
            let opening = StreamPosition(openingOf: block)
            publish(events, position: opening)
            position = opening
        }
    }
}
