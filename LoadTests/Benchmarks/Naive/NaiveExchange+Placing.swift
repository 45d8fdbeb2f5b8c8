import Engine

extension NaiveExchange {
    /// An order that is about to be placed.
    struct Incoming {
        var account: UInt32
        var flags: PlaceFlags
        var price: UInt32
        var lots: UInt64
        var clientOrderId: UInt64
        var expiryMs: UInt64
        var index: UInt16

        var side: NaiveSide { flags.side == .buy ? .buy : .sell }
        var clientKey: ClientOrderKey { ClientOrderKey(account: account, clientOrderId: clientOrderId) }
    }

    func place(_ order: Incoming) -> RejectCode {
        let code = check(order, freed: nil)
        guard code == .none else { return code }
        let result = execute(order)
        events.append(result)
        if result.lots > 0 { fireTriggers() }
        return .none
    }

    /// Why an order is refused, if it is. The funds of the one that it replaces count as free.
    func check(_ order: Incoming, freed: NaiveOrder?) -> RejectCode {
        guard order.lots > 0 else { return .sizeZero }
        guard order.price < PriceCode.count else { return .priceInvalid }
        let (token, perLot) = given(order.side, price: order.price)
        let (needed, overflow) = order.lots.multipliedReportingOverflow(by: perLot)
        guard !overflow, needed <= Layout.tokenAtomsMax else { return .notionalTooLarge }
        var free = balances[BalanceKey(account: order.account, token: token), default: Balance()].free
        if let freed { free += freed.lots * given(freed.side, price: freed.price).perLot }
        guard free >= (order.flags.timeInForce == .market ? perLot : needed) else { return .insufficientBalance }
        if freed == nil, order.clientOrderId != 0, clientOrders[order.clientKey] != nil { return .clientOrderIdInUse }
        switch order.flags.timeInForce {
        case .postOnly:
            if let best = book.bestPrice(order.side.opposite), order.side.accepts(best, limit: order.price) { return .postOnlyWouldTake }
        case .fillOrKill: return checkFillOrKill(order)
        default: break
        }
        return .none
    }

    private func checkFillOrKill(_ order: Incoming) -> RejectCode {
        var missing = order.lots
        var looked = 0
        var code = RejectCode.wouldNotFill
        book.forEach(order.side.opposite) { maker in
            guard order.side.accepts(maker.price, limit: order.price) else { return false }
            looked += 1
            guard looked <= Layout.fillOrKillReachMax else {
                code = .tooDeep
                return false
            }
            if maker.account == order.account { return order.flags.selfTradePrevention == .cancelMaker }
            if maker.lots >= missing {
                code = .none
                return false
            }
            missing -= maker.lots
            return true
        }
        return code
    }

    /// Fills what can be filled, rests what is to rest; returns the `placed` event.
    func execute(_ order: Incoming) -> Event {
        let (left, filled, isStopped) = fill(order)
        var result = Event()
        result.kind = Event.Kind.placed
        result.side = order.flags.side.rawValue
        result.market = BenchMarket.id
        result.commandIndex = order.index
        result.account = order.account
        result.priceCode = order.price
        result.lots = filled
        result.clientOrderId = order.clientOrderId
        guard left > 0, !isStopped, order.flags.timeInForce.rests else { return result }
        let (token, perLot) = given(order.side, price: order.price)
        let funds = BalanceKey(account: order.account, token: token)
        balances[funds]!.free -= left * perLot
        balances[funds]!.locked += left * perLot
        result.orderId = enter(order, into: book, side: order.side, price: order.price, lots: left)
        result.remaining = left
        return result
    }

    /// Puts an order into a book and the dictionaries; returns its number.
    func enter(_ order: Incoming, into book: NaiveBook, side: NaiveSide, price: UInt32, lots: UInt64) -> UInt64 {
        lastNumber += 1
        book.rest(
            NaiveOrder(
                number: lastNumber, account: order.account, side: side, price: price, lots: lots, clientOrderId: order.clientOrderId,
                expiryMs: order.expiryMs, flags: order.flags.rawValue, limitPrice: order.price))
        if order.clientOrderId != 0 { clientOrders[order.clientKey] = lastNumber }
        if order.expiryMs != 0 { expiries[order.expiryMs, default: []].append(lastNumber) }
        return lastNumber
    }

    private func fill(_ order: Incoming) -> (left: UInt64, filled: UInt64, isStopped: Bool) {
        var left = order.lots
        var filled: UInt64 = 0
        var meetings = 0
        while left > 0, let maker = book.oldestAtBest(order.side.opposite), order.side.accepts(maker.price, limit: order.price) {
            meetings += 1
            guard meetings <= Layout.makersPerOrderMax else { return (left, filled, true) }
            guard maker.account == order.account else {
                let lots = min(left, maker.lots)
                settle(maker, taker: order.account, lots: lots)
                emitFill(maker, order, lots: lots)
                lastPrice = maker.price
                left -= lots
                filled += lots
                if book.reduce(maker.number, by: lots) { forget(maker) }
                continue
            }
            switch order.flags.selfTradePrevention {
            case .cancelTaker: return (left, filled, true)
            case .cancelMaker: lose(maker, maker.lots, order.index)
            case .cancelBoth:
                lose(maker, maker.lots, order.index)
                return (left, filled, true)
            case .decrement:
                let lots = min(left, maker.lots)
                lose(maker, lots, order.index)
                left -= lots
            }
        }
        return (left, filled, false)
    }

    /// A maker loses lots without a trade.
    private func lose(_ maker: NaiveOrder, _ lots: UInt64, _ index: UInt16) {
        unlock(maker, lots: lots)
        if book.reduce(maker.number, by: lots) { forget(maker) }
        emitReduced(maker, .selfTrade, lots: lots, remaining: maker.lots - lots, index)
    }

    func emitReduced(_ order: NaiveOrder, _ reduction: Reduction, lots: UInt64, remaining: UInt64, _ index: UInt16) {
        var event = describe(order, Event.Kind.reduced, index)
        event.code = reduction.rawValue
        event.lots = lots
        event.remaining = remaining
        events.append(event)
    }

    private func emitFill(_ maker: NaiveOrder, _ order: Incoming, lots: UInt64) {
        var event = Event()
        event.kind = Event.Kind.fill
        event.side = order.flags.side.rawValue
        event.market = BenchMarket.id
        event.commandIndex = order.index
        event.account = order.account
        event.counterAccount = maker.account
        event.priceCode = maker.price
        event.counterOrderId = maker.number
        event.lots = lots
        event.remaining = maker.lots - lots
        event.clientOrderId = maker.clientOrderId
        events.append(event)
    }

    /// Moves the funds of one fill, and its fees.
    private func settle(_ maker: NaiveOrder, taker: UInt32, lots: UInt64) {
        let (makerToken, makerPerLot) = given(maker.side, price: maker.price)
        let (takerToken, takerPerLot) = given(maker.side.opposite, price: maker.price)
        let makerGives = makerPerLot * lots
        let takerGives = takerPerLot * lots
        let makerFee = Self.fee(takerGives, market.makerBasisPoints)
        let takerFee = Self.fee(makerGives, market.takerBasisPoints)
        balances[BalanceKey(account: maker.account, token: makerToken)]!.locked -= makerGives
        balances[BalanceKey(account: maker.account, token: takerToken), default: Balance()].free += takerGives - makerFee
        balances[BalanceKey(account: taker, token: takerToken)]!.free -= takerGives
        balances[BalanceKey(account: taker, token: makerToken), default: Balance()].free += makerGives - takerFee
        balances[BalanceKey(account: market.feeAccount, token: takerToken), default: Balance()].free += makerFee
        balances[BalanceKey(account: market.feeAccount, token: makerToken), default: Balance()].free += takerFee
    }
}
