/// The memory of one engine, mapped: only what is used of it becomes memory.
struct EngineMemory {
    let arena: Arena
    private let memory: UnsafeMutableRawPointer

    private static let groupBytes = (Layout.cellCount / 64 + 1) * 4
    private static let bytes = Layout.arenaBytes + Layout.cellCount + groupBytes

    /// Where a book writes while orders flow, and how much of each region is made present beforehand: 131,072 orders, 4096 pages of levels.
    private static let regions = [
        (Layout.header, 4096), (Layout.bookStates, 4096), (Layout.priceSummaries, 64 << 10), (Layout.orders, 4 << 20),
        (Layout.levelPages, 4 << 20), (Layout.levelDirectories, 2 << 20),
    ]

    /// nil when the system refuses the address space (33 GiB).
    init?() {
        guard let memory = Pages.map(bytes: Self.bytes) else { return nil }
        self.memory = memory
        let marks = memory + Layout.arenaBytes
        let groups = marks + Layout.cellCount
        for (offset, bytes) in Self.regions {
            Pages.touch(memory + offset, bytes: bytes)
            Pages.touch(marks + offset / Layout.cellBytes, bytes: bytes / Layout.cellBytes)
        }
        Pages.touch(groups, bytes: 1 << 20)
        arena = Arena(
            ExchangeMemory(
                arena: memory, dirtyMarks: marks.assumingMemoryBound(to: UInt8.self),
                dirtyGroups: groups.assumingMemoryBound(to: UInt32.self),
                // The book leaves no events: those are the exchange's.
                events: UnsafeMutablePointer(bitPattern: MemoryLayout<Event>.alignment).unsafelyUnwrapped, eventCapacity: 0))
    }

    func deallocate() {
        Pages.unmap(memory, bytes: Self.bytes)
    }
}
