/// Engine's transitions for callers outside of Swift, one by one: what the differential test links instead of ``memexApplyBatch()``, from the
/// same object file, so that the instructions it tests are those of the guest.

extension Exchange {
    /// An exchange in the machine. It marks no cells, because the machine itself sees what is written, and keeps no more events than there is room for.
    init(guestArena arena: UnsafeMutableRawPointer, events: UnsafeMutableRawPointer? = nil, eventCapacity: Int = 0) {
        self.init(
            ExchangeMemory(
                arena: arena,
                // Never touched in the guest.
                dirtyMarks: arena.assumingMemoryBound(to: UInt8.self), dirtyGroups: arena.assumingMemoryBound(to: UInt32.self),
                events: (events ?? arena).assumingMemoryBound(to: Event.self), eventCapacity: eventCapacity))
    }
}

/// Makes an exchange over `arena` at `exchange`, where 128 bytes are free.
@c(memex_open)
public func memexOpen(
    _ exchange: UnsafeMutableRawPointer, _ arena: UnsafeMutableRawPointer, _ events: UnsafeMutableRawPointer, _ eventCapacity: Int
) {
    precondition(MemoryLayout<Exchange>.size <= 128)
    exchange.bindMemory(to: Exchange.self, capacity: 1).initialize(
        to: Exchange(guestArena: arena, events: events, eventCapacity: eventCapacity))
}

/// Forgets the events of earlier calls, and returns how many there were.
@c(memex_take_events)
public func memexTakeEvents(_ exchange: UnsafeMutableRawPointer) -> Int {
    let exchange = exchange.assumingMemoryBound(to: Exchange.self)
    let count = exchange.pointee.eventCount
    exchange.pointee.clearEvents()
    return count
}

/// Opens a block.
@c(memex_begin_block)
public func memexBeginBlock(_ exchange: UnsafeMutableRawPointer, _ number: UInt64, _ timeMs: UInt64) {
    exchange.assumingMemoryBound(to: Exchange.self).pointee.beginBlock(number: number, timeMs: timeMs)
}

/// Applies one inbox message of 160 bytes.
@c(memex_consume)
public func memexConsume(_ exchange: UnsafeMutableRawPointer, _ message: UnsafeRawPointer) {
    exchange.assumingMemoryBound(to: Exchange.self).pointee.consume(InboxMessage(loadingFrom: message))
}

/// Takes the sequencer's word that a session of the signer (20 bytes) ended; returns the reject code.
@c(memex_disconnect)
public func memexDisconnect(_ exchange: UnsafeMutableRawPointer, _ signer: UnsafeRawPointer) -> UInt16 {
    exchange.assumingMemoryBound(to: Exchange.self).pointee.disconnect(signer: Address(loadingFrom: signer)).rawValue
}

/// Admits and applies one command batch whose signature the caller answers for; returns its reject code.
@c(memex_execute)
public func memexExecute(
    _ exchange: UnsafeMutableRawPointer, _ signer: UnsafeRawPointer, _ nonce: UInt64, _ payload: UnsafeRawPointer, _ count: Int
) -> UInt16 {
    let bytes = UnsafeRawBufferPointer(start: payload, count: count)
    return exchange.assumingMemoryBound(to: Exchange.self).pointee
        .execute(signer: Address(loadingFrom: signer), nonce: nonce, payload: bytes).rawValue
}
