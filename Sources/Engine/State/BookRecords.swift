/// The records of the order books; see `Records.swift` for the rules.

/// What changes at every turn of one book: one cell.
package struct BookState: BitwiseCopyable {
    /// Best prices as codes; `PriceCode.none` on an empty side.
    package var bestBid: UInt32 = 0
    package var bestAsk: UInt32 = 0
    /// Price code of the last fill, `PriceCode.none` before the first.
    package var lastPrice: UInt32 = 0
    package var orderCount: UInt32 = 0
    package var fillCount: UInt64 = 0
    /// While the market is uncrossing: lots still to be executed, and the one price.
    package var openingLots: UInt64 = 0
    package var openingPrice: UInt32 = 0
    /// In a trigger book: whether its market is in the list of those with triggers that are due, and the next one there (0: none).
    package var isPending: UInt32 = 0
    package var nextPending: UInt32 = 0
    package var reserved32: UInt32 = 0
    /// Lots traded in the opening auction.
    package var openedLots: UInt64 = 0
    package var reserved: UInt64 = 0
}

/// A place in a queue: a ring of orders that is closed by the level's record.
///
/// A link is the arena offset / 16 of the neighbour's record, xored with that of the own record; so an empty ring is all zero.
package struct QueueNode: BitwiseCopyable {
    package var next: UInt32 = 0
    package var previous: UInt32 = 0
}

/// What matching touches of a resting order: 32 bytes.
package struct Order: BitwiseCopyable {
    /// In a free slot `next` is the next free slot.
    package var node = QueueNode()
    /// Remaining size; 0 in a slot that holds no order.
    package var lots: UInt64 = 0
    package var account: UInt32 = 0
    /// Number of the level: its page, then the low 6 bits of the price code, in bits 0...27; ``hasExpiryBit``; ``Side`` in bit 31.
    package var levelAndFlags: UInt32 = 0
    /// Index of the book in the low half: the market's id, plus `Layout.marketCapacity` in its trigger book; price code / 64 in the high half.
    package var groupAndBook: UInt32 = 0
    /// Counts the uses of this slot, so that an old order id does not name a new order.
    package var generation: UInt32 = 0

    /// Set in `levelAndFlags` when the order's details hold an expiry.
    package static let hasExpiryBit: UInt32 = 1 << 30

    /// Price code; of a trigger order the trigger's.
    package var priceCode: UInt32 { (groupAndBook >> 16) << 6 | levelAndFlags & 63 }
    package var side: Side { levelAndFlags >> 31 == 0 ? .buy : .sell }
    package var hasExpiry: Bool { levelAndFlags & Self.hasExpiryBit != 0 }
    /// Index of the book.
    package var book: UInt32 { groupAndBook & 0xFFFF }
    /// Id of the market.
    package var market: UInt32 { groupAndBook & UInt32(Layout.marketCapacity - 1) }
    /// Whether it waits for its trigger.
    package var isTrigger: Bool { book >= UInt32(Layout.marketCapacity) }

    /// The id by which users name an order: the use count of its slot, then the slot.
    package static func id(slot: UInt32, generation: UInt32) -> UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    // MARK: Links

    static let orderLinkBase = UInt32(Layout.orders / 16)
    static let levelLinkBase = UInt32(Layout.levelPages / 16)

    @inline(__always) static func link(slot: UInt32) -> UInt32 { orderLinkBase &+ slot &* 2 }
    @inline(__always) static func slot(link: UInt32) -> UInt32 { (link &- orderLinkBase) &>> 1 }
    /// Link of the level that the order rests in.
    @inline(__always) var levelLink: UInt32 { Self.levelLinkBase | levelAndFlags & 0x0FFF_FFFF }
}

/// What matching does not touch of a resting order: one cell in a table parallel to the orders.
package struct OrderDetail: BitwiseCopyable {
    package var clientOrderId: UInt64 = 0
    /// Neighbours in the owner's list of resting orders.
    package var accountNext: UInt32 = 0
    package var accountPrevious: UInt32 = 0
    /// Neighbours in the chain of the client order index.
    package var chainNext: UInt32 = 0
    package var chainPrevious: UInt32 = 0
    /// Goes off when the order's time is over.
    package var timer = Timer()
    /// Of a trigger order: the limit price to place it at.
    package var limitPrice: UInt32 = 0
    /// ``PlaceFlags`` that it was placed with.
    package var placeFlags: UInt32 = 0
    package var reserved: (UInt64, UInt64) = (0, 0)

    /// Where `timer` lies in the record, in bytes.
    package static let timerOffset = 24

    /// Block time in milliseconds at which the order goes; 0: never.
    package var expiryMs: UInt64 { timer.dueMs }
}

/// The queue of resting orders at one price of one book.
package struct Level: BitwiseCopyable {
    /// `next` is the oldest order, `previous` the newest.
    package var node = QueueNode()
    /// Sum of the orders' remaining lots.
    package var lots: UInt64 = 0
}

/// Sixty-four neighbouring prices of one book: which have orders, and the page of their levels.
package struct LevelGroup: BitwiseCopyable {
    package var occupied: UInt64 = 0
    /// Slot of the page that holds the 64 levels; 0 while none is occupied.
    package var page: UInt32 = 0
    package var reserved: UInt32 = 0
}
