/// Commands about an order that rests: cancelling it, changing it.
extension Exchange {
    mutating func cancel(account: UInt32, market id: UInt16, orderId: UInt64, commandIndex: UInt16) -> RejectCode {
        let (slot, code) = find(orderId, account: account, market: id)
        guard code == .none else { return code }
        guard !isFrozen(pointer(orderOffset(slot), as: Order.self).pointee) else { return .marketOpening }
        cancelResting(slot: slot, commandIndex: commandIndex)
        return .none
    }

    mutating func cancel(account: UInt32, market id: UInt16, clientOrderId: UInt64, commandIndex: UInt16) -> RejectCode {
        guard isListed(market: id) else { return .unknownMarket }
        let slot = clientOrderId == 0 ? 0 : findOrder(account: account, clientOrderId: clientOrderId)
        guard slot != 0, pointer(orderOffset(slot), as: Order.self).pointee.market == UInt32(id) else { return .unknownOrder }
        guard !isFrozen(pointer(orderOffset(slot), as: Order.self).pointee) else { return .marketOpening }
        cancelResting(slot: slot, commandIndex: commandIndex)
        return .none
    }

    /// Cancels the account's orders on a market, or on all (0).
    mutating func cancelAll(account: UInt32, market id: UInt16, sides: SideSelection, commandIndex: UInt16) -> RejectCode {
        if id != 0 {
            guard isListed(market: id) else { return .unknownMarket }
            guard pointer(marketOffset(UInt32(id)), as: Market.self).pointee.phase != MarketPhase.uncrossing else { return .marketOpening }
        }
        guard vainLooks < Layout.vainLooksPerPayloadMax else { return .tooDeep }
        let open = pointer(accountOffset(account), as: Account.self).pointee.openOrderCount
        let (cancelled, _) = cancelOrders(of: account, market: UInt32(id), sides: sides, .cancelledAll, commandIndex: commandIndex)
        vainLooks += Int(open - cancelled)
        var event = Event()
        event.kind = Event.Kind.cancelledAll
        event.market = id
        event.commandIndex = commandIndex
        event.account = account
        event.lots = UInt64(cancelled)
        emit(event)
        return .none
    }

    /// Gives a resting order another price or size. With the same price and fewer lots it keeps its id and its place; otherwise it leaves the
    /// book and is placed anew, which may fill it, or, if that would be refused, stays as it was.
    mutating func modify(
        account: UInt32, market id: UInt16, orderId: UInt64, priceCode: UInt32, lots: UInt64, commandIndex: UInt16
    ) -> RejectCode {
        let (slot, code) = find(orderId, account: account, market: id)
        guard code == .none else { return code }
        let old = pointer(orderOffset(slot), as: Order.self).pointee
        guard !isTrigger(old) else { return .unknownOrder }
        guard !old.hasExpiry || !isExpired(slot: slot) else { return .expiryPassed }
        guard lots > 0 else { return .sizeZero }
        if priceCode == old.priceCode && lots < old.lots {
            guard !isFrozen(old) else { return .marketOpening }
            shrink(slot, old, to: lots, commandIndex)
            return .none
        }
        let detail = pointer(detailOffset(slot), as: OrderDetail.self).pointee
        let placed = PlaceFlags(rawValue: UInt8(truncatingIfNeeded: detail.placeFlags))
        let order = Incoming(
            Command.Order(
                market: id, flags: PlaceFlags(side: old.side, timeInForce: placed?.timeInForce ?? .goodTilCancelled), priceCode: priceCode,
                lots: lots, clientOrderId: detail.clientOrderId),
            expiryMs: detail.expiryMs, account: account, commandIndex: commandIndex)
        var terms = Terms()
        let refusal = check(order, freed: slot, terms: &terms)
        guard refusal == .none else { return refusal }

        // From here on nothing fails.
        reduceToNothing(slot: slot, .modified, commandIndex: commandIndex)
        var result = execute(order, terms)
        result.kind = Event.Kind.modified
        result.counterOrderId = orderId
        emit(result)
        fireTriggers(market: UInt32(id), moved: result.lots > 0)
        return .none
    }

    private mutating func shrink(_ slot: UInt32, _ old: Order, to lots: UInt64, _ commandIndex: UInt16) {
        let description = description(slot: slot)
        unlock(lots: old.lots - lots, of: old)
        orderBook(old.book).shrink(slot: slot, to: lots)
        emitReduced(description, .modified, lots: old.lots - lots, remaining: lots, commandIndex: commandIndex)
        var result = description.event
        result.kind = Event.Kind.modified
        result.commandIndex = commandIndex
        result.counterOrderId = result.orderId
        result.remaining = lots
        emit(result)
        fireTriggers(market: old.market, moved: false)
    }

    /// The order with this id, if it is the account's and rests, or waits for its trigger, in this market.
    private func find(_ orderId: UInt64, account: UInt32, market id: UInt16) -> (slot: UInt32, code: RejectCode) {
        guard isListed(market: id) else { return (0, .unknownMarket) }
        let slot = UInt32(truncatingIfNeeded: orderId)
        guard slot > 0, slot < UInt32(Layout.orderCapacity) else { return (0, .unknownOrder) }
        let order = pointer(orderOffset(slot), as: Order.self)
        guard order.pointee.lots > 0, order.pointee.generation == UInt32(orderId >> 32), order.pointee.market == UInt32(id)
        else { return (0, .unknownOrder) }
        return order.pointee.account == account ? (slot, .none) : (slot, .notYourOrder)
    }
}
