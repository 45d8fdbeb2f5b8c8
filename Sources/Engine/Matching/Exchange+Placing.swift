/// Placing and cancelling orders: a cascade of checks, then a point after which nothing fails.
extension Exchange {
    mutating func place(_ command: Command.Order, account: UInt32, commandIndex: UInt16) -> RejectCode {
        let (id, side, timeInForce) = (command.market, command.flags.side, command.flags.timeInForce)
        let (priceCode, lots, clientOrderId) = (command.priceCode, command.lots, command.clientOrderId)
        guard timeInForce != .fillOrKill, timeInForce != .market else { return .timeInForceInvalid }
        guard isListed(market: id) else { return .unknownMarket }
        let market = pointer(marketOffset(UInt32(id)), as: Market.self)
        guard lots > 0 else { return .sizeZero }
        guard priceCode < PriceCode.count else { return .priceInvalid }
        guard let atomsPerLot = Notional.atomsPerLot(priceCode: priceCode, notionalExponent: market.pointee.notionalExponent)
        else { return .priceTooFine }
        let (baseAtoms, baseOverflow) = lots.multipliedReportingOverflow(by: market.pointee.lotAtoms)
        guard !baseOverflow, baseAtoms <= Layout.tokenAtomsMax else { return .sizeTooLarge }
        let (quoteAtoms, quoteOverflow) = lots.multipliedReportingOverflow(by: atomsPerLot)
        guard !quoteOverflow, quoteAtoms <= Layout.tokenAtomsMax else { return .notionalTooLarge }

        let base = market.pointee.baseToken
        let quote = market.pointee.quoteToken
        let given = side == .buy ? quote : base
        let needed = side == .buy ? quoteAtoms : baseAtoms
        guard freeAtoms(account: account, token: given) >= needed else { return .insufficientBalance }
        if clientOrderId != 0 {
            let (slot, others) = searchOrder(account: account, clientOrderId: clientOrderId)
            guard slot == 0 else { return .clientOrderIdInUse }
            guard others < Layout.ordersPerBucketMax else { return .tooManyOpenOrders }
        }
        let incoming = Incoming(account: account, side: side, priceCode: priceCode, lots: lots)
        let book = orderBook(UInt32(id))
        if book.crosses(side, limit: priceCode) {
            guard timeInForce != .postOnly else { return .postOnlyWouldTake }
            guard !wouldTradeWithItself(incoming, book: book) else { return .wouldNotFill }
        }
        if timeInForce != .immediateOrCancel {
            let open = pointer(accountOffset(account), as: Account.self).pointee.openOrderCount
            guard open < UInt32(Layout.openOrdersPerAccountMax) else { return .tooManyOpenOrders }
            guard canRest else { return .capacityExhausted }
        }
        guard canOpenBalances(pages: 2) else { return .capacityExhausted }

        // From here on nothing fails.
        openBalance(account: account, token: base)
        openBalance(account: account, token: quote)
        let left = match(incoming, market: market, commandIndex: commandIndex)
        var result = Event()
        result.kind = Event.Kind.placed
        result.side = side.rawValue
        result.market = id
        result.commandIndex = commandIndex
        result.account = account
        result.priceCode = priceCode
        result.lots = lots - left
        result.clientOrderId = clientOrderId
        if left > 0 && timeInForce != .immediateOrCancel {
            let balance = writableBalance(account: account, token: given)
            let locked = left * (side == .buy ? atomsPerLot : market.pointee.lotAtoms)
            balance.pointee.free -= locked
            balance.pointee.locked += locked
            let slot = rest(
                book: UInt32(id), account: account, side: side, priceCode: priceCode, lots: left, clientOrderId: clientOrderId)
            result.orderId = Order.id(slot: slot, generation: pointer(orderOffset(slot), as: Order.self).pointee.generation)
            result.remaining = left
        }
        emit(result)
        return .none
    }

    mutating func cancel(account: UInt32, market id: UInt16, orderId: UInt64, commandIndex: UInt16) -> RejectCode {
        guard isListed(market: id) else { return .unknownMarket }
        let slot = UInt32(truncatingIfNeeded: orderId)
        guard slot > 0, slot < UInt32(Layout.orderCapacity) else { return .unknownOrder }
        let order = pointer(orderOffset(slot), as: Order.self)
        guard order.pointee.lots > 0, order.pointee.generation == UInt32(orderId >> 32), order.pointee.book == UInt32(id)
        else { return .unknownOrder }
        guard order.pointee.account == account else { return .notYourOrder }
        cancelResting(slot: slot, commandIndex: commandIndex)
        return .none
    }

    mutating func cancel(account: UInt32, market id: UInt16, clientOrderId: UInt64, commandIndex: UInt16) -> RejectCode {
        guard isListed(market: id) else { return .unknownMarket }
        let slot = clientOrderId == 0 ? 0 : findOrder(account: account, clientOrderId: clientOrderId)
        guard slot != 0, pointer(orderOffset(slot), as: Order.self).pointee.book == UInt32(id) else { return .unknownOrder }
        cancelResting(slot: slot, commandIndex: commandIndex)
        return .none
    }

    /// Whether a market with this id is listed.
    func isListed(market: UInt16) -> Bool {
        let id = UInt32(market)
        return id > 0 && id < UInt32(Layout.marketCapacity) && pointer(marketOffset(id), as: Market.self).pointee.id == id
    }
}
