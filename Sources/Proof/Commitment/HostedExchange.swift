import Engine

/// An exchange together with the memory it lives in. One thread at a time may use it.
package final class HostedExchange {
    private let arena: ReservedMemory
    private let dirtyMarks: ReservedMemory
    private let dirtyGroups: ReservedMemory
    private let events: ReservedMemory
    package var exchange: Exchange

    /// Makes an exchange in its genesis state. Nothing is committed up front.
    package init() throws(ReservationFailed) {
        let eventCapacity = 1 << 26
        arena = try ReservedMemory(byteCount: Layout.arenaBytes)
        dirtyMarks = try ReservedMemory(byteCount: Layout.cellCount)
        dirtyGroups = try ReservedMemory(byteCount: Layout.cellCount / 16 + 4)
        events = try ReservedMemory(byteCount: eventCapacity * MemoryLayout<Event>.stride)
        let pools = Layout.orders..<Layout.withdrawals
        arena.preferHugePages(pools)
        dirtyMarks.preferHugePages(pools.lowerBound / Layout.cellBytes..<pools.upperBound / Layout.cellBytes)
        exchange = Exchange(
            ExchangeMemory(
                arena: arena.base,
                dirtyMarks: dirtyMarks.base.bindMemory(to: UInt8.self, capacity: Layout.cellCount),
                dirtyGroups: dirtyGroups.base.bindMemory(to: UInt32.self, capacity: Layout.cellCount / 64 + 1),
                events: events.base.bindMemory(to: Event.self, capacity: eventCapacity),
                eventCapacity: eventCapacity))
    }

    /// The arena's bytes: to load a checkpoint into before first use.
    package var arenaBytes: UnsafeMutableRawPointer { arena.base }

    /// Bytes of the arena and of its dirty marks that have physical memory behind them. Slow: asks the kernel about every page.
    package func residentBytes() -> Int { arena.residentBytes() + dirtyMarks.residentBytes() + dirtyGroups.residentBytes() }
}
