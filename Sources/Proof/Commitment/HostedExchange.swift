import Engine

/// An exchange together with the memory it lives in. One thread at a time may use it.
package final class HostedExchange {
    private let arena: ReservedMemory
    private let dirtyWords: ReservedMemory
    private let dirtyWordIndices: ReservedMemory
    private let events: ReservedMemory
    package var exchange: Exchange

    /// Makes an exchange in its genesis state. Nothing is committed up front.
    package init() throws(ReservationFailed) {
        let eventCapacity = 1 << 26
        arena = try ReservedMemory(byteCount: Layout.arenaBytes)
        dirtyWords = try ReservedMemory(byteCount: Layout.cellCount / 8)
        dirtyWordIndices = try ReservedMemory(byteCount: Layout.cellCount / 16)
        events = try ReservedMemory(byteCount: eventCapacity * MemoryLayout<Event>.stride)
        exchange = Exchange(
            ExchangeMemory(
                arena: arena.base,
                dirtyWords: dirtyWords.base.bindMemory(to: UInt64.self, capacity: Layout.cellCount / 64),
                dirtyWordIndices: dirtyWordIndices.base.bindMemory(to: UInt32.self, capacity: Layout.cellCount / 64),
                events: events.base.bindMemory(to: Event.self, capacity: eventCapacity),
                eventCapacity: eventCapacity))
    }

    /// The arena's bytes: to load a checkpoint into before first use.
    package var arenaBytes: UnsafeMutableRawPointer { arena.base }
}
