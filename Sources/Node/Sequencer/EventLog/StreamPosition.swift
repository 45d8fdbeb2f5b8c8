/// Where something stands in the stream of all that the exchange does: block number in the upper 32 bits, place in the block in the lower.
///
/// Place 0 is what the opening of the block caused (inbox messages, timers, triggers, auctions); place p + 1 is the batch at position p of the
/// block. Positions follow from the blocks alone: they are the same after a restart and in a replay, and never repeat.
package struct StreamPosition: RawRepresentable, Comparable, Hashable, Sendable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// What the opening of `block` caused.
    package init(openingOf block: UInt64) { rawValue = block << 32 }

    /// The batch at `position` (from 0) of `block`.
    package init(block: UInt64, batch position: UInt32) { rawValue = block << 32 | UInt64(position) + 1 }

    /// The last that there can be before what the opening of `block` caused; of block 1 the very first.
    init(before block: UInt64) { rawValue = block <= 1 ? 0 : block << 32 - 1 }

    package var block: UInt64 { rawValue >> 32 }
    /// 0: the opening of the block.
    package var place: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

    package static func < (one: StreamPosition, other: StreamPosition) -> Bool { one.rawValue < other.rawValue }
}
