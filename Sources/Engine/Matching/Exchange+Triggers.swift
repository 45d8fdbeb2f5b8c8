/// Orders that wait until the last price reaches their trigger price.
///
/// They lie in a book of their own, at their trigger prices: those that fire at or below it as bids, those that fire at or above it as asks; so
/// its best prices are the next to fire. They lock no funds.
///
/// Invariants: the last price lies between the two best prices, or the market is in the list of those with triggers that are due.
extension Exchange {
    mutating func placeTrigger(
        _ command: Command.Order, expiryMs: UInt64, triggerPriceCode: UInt32, account: UInt32, commandIndex: UInt16
    ) -> RejectCode {
        guard isListed(market: command.market) else { return .unknownMarket }
        let market = pointer(marketOffset(UInt32(command.market)), as: Market.self)
        guard market.pointee.phase != MarketPhase.collecting else { return .notDuringAuction }
        guard market.pointee.phase == MarketPhase.continuous else { return .marketOpening }
        guard expiryMs == 0 || expiryMs > blockTimeMs else { return .expiryPassed }
        let order = Incoming(command, expiryMs: expiryMs, account: account, commandIndex: commandIndex)
        var terms = Terms()
        let shape = checkShape(order, market, &terms)
        guard shape == .none else { return shape }
        guard triggerPriceCode < PriceCode.count else { return .priceInvalid }
        let identity = checkClientOrderId(order)
        guard identity == .none else { return identity }
        let lastPrice = pointer(bookOffset(order.market), as: BookState.self).pointee.lastPrice
        guard lastPrice != PriceCode.none else { return .noLastPrice }
        let above = order.flags.firesAbove
        guard above ? lastPrice < triggerPriceCode : lastPrice > triggerPriceCode else { return .triggerWouldFire }
        let triggers = triggerBook(order.market)
        let side: Side = above ? .sell : .buy
        // Some may be due and not have fired yet; those of the two directions never overlap all the same.
        guard !triggers.crosses(side, limit: triggerPriceCode) else { return .triggerWouldFire }
        let room = checkRoom(account: account, replaces: false)
        guard room == .none else { return room }

        // From here on nothing fails.
        let slot = triggers.add(side: side, priceCode: triggerPriceCode, lots: order.lots, account: account, hasExpiry: expiryMs != 0)
        linkToAccount(slot: slot, account: account, clientOrderId: order.clientOrderId, flags: order.flags, limitPrice: order.priceCode)
        if expiryMs != 0 { armTimer(order: slot, expiryMs: expiryMs) }
        emitTrigger(Event.Kind.triggerPlaced, slot: slot, commandIndex: commandIndex)
        return .none
    }

    // MARK: Firing

    /// Fires what is due on a market after an order was placed there; `moved`: the last price is a new one.
    @inline(__always)
    mutating func fireTriggers(market: UInt32, moved: Bool) {
        guard moved || pointer(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.firstPendingMarket != 0 else { return }
        guard dueTrigger(market: market) != 0 else { return }
        fireTriggersThatAreDue(market: market)
    }

    @inline(never)
    private mutating func fireTriggersThatAreDue(market: UInt32) {
        var budget = Layout.triggersPerCommandMax
        fire(market: market, budget: &budget)
        if dueTrigger(market: market) != 0 { wait(market: market) }
    }

    /// Fires what had to wait, when a block begins. Markets that have to wait on come in the other order next time, so that none keeps
    /// another from its turn.
    mutating func firePendingTriggers() {
        var market = pointer(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.firstPendingMarket
        guard market != 0 else { return }
        writable(Layout.scheduleHeader, as: ScheduleHeader.self).pointee.firstPendingMarket = 0
        var budget = Layout.triggersPerBlockMax
        while market != 0 {
            let state = writableBook(triggerBook(market).index)
            let next = state.pointee.nextPending
            state.pointee.isPending = 0
            state.pointee.nextPending = 0
            fire(market: market, budget: &budget)
            if dueTrigger(market: market) != 0 { wait(market: market) }
            market = next
        }
    }

    /// Enters a market into the list of those with triggers that are due.
    private mutating func wait(market: UInt32) {
        let state = writableBook(triggerBook(market).index)
        guard state.pointee.isPending == 0 else { return }
        let schedule = writable(Layout.scheduleHeader, as: ScheduleHeader.self)
        state.pointee.isPending = 1
        state.pointee.nextPending = schedule.pointee.firstPendingMarket
        schedule.pointee.firstPendingMarket = market
    }

    private mutating func fire(market: UInt32, budget: inout Int) {
        while budget > 0 {
            let slot = dueTrigger(market: market)
            guard slot != 0 else { return }
            budget -= 1
            fire(slot: slot)
        }
    }

    /// Slot of the trigger order that fires next, 0 if none is due.
    @inline(__always)
    private func dueTrigger(market: UInt32) -> UInt32 {
        let lastPrice = pointer(bookOffset(market), as: BookState.self).pointee.lastPrice
        guard lastPrice != PriceCode.none else { return 0 }
        let triggers = triggerBook(market)
        // One that fires at or above its price is met by whoever buys at the last price, the other kind by whoever sells.
        let above = triggers.crosses(.buy, limit: lastPrice)
        guard above || triggers.crosses(.sell, limit: lastPrice) else { return 0 }
        return triggers.firstOrder(at: triggers.bestPrice(above ? .sell : .buy))
    }

    private mutating func fire(slot: UInt32) {
        let order = pointer(orderOffset(slot), as: Order.self).pointee
        let detail = pointer(detailOffset(slot), as: OrderDetail.self).pointee
        guard !order.hasExpiry || !isExpired(slot: slot) else { return reduceToNothing(slot: slot, .expired) }
        guard var flags = PlaceFlags(rawValue: UInt8(truncatingIfNeeded: detail.placeFlags))
        else { preconditionFailure("a trigger order has flags that nobody can have sent") }
        emitTrigger(Event.Kind.triggered, slot: slot, commandIndex: 0xFFFF)
        var rejected = description(slot: slot).event
        remove(slot: slot, book: order.book)
        flags.firesAbove = false
        let command = Command.Order(
            market: UInt16(truncatingIfNeeded: order.market), flags: flags, priceCode: detail.limitPrice, lots: order.lots,
            clientOrderId: detail.clientOrderId)
        let (code, _) = placeAlone(
            Incoming(command, expiryMs: flags.timeInForce.rests ? detail.expiryMs : 0, account: order.account, commandIndex: 0xFFFF))
        guard code != .none else { return }
        rejected.kind = Event.Kind.rejected
        rejected.code = code.rawValue
        rejected.priceCode = detail.limitPrice
        emit(rejected)
    }

    private mutating func emitTrigger(_ kind: UInt8, slot: UInt32, commandIndex: UInt16) {
        let description = description(slot: slot)
        var event = description.event
        event.kind = kind
        event.commandIndex = commandIndex
        event.otherPriceCode = pointer(detailOffset(slot), as: OrderDetail.self).pointee.limitPrice
        event.remaining = description.lots
        emit(event)
    }

    @inline(__always)
    func triggerBook(_ market: UInt32) -> Book { orderBook(market + UInt32(Layout.marketCapacity)) }
}
