import Engine

/// Says when to look at the withdrawal records of a state that goes on over many batches, so that each is seen before a later one takes its
/// slot: whenever half of the slots were written since the last look, for what a few batches write between two questions is far less than the other half.
package struct RecordLooks: Sendable {
    /// Records written by the time of the last look.
    private var seen: UInt64 = 0

    package init() {}

    /// Whether to look before the state goes on. `written`: records that the state has ever written.
    package func isDue(written: UInt64) -> Bool { written >= seen && written - seen >= UInt64(Layout.withdrawalCapacity / 2) }

    /// The records of a state with so many written were looked at.
    package mutating func look(written: UInt64) { seen = written }
}
