/// The memory that a host lends to an ``Exchange``; it must outlive it and starts all zero.
package struct ExchangeMemory {
    /// ``Layout/arenaBytes`` bytes, aligned to a page.
    package var arena: UnsafeMutableRawPointer
    /// One byte a cell, set when the cell is written: ``Layout/cellCount`` bytes, aligned to 64.
    package var dirtyMarks: UnsafeMutablePointer<UInt8>
    /// The number of groups of 64 cells that have a mark, then their indices in the order of their first marks:
    /// `Layout.cellCount / 64 + 1` entries.
    package var dirtyGroups: UnsafeMutablePointer<UInt32>
    /// Room for the events of everything that happens between two calls of `clearEvents`.
    package var events: UnsafeMutablePointer<Event>
    /// Events that fit; a command that would not fit traps, so size it for a sweep of the whole book.
    package var eventCapacity: Int
    /// Where signers were found lately (see ``Exchange/findSigner(_:)``): ``recentSignerCount`` entries. Nil: every one is looked up in the index. No part
    /// of the state.
    package var recentSigners: UnsafeMutablePointer<UInt32>?

    package static let recentSignerCount = 4096

    package init(
        arena: UnsafeMutableRawPointer, dirtyMarks: UnsafeMutablePointer<UInt8>,
        dirtyGroups: UnsafeMutablePointer<UInt32>, events: UnsafeMutablePointer<Event>, eventCapacity: Int,
        recentSigners: UnsafeMutablePointer<UInt32>? = nil
    ) {
        self.arena = arena
        self.dirtyMarks = dirtyMarks
        self.dirtyGroups = dirtyGroups
        self.events = events
        self.eventCapacity = eventCapacity
        self.recentSigners = recentSigners
    }
}
