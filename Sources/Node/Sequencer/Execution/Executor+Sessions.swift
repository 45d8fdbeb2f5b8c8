import Engine

/// Sessions that ended: the sequencer's word for it, as an unsigned envelope that goes the way of any other (journal, block, batch).
///
/// No session outlives the process. So every account that asked for it is taken for disconnected when the executor ends in order, and once
/// more before it takes in anything after a start, which covers a crash.
extension Executor {
    /// The session of `signer` ended. Without effect if its account does not allow anything to follow from that.
    func endSession(of signer: Address, _ nowMs: UInt64) throws {
        if producer.open == nil { try openBlock(nowMs) }
        try withUnsafeTemporaryAllocation(byteCount: Envelope.unsignedBytes, alignment: 8) { room in
            guard let base = room.baseAddress else { return }
            Envelope.writeUnsigned(signer: signer, to: base)
            let envelope = UnsafeRawBufferPointer(room)
            guard producer.execute(envelope) == .none else { return }
            group.appendCommands(envelope)
            shared.statistics.sessionsEnded.add(1)
            shared.statistics.count(producer.exchange.events)
            var outcome = Outcome(signer: signer, nonce: 0, key: 0, block: producer.blockNumber)
            outcome.admit(by: producer)
            try writeResult(outcome, session: 0, tag: 0, events: producer.exchange.events)
        }
    }

    /// Goes on with the accounts whose sessions have all ended, as far as there is room. Returns how many sessions it ended.
    func endSessions(_ nowMs: UInt64) throws -> Int {
        var count = 0
        while let account = sessionsEndedCursor {
            guard let record = producer.exchange.account(id: account) else {
                sessionsEndedCursor = nil
                break
            }
            if record.flags & AccountFlags.cancelOnDisconnect != 0, record.openOrderCount > 0 {
                guard count < configuration.groupRecordsMax, group.bytes.count < configuration.groupBytesMax,
                    hasRoom, makeRoomInBlock(nowMs)
                else { break }
                try endSession(of: record.owner, nowMs)
                count += 1
            }
            sessionsEndedCursor = account + 1
        }
        return count
    }
}
