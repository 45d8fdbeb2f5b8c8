import Engine

/// Markets that open by an auction.
extension ReferenceExchange {
    func openMarkets() {
        for id in markets.keys.sorted() {
            guard let opensAtMs = markets[id]!.opensAtMs, opensAtMs <= nowMs else { continue }
            let best = clearingPrice(id)
            let traded = best.map { uncross(id, at: $0.price, $0.lots) } ?? 0
            markets[id]!.opensAtMs = nil
            var event = Event()
            event.kind = Event.Kind.marketOpened
            event.market = id
            event.priceCode = markets[id]!.lastPrice ?? PriceCode.none
            event.lots = traded
            events.append(event)
        }
    }

    /// Between two neighbouring prices of orders nothing changes: of each such stretch the price nearest to the reference is tried, and
    /// everything is summed anew.
    private func clearingPrice(_ id: UInt16) -> (price: UInt32, lots: UInt64)? {
        let market = markets[id]!
        let here = orders.filter { $0.market == id }
        let edges = Set(here.flatMap { [$0.priceCode, $0.priceCode + 1] }).sorted()
        var best: (key: [Int64], price: UInt32, lots: UInt64)?
        for (first, next) in zip(edges, edges.dropFirst()) {
            let demand = here.filter { $0.side == .buy && $0.priceCode >= first }.reduce(0) { $0 + $1.lots }
            let supply = here.filter { $0.side == .sell && $0.priceCode <= first }.reduce(0) { $0 + $1.lots }
            guard min(demand, supply) > 0, let price = nearest(market, Int64(first), Int64(next) - 1) else { continue }
            let imbalance = max(demand, supply) - min(demand, supply)
            let distance = abs(price - Int64(market.referencePrice))
            let key = [-Int64(min(demand, supply)), Int64(imbalance), distance, price]
            if best == nil || key.lexicographicallyPrecedes(best!.key) { best = (key, UInt32(price), min(demand, supply)) }
        }
        return best.map { ($0.price, $0.lots) }
    }

    /// Looks for a price that is fine enough, further and further away from the reference.
    private func nearest(_ market: Market, _ first: Int64, _ last: Int64) -> Int64? {
        let reference = Int64(market.referencePrice)
        let start = max(first, min(last, reference))
        for distance in Int64(0)...10_000 {
            for price in [start - distance, start + distance] where price >= first && price <= last {
                if unitCost(market, UInt32(price)) != nil { return price }
            }
        }
        return nil
    }

    /// Returns the lots that traded.
    private func uncross(_ id: UInt16, at price: UInt32, _ lots: UInt64) -> UInt64 {
        var left = lots
        var traded: UInt64 = 0
        while left > 0 {
            let here = orders.filter { $0.market == id }
            let high = here.filter { $0.side == .buy }.map(\.priceCode).max()!
            let low = here.filter { $0.side == .sell }.map(\.priceCode).min()!
            let buy = here.first { $0.side == .buy && $0.priceCode == high }!
            let sell = here.first { $0.side == .sell && $0.priceCode == low }!
            let both = min(left, buy.lots, sell.lots)
            left -= both
            if buy.account == sell.account {
                reduce(buy.number, by: both, .selfTrade, 0xFFFF)
                reduce(sell.number, by: both, .selfTrade, 0xFFFF)
            } else {
                traded += both
                trade(buy, sell, price, both)
            }
        }
        return traded
    }

    private func trade(_ buy: Order, _ sell: Order, _ price: UInt32, _ lots: UInt64) {
        let market = markets[buy.market]!
        markets[buy.market]!.lastPrice = price
        for order in [buy, sell] { takeOff(order, lots: lots) }
        let quote = UInt64(unitCost(market, price)! * UInt128(lots))
        let base = market.lotAtoms * lots
        let baseFee = feeOn(base, market.makerFee, buy.account)
        let quoteFee = feeOn(quote, market.makerFee, sell.account)
        free[Key(account: buy.account, token: market.quote)]! -= quote
        free[Key(account: sell.account, token: market.base)]! -= base
        free[Key(account: buy.account, token: market.base), default: 0] += base - baseFee
        free[Key(account: sell.account, token: market.quote), default: 0] += quote - quoteFee
        free[Key(account: market.feeAccount, token: market.base), default: 0] += baseFee
        free[Key(account: market.feeAccount, token: market.quote), default: 0] += quoteFee
        for (order, other) in [(buy, sell), (sell, buy)] {
            var fill = event(Event.Kind.auctionFill, of: order, 0xFFFF)
            fill.otherPriceCode = order.priceCode
            fill.priceCode = price
            fill.counterAccount = other.account
            fill.counterOrderId = other.number
            fill.lots = lots
            fill.remaining = order.lots - lots
            events.append(fill)
        }
    }
}
