import Engine

/// The fixed part of a result record.
struct BatchResult {
    var sequence: UInt64
    var block: UInt64
    var nonce: UInt64
    var position: UInt32
    var code: RejectCode
}

/// Records for the gateway. They become visible when the journal has the group.
extension Executor {
    /// Writes one record, waiting for room if the gateway is slow. Before it waits it commits the group, so that the gateway has
    /// something to read. Throws ``GatewayGone`` if the node is stopping and nobody reads any more.
    func write(
        kind: UInt8, flags: UInt8 = 0, session: UInt32, tag: UInt64, bodyBytes: Int, _ fill: (UnsafeMutableRawPointer) -> Void
    ) throws {
        if output.tryWrite(kind: kind, flags: flags, session: session, tag: tag, bodyBytes: bodyBytes, fill) { return }
        try commitGroup()
        let needed = 2 * RingRecord.byteCount(bodyBytes: bodyBytes)
        while !output.tryWrite(kind: kind, flags: flags, session: session, tag: tag, bodyBytes: bodyBytes, fill) {
            if shared.isGatewayGone { throw GatewayGone() }
            shared.executorParker.park(timeoutMs: 1) { output.hasRoom(min(needed, output.capacity)) }
        }
    }

    /// Tells the gateway of a new block and of what its inbox messages caused, and timers, triggers and auctions.
    func publishOpening(_ opening: BlockOpening) throws {
        try write(kind: RingRecord.ToGateway.blockOpened, session: 0, tag: 0, bodyBytes: 16) { body in
            body.storeBytes(of: opening.number, as: UInt64.self)
            body.storeBytes(of: opening.timeMs, toByteOffset: 8, as: UInt64.self)
        }
        let events = producer.exchange.events
        guard let base = events.baseAddress, events.count > 0 else { return }
        shared.statistics.count(events)
        var start = 0
        while start < events.count {
            let count = min(events.count - start, ResultLayout.eventsPerRecordMax)
            let byteCount = count * MemoryLayout<Event>.stride
            try write(
                kind: RingRecord.ToGateway.events, flags: start + count < events.count ? RingRecord.Flags.continues : 0, session: 0, tag: 0,
                bodyBytes: byteCount
            ) { $0.copyMemory(from: base + start, byteCount: byteCount) }
            start += count
        }
    }

    func writeResult(_ result: BatchResult, session: UInt32, tag: UInt64, events: UnsafeBufferPointer<Event>) throws {
        var start = 0
        repeat {
            let count = min(events.count - start, ResultLayout.eventsPerRecordMax)
            let isLast = start + count == events.count
            try write(
                kind: RingRecord.ToGateway.result, flags: isLast ? 0 : RingRecord.Flags.continues, session: session, tag: tag,
                bodyBytes: ResultLayout.events + count * MemoryLayout<Event>.stride
            ) { body in
                body.storeBytes(of: result.sequence, toByteOffset: ResultLayout.sequence, as: UInt64.self)
                body.storeBytes(of: result.block, toByteOffset: ResultLayout.block, as: UInt64.self)
                body.storeBytes(of: result.nonce, toByteOffset: ResultLayout.nonce, as: UInt64.self)
                body.storeBytes(of: result.position, toByteOffset: ResultLayout.position, as: UInt32.self)
                body.storeBytes(of: result.code.rawValue, toByteOffset: ResultLayout.rejectCode, as: UInt16.self)
                body.storeBytes(of: UInt16(count), toByteOffset: ResultLayout.eventCount, as: UInt16.self)
                if let base = events.baseAddress, count > 0 {
                    (body + ResultLayout.events).copyMemory(from: base + start, byteCount: count * MemoryLayout<Event>.stride)
                }
            }
            start += count
        } while start < events.count
    }
}

/// Nobody reads the results any more; they are in the journal.
struct GatewayGone: Error {}
