/// The memory that a host lends to an ``Exchange``; it must outlive it and starts all zero.
package struct ExchangeMemory {
    /// ``Layout/arenaBytes`` bytes, aligned to a page.
    package var arena: UnsafeMutableRawPointer
    /// One bit a cell, set when the cell is written: `Layout.cellCount / 64` words.
    package var dirtyWords: UnsafeMutablePointer<UInt64>
    /// Indices of the words above that are not zero, in order of first write: as many entries as there are words.
    package var dirtyWordIndices: UnsafeMutablePointer<UInt32>
    /// Room for the events of everything that happens between two calls of `clearEvents`.
    package var events: UnsafeMutablePointer<Event>
    /// Events that fit; a command that would not fit traps, so size it for a sweep of the whole book.
    package var eventCapacity: Int

    package init(
        arena: UnsafeMutableRawPointer, dirtyWords: UnsafeMutablePointer<UInt64>,
        dirtyWordIndices: UnsafeMutablePointer<UInt32>, events: UnsafeMutablePointer<Event>, eventCapacity: Int
    ) {
        self.arena = arena
        self.dirtyWords = dirtyWords
        self.dirtyWordIndices = dirtyWordIndices
        self.events = events
        self.eventCapacity = eventCapacity
    }
}
