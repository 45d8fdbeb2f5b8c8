/// The exchange: a deterministic state machine over one arena.
///
/// `beginBlock`, `consume` and `execute` are its only transitions; the same calls in the same order give the same bytes, on the
/// host and in the guest. It does no I/O, allocates nothing and never throws: what a user does wrong comes back as a ``RejectCode``.
package struct Exchange: ~Copyable {
    let memory: ExchangeMemory
    var eventCount = 0
    var dirtyWordCount = 0

    package init(_ memory: ExchangeMemory) {
        self.memory = memory
    }

    /// Opens block `number` (the last one plus 1) at `timeMs` (not before the last one's).
    package mutating func beginBlock(number: UInt64, timeMs: UInt64) {
        fatalError("being written")
    }

    /// Applies the next message of the L1 inbox and advances the inbox cursor, whatever the message holds.
    package mutating func consume(_ message: InboxMessage) {
        fatalError("being written")
    }

    /// Admits a command batch whose signature was found good, and applies its commands one by one.
    ///
    /// Returns why the batch as a whole was refused (then nothing at all changed), or `.none`: then the nonce is used up and
    /// each command has left exactly one result event.
    package mutating func execute(signer: Address, nonce: UInt64, payload: UnsafeRawBufferPointer) -> RejectCode {
        fatalError("being written")
    }

    /// What happened since the last `clearEvents`.
    package var events: UnsafeBufferPointer<Event> { UnsafeBufferPointer(start: memory.events, count: eventCount) }

    /// Forgets the events.
    package mutating func clearEvents() { eventCount = 0 }

    /// Calls `body` with the index and the 64 bytes of every cell written since the last drain, then marks all clean.
    /// The order is that of the first writes of 64-cell groups.
    package mutating func drainDirtyCells(_ body: (_ cellIndex: UInt32, _ bytes: UnsafeRawPointer) -> Void) {
        fatalError("being written")
    }
}
