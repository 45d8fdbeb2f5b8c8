/// An incoming order against the book.
extension Book {
    /// Whether an order of `side` with this limit would meet a maker.
    @inline(__always)
    package func crosses(_ side: Side, limit: UInt32) -> Bool {
        let opposite = side.opposite
        return Self.rank(best(opposite).pointee, opposite) >= Self.rank(limit, opposite)
    }

    /// Lets an incoming order meet the makers at `limit` or better: best price first, oldest order first, each at the maker's price, until
    /// it has no lots left, the policy stops it or nothing crosses. Returns the lots that are left. Cannot fail.
    @inline(__always)
    package func match<Policy: MatchingPolicy>(side: Side, limit: UInt32, lots: UInt64, policy: inout Policy) -> UInt64 {
        guard crosses(side, limit: limit) else { return lots }
        let makerSide = side.opposite
        let limitRank = Self.rank(limit, makerSide)
        let best = self.best(makerSide)
        var incoming = Incoming(lots: lots, lastPrice: state.pointee.lastPrice)
        arena.touch(stateOffset)
        arena.touch(Layout.header)
        repeat {
            matchLevel(best.pointee, makerSide, &incoming, &policy)
        } while incoming.lots != 0 && !incoming.stopped && Self.rank(best.pointee, makerSide) >= limitRank
        state.pointee.lastPrice = incoming.lastPrice
        state.pointee.fillCount &+= incoming.fillCount
        state.pointee.orderCount &-= incoming.makersGone
        pools.pointee.openOrderCount &-= incoming.makersGone
        return incoming.lots
    }

    /// What a match has come to; in registers while it runs.
    private struct Incoming {
        var lots: UInt64
        var lastPrice: UInt32
        var fillCount: UInt64 = 0
        var makersGone: UInt32 = 0
        var stopped = false
    }

    @inline(__always)
    private func matchLevel<Policy: MatchingPolicy>(
        _ priceCode: UInt32, _ makerSide: Side, _ incoming: inout Incoming, _ policy: inout Policy
    ) {
        let page = arena.read(groupOffset(priceCode), as: LevelGroup.self).pointee.page
        let levelLink = Order.levelLinkBase | page &<< 6 | (priceCode & 63)
        let level = arena.write(Int(levelLink) &<< 4, as: Level.self)
        var levelLots = level.pointee.lots
        var link = level.pointee.node.next ^ levelLink
        repeat {
            let slot = Order.slot(link: link)
            let order = arena.unmarked(Int(link) &<< 4, as: Order.self)
            let maker = UnsafePointer(order)
            let available = maker.pointee.lots
            var lots = min(available, incoming.lots)
            switch policy.meet(maker, slot: slot, priceCode: priceCode, lots: incoming.lots) {
            case .fill:
                incoming.fillCount &+= 1
                incoming.lastPrice = priceCode
                incoming.lots &-= lots
                policy.filled(maker, slot: slot, priceCode: priceCode, lots: lots, remaining: available &- lots)
            case .fillAndStop(let fewer):
                lots = fewer
                incoming.stopped = true
                incoming.fillCount &+= 1
                incoming.lastPrice = priceCode
                incoming.lots &-= lots
                policy.filled(maker, slot: slot, priceCode: priceCode, lots: lots, remaining: available &- lots)
            case .remove:
                lots = available
            case .reduce:
                incoming.lots &-= lots
                policy.reduced(maker, slot: slot, priceCode: priceCode, lots: lots, remaining: available &- lots)
            case .stop:
                incoming.stopped = true
                lots = 0
            }
            levelLots &-= lots
            arena.touch(Int(link) &<< 4)
            if lots != available {
                order.pointee.lots = available &- lots
                break
            }
            policy.leaving(maker, slot: slot)
            incoming.makersGone &+= 1
            let next = maker.pointee.node.next ^ link
            giveBackUnmarked(order, slot)
            link = next
        } while incoming.lots != 0 && link != levelLink
        level.pointee.lots = levelLots
        level.pointee.node.next = link ^ levelLink
        // The ring closes at the first order that is left, or at the level itself.
        node(link).pointee.previous = levelLink ^ link
        if link == levelLink { vacate(side: makerSide, priceCode: priceCode) }
    }
}
