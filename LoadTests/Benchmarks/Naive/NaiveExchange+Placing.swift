import Engine

extension NaiveExchange {
    func place(_ order: Command.Order, account: Account, index: UInt16) -> RejectCode {
        guard order.market == BenchMarket.id else { return .unknownMarket }
        guard order.lots > 0 else { return .sizeZero }
        guard order.priceCode < PriceCode.count else { return .priceInvalid }
        let side: NaiveSide = order.flags.side == .buy ? .buy : .sell
        let (token, perLot) = given(side, price: order.priceCode)
        let (needed, overflow) = order.lots.multipliedReportingOverflow(by: perLot)
        guard !overflow, needed <= Layout.tokenAtomsMax else { return .notionalTooLarge }
        let funds = BalanceKey(account: account.id, token: token)
        guard balances[funds, default: Balance()].free >= needed else { return .insufficientBalance }
        let clientKey = ClientOrderKey(account: account.id, clientOrderId: order.clientOrderId)
        if order.clientOrderId != 0, clientOrders[clientKey] != nil { return .clientOrderIdInUse }
        if order.flags.timeInForce == .postOnly, let best = book.bestPrice(side.opposite), side.accepts(best, limit: order.priceCode) {
            return .postOnlyWouldTake
        }

        let left = fill(order, side, account: account, index: index)
        var result = Event()
        result.kind = Event.Kind.placed
        result.side = order.flags.side.rawValue
        result.market = order.market
        result.commandIndex = index
        result.account = account.id
        result.priceCode = order.priceCode
        result.lots = order.lots - left
        result.clientOrderId = order.clientOrderId
        if left > 0, order.flags.timeInForce.rests {
            balances[funds]!.free -= left * perLot
            balances[funds]!.locked += left * perLot
            lastNumber += 1
            book.rest(
                NaiveOrder(
                    number: lastNumber, account: account.id, side: side, price: order.priceCode, lots: left,
                    clientOrderId: order.clientOrderId))
            if order.clientOrderId != 0 { clientOrders[clientKey] = lastNumber }
            result.orderId = lastNumber
            result.remaining = left
        }
        events.append(result)
        return .none
    }

    /// Fills what the book allows; returns the lots left.
    private func fill(_ order: Command.Order, _ side: NaiveSide, account: Account, index: UInt16) -> UInt64 {
        book.fill(side, limit: order.priceCode, lots: order.lots) { maker, lots, isGone in
            settle(maker, taker: account.id, lots: lots)
            if isGone { forget(maker) }
            var event = Event()
            event.kind = Event.Kind.fill
            event.side = order.flags.side.rawValue
            event.market = order.market
            event.commandIndex = index
            event.account = account.id
            event.counterAccount = maker.account
            event.priceCode = maker.price
            event.counterOrderId = maker.number
            event.lots = lots
            event.remaining = maker.lots - lots
            event.clientOrderId = maker.clientOrderId
            events.append(event)
        }
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
