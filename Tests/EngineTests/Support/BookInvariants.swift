import Testing

@testable import Engine

/// What `Book` promises between two operations.
func expectBookInvariants(_ book: Book, sourceLocation: SourceLocation = #_sourceLocation) {
    if let fault = book.findFault() { Issue.record("book \(book.index): \(fault)", sourceLocation: sourceLocation) }
}

extension Book {
    /// Walks the book both ways; what is wrong with it, or nil. (Plain comparisons: an `#expect` for each of them would take minutes.)
    func findFault() -> String? {
        let state = self.state.pointee
        if state.bestBid != PriceCode.none && state.bestAsk != PriceCode.none && state.bestBid >= state.bestAsk { return "crossed" }
        var count: UInt32 = 0
        for side in [Side.buy, .sell] {
            var price = bestPrice(side)
            var group = UInt32.max
            while price != PriceCode.none {
                guard let orders = countRing(price, side) else { return "the ring at price \(price) is broken" }
                count += orders
                if price / 64 != group {
                    group = price / 64
                    if !emptyLevelsAreZero(price) { return "an empty level beside price \(price) is not all zero" }
                }
                let next = nextPrice(side, behind: price)
                if next != PriceCode.none && Self.rank(next, side) >= Self.rank(price, side) { return "prices of \(side) are out of order" }
                price = next
            }
        }
        return count == state.orderCount ? nil : "\(count) orders found, \(state.orderCount) counted"
    }

    /// Follows a level's ring; the number of its orders, nil if anything is wrong with it.
    private func countRing(_ price: UInt32, _ side: Side) -> UInt32? {
        let group = arena.read(groupOffset(price), as: LevelGroup.self).pointee
        guard group.page != 0, group.occupied >> UInt64(price % 64) & 1 == 1 else { return nil }
        let levelLink = Order.levelLinkBase | group.page << 6 | price % 64
        let level = arena.read(Int(levelLink) << 4, as: Level.self).pointee
        var lots: UInt64 = 0
        var count: UInt32 = 0
        var previous = levelLink
        var link = level.node.next ^ levelLink
        while link != levelLink {
            let order = self.order(Order.slot(link: link)).pointee
            guard order.lots > 0, order.node.previous ^ link == previous, order.priceCode == price, order.side == side, order.book == index,
                order.levelLink == levelLink
            else { return nil }
            // Triggers lock nothing, so nothing bounds their sum.
            lots &+= order.lots
            count += 1
            previous = link
            link = order.node.next ^ link
        }
        return count > 0 && level.node.previous ^ levelLink == previous && level.lots == lots && self.lots(at: price) == lots ? count : nil
    }

    /// Whether the unoccupied levels of the page that `price` lies in are all zero.
    private func emptyLevelsAreZero(_ price: UInt32) -> Bool {
        let group = arena.read(groupOffset(price), as: LevelGroup.self).pointee
        for place in 0..<UInt32(64) where group.occupied >> UInt64(place) & 1 == 0 {
            let level = arena.read(Int(Order.levelLinkBase | group.page << 6 | place) << 4, as: Level.self).pointee
            guard level.node.next | level.node.previous == 0, level.lots == 0 else { return false }
        }
        return true
    }
}
