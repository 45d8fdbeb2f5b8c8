/// An order that was found good, against the book of its market.
extension Exchange {
    /// Fills what can be filled, and rests what is left if it is to rest. Cannot fail. Returns the `placed` event, which is not emitted yet.
    @inline(__always)
    mutating func execute(_ order: Incoming, _ terms: Terms) -> Event {
        let market = pointer(marketOffset(order.market), as: Market.self)
        openBalance(account: order.account, token: market.pointee.baseToken)
        openBalance(account: order.account, token: market.pointee.quoteToken)
        var outcome = MatchOutcome(left: order.lots)
        if orderBook(terms.book).crosses(order.side, limit: order.priceCode) { match(order, market, &outcome) }

        var result = Event()
        result.kind = Event.Kind.placed
        result.side = order.side.rawValue
        result.market = UInt16(truncatingIfNeeded: order.market)
        result.commandIndex = order.commandIndex
        result.account = order.account
        result.priceCode = order.priceCode
        result.lots = outcome.filled
        result.clientOrderId = order.clientOrderId
        if outcome.left > 0 && order.timeInForce.rests && !outcome.isStopped {
            let balance = writableBalance(account: order.account, token: terms.token)
            let locked = outcome.left * terms.atomsPerLot
            balance.pointee.free -= locked
            balance.pointee.locked += locked
            let slot = rest(order, lots: outcome.left, book: terms.book)
            result.orderId = Order.id(slot: slot, generation: pointer(orderOffset(slot), as: Order.self).pointee.generation)
            result.remaining = outcome.left
        }
        return result
    }

    struct MatchOutcome {
        var left: UInt64
        var filled: UInt64 = 0
        /// What is left must not rest, whatever the order's time in force.
        var isStopped = false
    }

    /// Fills as much as the book allows and settles it.
    private mutating func match(_ order: Incoming, _ market: UnsafePointer<Market>, _ outcome: inout MatchOutcome) {
        let book = orderBook(order.market)
        let isMarket = order.timeInForce == .market
        let funds = isMarket ? freeAtoms(account: order.account, token: Self.given(order.side, market)) : 0
        let lots = isMarket && order.side == .sell ? min(order.lots, funds / market.pointee.lotAtoms) : order.lots
        outcome = withUnsafeMutablePointer(to: &self) { exchange in
            var settlement = Settlement(exchange: exchange, incoming: order, market: market)
            if isMarket && order.side == .buy { settlement.limit(toQuoteAtoms: funds) }
            let left = book.match(side: order.side, limit: order.priceCode, lots: lots, policy: &settlement)
            settlement.finish()
            return MatchOutcome(left: left, filled: lots - left - settlement.decrementedLots, isStopped: settlement.isStopped)
        }
    }

    /// The token that an order of this side gives.
    @inline(__always)
    static func given(_ side: Side, _ market: UnsafePointer<Market>) -> UInt32 {
        side == .buy ? market.pointee.quoteToken : market.pointee.baseToken
    }

    /// Puts what is left of an order on the book and into its account's lists. There must be room. Returns the order's slot.
    @inline(__always)
    private mutating func rest(_ order: Incoming, lots: UInt64, book: UInt32) -> UInt32 {
        let slot = orderBook(book).add(
            side: order.side, priceCode: order.priceCode, lots: lots, account: order.account, hasExpiry: order.expiryMs != 0)
        linkToAccount(slot: slot, account: order.account, clientOrderId: order.clientOrderId, flags: order.flags)
        if order.expiryMs != 0 { armTimer(order: slot, expiryMs: order.expiryMs) }
        return slot
    }

    /// Takes an order off its book and out of its account's lists. The caller has settled the locked funds.
    mutating func remove(slot: UInt32, book: UInt32) {
        unlinkFromAccount(slot: slot, account: pointer(orderOffset(slot), as: Order.self).pointee.account)
        orderBook(book).remove(slot: slot)
    }

    /// Whether one more order can rest.
    @inline(__always)
    var canRest: Bool { orderBook(0).hasRoom }
}
