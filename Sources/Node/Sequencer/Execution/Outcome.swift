import Engine

/// What became of an envelope: the fixed part of a result record (``ResultLayout``).
struct Outcome {
    var sequence: UInt64 = 0
    var block: UInt64
    var nonce: UInt64
    var position = UInt32.max
    var code = RejectCode.none
    var signer: Address
    var key: UInt64

    init(signer: Address, nonce: UInt64, key: UInt64, block: UInt64) {
        self.signer = signer
        self.nonce = nonce
        self.key = key
        self.block = block
    }

    /// Of a signed envelope, or of one that states the end of a session.
    init?(_ bytes: UnsafeRawBufferPointer, block: UInt64) {
        guard let envelope = Envelope(bytes) else { return nil }
        self.init(
            signer: envelope.signer, nonce: envelope.nonce, key: envelope.isUnsigned ? 0 : EnvelopeKey.of(bytes), block: block)
    }

    /// Says that the envelope is the last one that `producer` admitted.
    mutating func admit(by producer: BlockProducer) {
        sequence = producer.sequence
        position = producer.lastPosition
    }
}

/// Where records go: the log, with whatever it takes to make room.
protocol RecordSink {
    func write(
        kind: UInt8, flags: UInt8, session: UInt32, tag: UInt64, bodyBytes: Int, _ fill: (UnsafeMutableRawPointer) -> Void
    ) throws
}

/// What happened as records: the same whether it happens now or is replayed from the journal.
extension RecordSink {
    /// A new block and what its inbox messages caused, and timers, triggers and auctions.
    func writeOpening(_ opening: BlockOpening, events: UnsafeBufferPointer<Event>) throws {
        let flags = events.isEmpty ? 0 : RingRecord.Flags.continues
        try write(kind: RingRecord.ToGateway.blockOpened, flags: flags, session: 0, tag: 0, bodyBytes: 16) { body in
            body.storeBytes(of: opening.number, as: UInt64.self)
            body.storeBytes(of: opening.timeMs, toByteOffset: 8, as: UInt64.self)
        }
        guard !events.isEmpty else { return }
        try forEachPart(of: events) { part, flags in
            let byteCount = part.count * MemoryLayout<Event>.stride
            try write(kind: RingRecord.ToGateway.events, flags: flags, session: 0, tag: 0, bodyBytes: byteCount) { body in
                if let base = part.baseAddress { body.copyMemory(from: base, byteCount: byteCount) }
            }
        }
    }

    func writeResult(_ outcome: Outcome, session: UInt32, tag: UInt64, events: UnsafeBufferPointer<Event>) throws {
        let account = events.first { $0.account != 0 }?.account ?? 0
        try forEachPart(of: events) { part, flags in
            let byteCount = ResultLayout.events + part.count * MemoryLayout<Event>.stride
            try write(kind: RingRecord.ToGateway.result, flags: flags, session: session, tag: tag, bodyBytes: byteCount) { body in
                body.storeBytes(of: outcome.sequence, toByteOffset: ResultLayout.sequence, as: UInt64.self)
                body.storeBytes(of: outcome.block, toByteOffset: ResultLayout.block, as: UInt64.self)
                body.storeBytes(of: outcome.nonce, toByteOffset: ResultLayout.nonce, as: UInt64.self)
                body.storeBytes(of: outcome.position, toByteOffset: ResultLayout.position, as: UInt32.self)
                body.storeBytes(of: outcome.code.rawValue, toByteOffset: ResultLayout.rejectCode, as: UInt16.self)
                body.storeBytes(of: UInt16(part.count), toByteOffset: ResultLayout.eventCount, as: UInt16.self)
                body.storeBytes(of: outcome.signer, toByteOffset: ResultLayout.signer, as: Address.self)
                body.storeBytes(of: account, toByteOffset: ResultLayout.account, as: UInt32.self)
                body.storeBytes(of: outcome.key, toByteOffset: ResultLayout.envelopeKey, as: UInt64.self)
                guard let base = part.baseAddress else { return }
                (body + ResultLayout.events).copyMemory(from: base, byteCount: part.count * MemoryLayout<Event>.stride)
            }
        }
    }

    /// Calls `body` with as many events as fit a record, and its flags; once if there are none.
    private func forEachPart(
        of events: UnsafeBufferPointer<Event>, _ body: (UnsafeBufferPointer<Event>, UInt8) throws -> Void
    ) rethrows {
        var start = 0
        repeat {
            let end = min(start + ResultLayout.eventsPerRecordMax, events.count)
            try body(UnsafeBufferPointer(rebasing: events[start..<end]), end < events.count ? RingRecord.Flags.continues : 0)
            start = end
        } while start < events.count
    }
}
