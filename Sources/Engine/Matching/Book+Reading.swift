/// Looking at a book without changing it.
extension Book {
    /// Orders that rest in the book.
    package var orderCount: UInt32 { state.pointee.orderCount }

    /// The best price of a side, or `PriceCode.none`.
    @inline(__always)
    package func bestPrice(_ side: Side) -> UInt32 { best(side).pointee }

    /// The next occupied price behind `priceCode` (lower for bids, higher for asks), or `PriceCode.none`.
    package func nextPrice(_ side: Side, behind priceCode: UInt32) -> UInt32 {
        occupiedPrice(behind: priceCode, side)
    }

    /// Sum of the lots that rest at a price; 0 if none do.
    package func lots(at priceCode: UInt32) -> UInt64 {
        let group = arena.read(groupOffset(priceCode), as: LevelGroup.self).pointee
        guard group.page != 0 else { return 0 }
        return arena.read(Int(levelLink(group, priceCode)) &<< 4, as: Level.self).pointee.lots
    }

    /// Slot of the oldest order at a price, or 0.
    @inline(__always)
    package func firstOrder(at priceCode: UInt32) -> UInt32 {
        let group = arena.read(groupOffset(priceCode), as: LevelGroup.self).pointee
        guard group.occupied &>> UInt64(truncatingIfNeeded: priceCode) & 1 == 1 else { return 0 }
        let link = levelLink(group, priceCode)
        return Order.slot(link: arena.read(Int(link) &<< 4, as: Level.self).pointee.node.next ^ link)
    }

    /// Slot of the order that entered the queue of the same price next, or 0.
    @inline(__always)
    package func order(after slot: UInt32) -> UInt32 {
        let order = self.order(slot)
        let next = order.pointee.node.next ^ Order.link(slot: slot)
        return next == order.pointee.levelLink ? 0 : Order.slot(link: next)
    }

    /// The record in a slot, 1...`orderHighWater`; its lots are 0 if no order rests there.
    @inline(__always)
    package func order(_ slot: UInt32) -> UnsafePointer<Order> { arena.read(Self.orderOffset(slot), as: Order.self) }

    /// The makers that an order of `side` with this limit would meet, in the order in which it would meet them.
    @inline(__always)
    package func makers(against side: Side, limit: UInt32) -> MakerWalk { MakerWalk(self, side.opposite, limit) }

    /// Walks makers; the book must not change meanwhile.
    package struct MakerWalk {
        private let book: Book
        private let side: Side
        private let limit: UInt32
        /// Price of the maker that `next` gave last.
        package private(set) var priceCode: UInt32
        private var slot: UInt32 = 0

        @inline(__always)
        init(_ book: Book, _ side: Side, _ limit: UInt32) {
            self.book = book
            self.side = side
            self.limit = limit
            priceCode = book.bestPrice(side)
        }

        /// Slot of the next maker, 0 at the end.
        @inline(__always)
        package mutating func next() -> UInt32 {
            if slot != 0 {
                slot = book.order(after: slot)
                if slot != 0 { return slot }
                priceCode = book.nextPrice(side, behind: priceCode)
            }
            guard Book.rank(priceCode, side) >= Book.rank(limit, side) else { return 0 }
            slot = book.firstOrder(at: priceCode)
            return slot
        }
    }

    @inline(__always)
    func levelLink(_ group: LevelGroup, _ priceCode: UInt32) -> UInt32 {
        Order.levelLinkBase | group.page &<< 6 | (priceCode & 63)
    }
}
