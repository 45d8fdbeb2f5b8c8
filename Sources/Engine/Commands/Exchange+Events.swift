/// Events out: written into memory lent by the host, read and cleared by it.
extension Exchange {
    /// What happened since the last `clearEvents`.
    package var events: UnsafeBufferPointer<Event> { UnsafeBufferPointer(start: memory.events, count: eventCount) }

    /// Forgets the events.
    package mutating func clearEvents() { eventCount = 0 }

    @inline(__always)
    mutating func emit(_ event: Event) {
        #if MEMEX_GUEST
        // Nobody reads events in the machine; room for them must not decide whether a batch goes through.
        if eventCount < memory.eventCapacity { memory.events[eventCount] = event }
        #else
        precondition(eventCount < memory.eventCapacity)
        memory.events[eventCount] = event
        #endif
        eventCount += 1
    }

    mutating func emitRejected(_ code: RejectCode, account: UInt32, index: UInt16) {
        var event = Event()
        event.kind = Event.Kind.rejected
        event.code = code.rawValue
        event.account = account
        event.commandIndex = index
        emit(event)
    }

    mutating func emitWithdrawn(id: UInt64, account: UInt32, token: UInt32, atoms: UInt64, index: UInt16) {
        var event = Event()
        event.kind = Event.Kind.withdrawn
        event.account = account
        event.commandIndex = index
        event.orderId = id
        event.counterOrderId = UInt64(token)
        event.lots = atoms
        emit(event)
    }

    /// An event that says no more than whose it is.
    mutating func emit(_ kind: UInt8, account: UInt32, index: UInt16) {
        var event = Event()
        event.kind = kind
        event.account = account
        event.commandIndex = index
        emit(event)
    }
}
