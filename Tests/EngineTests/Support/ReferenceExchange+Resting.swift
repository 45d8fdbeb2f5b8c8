import Engine

/// What happens to orders that rest or wait: cancels, modifications, losses.
extension ReferenceExchange {
    func cancel(_ market: UInt16, number: UInt64, _ account: UInt32, _ index: UInt16) -> RejectCode {
        guard markets[market] != nil else { return .unknownMarket }
        guard let order = orders.first(where: { $0.number == number && $0.market == market }) else { return .unknownOrder }
        guard order.account == account else { return .notYourOrder }
        return cancel(order, index)
    }

    func cancel(_ market: UInt16, clientOrderId: UInt64, _ account: UInt32, _ index: UInt16) -> RejectCode {
        guard markets[market] != nil else { return .unknownMarket }
        guard clientOrderId != 0,
            let order = orders.first(where: { $0.account == account && $0.clientOrderId == clientOrderId && $0.market == market })
        else { return .unknownOrder }
        return cancel(order, index)
    }

    private func cancel(_ order: Order, _ index: UInt16) -> RejectCode {
        takeOff(order, lots: order.lots)
        var cancelled = event(Event.Kind.cancelled, of: order, index)
        cancelled.remaining = order.lots
        cancelled.counterOrderId = order.trigger == nil ? 0 : 1
        events.append(cancelled)
        return .none
    }

    func cancelAll(_ market: UInt16, _ sides: SideSelection, _ account: UInt32, _ index: UInt16) -> RejectCode {
        guard market == 0 || markets[market] != nil else { return .unknownMarket }
        var event = Event()
        event.kind = Event.Kind.cancelledAll
        event.market = market
        event.commandIndex = index
        event.account = account
        event.lots = cancelOrders(account, market, sides, .cancelledAll, index)
        events.append(event)
        return .none
    }

    /// Cancels an account's orders, the newest first.
    func cancelOrders(_ account: UInt32, _ market: UInt16, _ sides: SideSelection, _ reason: Reduction, _ index: UInt16) -> UInt64 {
        let chosen = orders.filter {
            $0.account == account && (market == 0 || $0.market == market)
                && (sides == .both || (sides == .buys && $0.side == .buy) || (sides == .sells && $0.side == .sell))
        }
        for order in chosen.reversed() { reduce(order.number, by: order.lots, reason, index) }
        return UInt64(chosen.count)
    }

    func modify(
        _ market: UInt16, _ number: UInt64, _ priceCode: UInt32, _ lots: UInt64, _ account: UInt32, _ index: UInt16
    ) -> RejectCode {
        guard markets[market] != nil else { return .unknownMarket }
        guard let old = orders.first(where: { $0.number == number && $0.market == market }) else { return .unknownOrder }
        guard old.account == account else { return .notYourOrder }
        guard old.trigger == nil else { return .unknownOrder }
        guard !isExpired(old) else { return .expiryPassed }
        guard lots > 0 else { return .sizeZero }
        var result: Event
        if priceCode == old.priceCode && lots < old.lots {
            reduce(number, by: old.lots - lots, .modified, index)
            result = event(Event.Kind.modified, of: old, index)
            result.remaining = lots
        } else {
            let flags = PlaceFlags(side: old.side, timeInForce: old.flags.timeInForce)
            let order = Command.Order(market: market, flags: flags, priceCode: priceCode, lots: lots, clientOrderId: old.clientOrderId)
            let code = check(order, account, replaced: old)
            guard code == .none else { return code }
            reduce(number, by: old.lots, .modified, index)
            result = execute(order, expiryMs: old.expiryMs, account, index)
            result.kind = Event.Kind.modified
        }
        result.counterOrderId = number
        events.append(result)
        fireTriggers(market)
        return .none
    }

    /// Takes lots off an order without a trade.
    func reduce(_ number: UInt64, by lots: UInt64, _ reason: Reduction, _ index: UInt16) {
        let order = orders.first { $0.number == number }!
        takeOff(order, lots: lots)
        var reduced = event(Event.Kind.reduced, of: order, index)
        reduced.code = reason.rawValue
        reduced.lots = lots
        reduced.remaining = order.lots - lots
        reduced.counterOrderId = order.trigger == nil ? 0 : 1
        events.append(reduced)
    }

    func takeOff(_ order: Order, lots: UInt64) {
        if order.trigger == nil { unlock(order, lots: lots) }
        let place = orders.firstIndex { $0.number == order.number }!
        orders[place].lots -= lots
        if orders[place].lots == 0 { orders.remove(at: place) }
    }
}
