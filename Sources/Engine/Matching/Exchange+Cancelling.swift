/// Orders that leave their book without a fill. The cascades of checks come before; nothing here fails.
extension Exchange {
    /// Whether a resting order waits for its trigger. While a market opens its asks lie where the triggers will.
    @inline(__always)
    func isTrigger(_ order: Order) -> Bool {
        order.isTrigger && pointer(marketOffset(order.market), as: Market.self).pointee.phase == MarketPhase.continuous
    }

    /// Whether a resting order takes part in an opening auction that is being executed: then nothing else may happen to it.
    func isFrozen(_ order: Order) -> Bool {
        pointer(marketOffset(order.market), as: Market.self).pointee.phase == MarketPhase.uncrossing
    }

    /// Takes the order off its book because its owner cancelled it.
    mutating func cancelResting(slot: UInt32, commandIndex: UInt16) {
        let order = takeOff(slot: slot)
        var event = order.event
        event.kind = Event.Kind.cancelled
        event.commandIndex = commandIndex
        event.remaining = order.lots
        emit(event)
    }

    /// Takes the order off its book for another reason.
    mutating func reduceToNothing(slot: UInt32, _ reduction: Reduction, commandIndex: UInt16 = 0xFFFF) {
        let order = takeOff(slot: slot)
        emitReduced(order, reduction, lots: order.lots, remaining: 0, commandIndex: commandIndex)
    }

    /// Takes all orders of an account off their books, or those of one market (0: all) and the selected sides; but not those in an opening
    /// auction that is being executed. Returns how many went, and how many stayed for that reason.
    mutating func cancelOrders(
        of account: UInt32, market: UInt32 = 0, sides: SideSelection = .both, _ reduction: Reduction, commandIndex: UInt16 = 0xFFFF
    ) -> (cancelled: UInt32, kept: UInt32) {
        var (cancelled, kept): (UInt32, UInt32) = (0, 0)
        var slot = pointer(accountOffset(account), as: Account.self).pointee.firstOrder
        while slot != 0 {
            let next = pointer(detailOffset(slot), as: OrderDetail.self).pointee.accountNext
            let order = pointer(orderOffset(slot), as: Order.self).pointee
            if (market == 0 || order.market == market) && sides.contains(ownSide(order, slot: slot)) {
                if isFrozen(order) {
                    kept += 1
                } else {
                    reduceToNothing(slot: slot, reduction, commandIndex: commandIndex)
                    cancelled += 1
                }
            }
            slot = next
        }
        return (cancelled, kept)
    }

    /// The side of an order: that of a trigger is in its details, where it lies in its book says in which direction it fires.
    func ownSide(_ order: Order, slot: UInt32) -> Side {
        guard isTrigger(order) else { return order.side }
        return pointer(detailOffset(slot), as: OrderDetail.self).pointee.placeFlags & 1 == 0 ? .buy : .sell
    }

    // MARK: Parts

    /// What there was to say about an order when it left its book, or loses lots.
    struct Departed {
        var lots: UInt64
        /// With `account`, `market`, `side`, `orderId`, `priceCode` and `clientOrderId`, and `counterOrderId` 1 if it is a trigger.
        var event: Event
    }

    func description(slot: UInt32) -> Departed {
        let order = pointer(orderOffset(slot), as: Order.self).pointee
        var event = Event()
        event.side = ownSide(order, slot: slot).rawValue
        event.market = UInt16(truncatingIfNeeded: order.market)
        event.account = order.account
        event.priceCode = order.priceCode
        event.orderId = Order.id(slot: slot, generation: order.generation)
        event.counterOrderId = isTrigger(order) ? 1 : 0
        event.clientOrderId = pointer(detailOffset(slot), as: OrderDetail.self).pointee.clientOrderId
        return Departed(lots: order.lots, event: event)
    }

    /// Unlocks the funds of a resting order, takes it off its book and out of all lists.
    private mutating func takeOff(slot: UInt32) -> Departed {
        let departed = description(slot: slot)
        let order = pointer(orderOffset(slot), as: Order.self).pointee
        unlock(lots: order.lots, of: order)
        remove(slot: slot, book: order.book)
        return departed
    }

    /// Gives the owner back what is locked for some lots of a resting order; nothing is for a trigger.
    mutating func unlock(lots: UInt64, of order: Order) {
        guard !isTrigger(order) else { return }
        let market = pointer(marketOffset(order.market), as: Market.self)
        var locked = lots * market.pointee.lotAtoms
        var token = market.pointee.baseToken
        if order.side == .buy {
            guard let atomsPerLot = Notional.atomsPerLot(priceCode: order.priceCode, notionalExponent: market.pointee.notionalExponent)
            else { preconditionFailure("an order rests at a price that is too fine for its market") }
            locked = lots * atomsPerLot
            token = market.pointee.quoteToken
        }
        let balance = writableBalance(account: order.account, token: token)
        balance.pointee.locked -= locked
        balance.pointee.free += locked
    }

    mutating func emitReduced(_ order: Departed, _ reduction: Reduction, lots: UInt64, remaining: UInt64, commandIndex: UInt16) {
        var event = order.event
        event.kind = Event.Kind.reduced
        event.code = reduction.rawValue
        event.commandIndex = commandIndex
        event.lots = lots
        event.remaining = remaining
        emit(event)
    }

    mutating func emitAccountCancelled(_ reduction: Reduction, account: UInt32, count: UInt32) {
        var event = Event()
        event.kind = Event.Kind.accountCancelled
        event.code = reduction.rawValue
        event.account = account
        event.lots = UInt64(count)
        emit(event)
    }
}
