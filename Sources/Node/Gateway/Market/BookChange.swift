import Engine

/// What an event means for one order of a public book: the only place that knows which events those are.
package struct BookChange: Equatable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Rests at the back of the queue of its price.
        case added = 1
        case filled = 2
        /// Cancelled, or taken off for another reason.
        case removed = 3
        /// Lost lots without a trade and keeps its place.
        case reduced = 4
    }

    package var kind: Kind
    package var side: Side
    package var priceCode: UInt32
    package var orderId: UInt64
    /// Lots that came or went.
    package var lots: UInt64
    /// Lots that rest now; 0: it is gone.
    package var remaining: UInt64
}

extension BookChange {
    /// Nil for an event that changes no book. Orders that wait for their trigger are on no book.
    @inline(__always)
    package init?(_ event: Event) {
        guard let side = Side(rawValue: event.side) else { return nil }
        self.init(
            kind: .added, side: side, priceCode: event.priceCode, orderId: event.orderId, lots: event.lots, remaining: event.remaining)
        switch event.kind {
        case Event.Kind.placed:
            guard remaining > 0 else { return nil }
            lots = remaining
        // The side is the taker's; what shrinks is the maker's order.
        case Event.Kind.fill:
            kind = .filled
            self.side = side.opposite
            orderId = event.counterOrderId
        case Event.Kind.cancelled:
            guard !event.isOfTrigger else { return nil }
            kind = .removed
            lots = remaining
            remaining = 0
        case Event.Kind.reduced:
            guard !event.isOfTrigger else { return nil }
            kind = remaining > 0 ? .reduced : .removed
        // What a modify takes off is told by the reduction before; what is left under the same id was there already.
        case Event.Kind.modified:
            guard remaining > 0, orderId != event.counterOrderId else { return nil }
            lots = remaining
        // Each side leaves its own level, whatever the one price of the auction.
        case Event.Kind.auctionFill:
            kind = .filled
            priceCode = event.otherPriceCode
        default: return nil
        }
    }
}

extension Event {
    /// Of a `cancelled` or `reduced` event: whether the order was waiting for its trigger, and so not on the public book.
    var isOfTrigger: Bool { (kind == Kind.cancelled || kind == Kind.reduced) && counterOrderId == 1 }
    /// Whether lots changed hands.
    var isTrade: Bool { kind == Kind.fill || kind == Kind.auctionFill }
}
