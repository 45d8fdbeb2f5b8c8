import Engine

/// The levels of one market, kept from events: what subscribers to the book see. Pure.
///
/// Invariant: a level is present exactly if orders rest there, with the sum of their lots, as of the last event applied.
/// Changes collect until they are taken, so that a level that changed often since then is told once (conflation).
package struct BookMirror {
    /// By key: the price code, with the side in bit 31.
    private var lots: [UInt32: UInt64] = [:]
    private var changed: Set<UInt32> = []
    /// All levels in the order of a snapshot, kept until the next change: asking often costs no sorting.
    private var sorted: (bids: [BookLevel], asks: [BookLevel])?
    /// False once an event took more off a level than was there: the start or an event was wrong, and so may the levels be.
    package private(set) var isConsistent = true

    /// Starts from the levels of a recovered book.
    package init(levels: [BookLevel] = []) {
        for level in levels where level.lots > 0 { lots[Self.key(level.priceCode, level.side), default: 0] += level.lots }
    }

    package var levelCount: Int { lots.count }
    package var hasChanges: Bool { !changed.isEmpty }

    /// Lots at a level, 0 if nothing rests there.
    package func lots(priceCode: UInt32, side: Side) -> UInt64 { lots[Self.key(priceCode, side)] ?? 0 }

    /// Follows one event of this market; kinds that do not change a book are ignored. Orders that wait for their trigger are on no book.
    package mutating func apply(_ event: Event) {
        guard let side = Side(rawValue: event.side) else { return }
        switch event.kind {
        case Event.Kind.placed: if event.remaining > 0 { add(event.remaining, at: Self.key(event.priceCode, side)) }
        // The side is the taker's; what shrinks is the maker's level.
        case Event.Kind.fill: remove(event.lots, at: Self.key(event.priceCode, side.opposite))
        case Event.Kind.cancelled: if !event.isOfTrigger { remove(event.remaining, at: Self.key(event.priceCode, side)) }
        case Event.Kind.reduced: if !event.isOfTrigger { remove(event.lots, at: Self.key(event.priceCode, side)) }
        // What a modify takes off is told by the reduction before; what is left under the same id was there already.
        case Event.Kind.modified:
            if event.remaining > 0, event.orderId != event.counterOrderId { add(event.remaining, at: Self.key(event.priceCode, side)) }
        // Each side leaves its own level, whatever the one price of the auction.
        case Event.Kind.auctionFill: remove(event.lots, at: Self.key(event.otherPriceCode, side))
        default: break
        }
    }

    /// Passes every level that changed since the last call, with its present size (0: gone), in no particular order.
    package mutating func takeChanges(_ body: (BookLevel) -> Void) {
        for key in changed { body(BookLevel(key: key, lots: lots[key] ?? 0)) }
        changed.removeAll(keepingCapacity: true)
    }

    /// Forgets the changes, since nobody listens.
    package mutating func dropChanges() { changed.removeAll(keepingCapacity: true) }

    /// Up to `depth` best levels of each side: bids first, each side best first.
    package mutating func snapshot(depth: Int) -> [BookLevel] {
        let (bids, asks) = sorted ?? sort()
        return Array(bids.prefix(depth)) + Array(asks.prefix(depth))
    }

    private mutating func sort() -> (bids: [BookLevel], asks: [BookLevel]) {
        let levels = lots.map { BookLevel(key: $0.key, lots: $0.value) }
        let both = (
            bids: levels.filter { $0.side == .buy }.sorted { $0.priceCode > $1.priceCode },
            asks: levels.filter { $0.side == .sell }.sorted { $0.priceCode < $1.priceCode }
        )
        sorted = both
        return both
    }

    private mutating func add(_ more: UInt64, at key: UInt32) {
        lots[key, default: 0] &+= more
        noteChange(of: key)
    }

    private mutating func remove(_ fewer: UInt64, at key: UInt32) {
        let left = lots[key, default: 0]
        if left < fewer { isConsistent = false }
        lots[key] = left > fewer ? left - fewer : nil
        noteChange(of: key)
    }

    private mutating func noteChange(of key: UInt32) {
        changed.insert(key)
        if sorted != nil { sorted = nil }
    }

    private static func key(_ priceCode: UInt32, _ side: Side) -> UInt32 { priceCode | UInt32(side.rawValue) << 31 }
}

extension BookLevel {
    fileprivate init(key: UInt32, lots: UInt64) {
        self.init(priceCode: key & 0x7FFF_FFFF, side: key >> 31 == 0 ? .buy : .sell, lots: lots)
    }
}

extension Event {
    /// Of a `cancelled` or `reduced` event: whether the order was waiting for its trigger, and so not on the public book.
    var isOfTrigger: Bool { (kind == Kind.cancelled || kind == Kind.reduced) && counterOrderId == 1 }
}
