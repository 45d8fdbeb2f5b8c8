import Engine

/// An exchange together with the memory it lives in. One thread at a time may use it.
package final class HostedExchange {
    private let arena: ReservedMemory
    private let dirtyMarks: ReservedMemory
    private let dirtyGroups: ReservedMemory
    private let events: ReservedMemory
    private let recentSigners: ReservedMemory
    private let place: UnsafeMutablePointer<Exchange>

    /// Makes an exchange in its genesis state. Nothing is committed up front.
    package init() throws(ReservationFailed) {
        let eventCapacity = 1 << 26
        arena = try ReservedMemory(byteCount: Layout.arenaBytes)
        dirtyMarks = try ReservedMemory(byteCount: Layout.cellCount)
        dirtyGroups = try ReservedMemory(byteCount: Layout.cellCount / 16 + 4)
        events = try ReservedMemory(byteCount: eventCapacity * MemoryLayout<Event>.stride)
        recentSigners = try ReservedMemory(byteCount: ExchangeMemory.recentSignerCount * 4)
        // All that lies scattered but the price levels' directories: of those a market has few, far from the next one's.
        let scattered = Layout.clientOrderIndex..<Layout.withdrawals
        arena.preferHugePages(scattered)
        dirtyMarks.preferHugePages(0..<scattered.upperBound / Layout.cellBytes)
        place = .allocate(capacity: 1)
        place.initialize(
            to: Exchange(
                ExchangeMemory(
                    arena: arena.base,
                    dirtyMarks: dirtyMarks.base.bindMemory(to: UInt8.self, capacity: Layout.cellCount),
                    dirtyGroups: dirtyGroups.base.bindMemory(to: UInt32.self, capacity: Layout.cellCount / 64 + 1),
                    events: events.base.bindMemory(to: Event.self, capacity: eventCapacity),
                    eventCapacity: eventCapacity,
                    recentSigners: recentSigners.base.bindMemory(to: UInt32.self, capacity: ExchangeMemory.recentSignerCount))))
    }

    deinit {
        place.deinitialize(count: 1)
        place.deallocate()
    }

    /// Has the kernel clear now what the first orders would wait for, on a virtual machine for some tenths of a second: the 64 MiB of the index of client
    /// order ids, and where every pool begins.
    package func populate() {
        populate(Layout.clientOrderIndex..<Layout.nonces)
        for pool in [
            Layout.nonces, Layout.balanceDirectories, Layout.orders, Layout.orderDetails, Layout.levelPages, Layout.balances,
        ] {
            populate(pool..<pool + ReservedMemory.hugePageBytes)
        }
    }

    /// Bytes of the arena, and their marks.
    private func populate(_ bytes: Range<Int>) {
        arena.populate(bytes)
        dirtyMarks.populate(bytes.lowerBound / Layout.cellBytes..<bytes.upperBound / Layout.cellBytes)
    }

    /// By its address: a stored property of a class is checked at run time against overlapping accesses, each time, which was a twelfth of a replay.
    package var exchange: Exchange {
        unsafeAddress { UnsafePointer(place) }
        unsafeMutableAddress { place }
    }

    /// The arena's bytes: to load a checkpoint into before first use.
    package var arenaBytes: UnsafeMutableRawPointer { arena.base }

    /// Bytes of the arena and of its dirty marks that have physical memory behind them. Slow: asks the kernel about every page.
    package func residentBytes() -> Int {
        arena.residentBytes() + dirtyMarks.residentBytes() + dirtyGroups.residentBytes()
    }

    /// Those of the index of client order ids among them: up to 64 MiB in huge pages, however few orders there are.
    package func residentIndexBytes() -> Int { arena.residentBytes(of: Layout.clientOrderIndex..<Layout.nonces) }
}
