import Engine

/// Orders that wait for a price.
extension ReferenceExchange {
    func placeTrigger(
        _ command: Command.Order, expiryMs: UInt64, _ trigger: UInt32, _ account: UInt32, _ index: UInt16
    ) -> RejectCode {
        guard let market = markets[command.market] else { return .unknownMarket }
        guard market.opensAtMs == nil else { return .notDuringAuction }
        guard expiryMs == 0 || expiryMs > nowMs else { return .expiryPassed }
        let shape = checkShape(command, market)
        guard shape == .none else { return shape }
        guard trigger < 36 * 90_000 else { return .priceInvalid }
        if command.clientOrderId != 0, orders.contains(where: { $0.account == account && $0.clientOrderId == command.clientOrderId }) {
            return .clientOrderIdInUse
        }
        guard let last = market.lastPrice else { return .noLastPrice }
        let above = command.flags.firesAbove
        if above ? last >= trigger : last <= trigger { return .triggerWouldFire }
        // Some may be due and not have fired yet: those of the two directions never overlap all the same.
        let crossed = orders.contains {
            $0.market == command.market && $0.trigger != nil && $0.flags.firesAbove != above
                && (above ? $0.trigger! >= trigger : $0.trigger! <= trigger)
        }
        if crossed { return .triggerWouldFire }
        created += 1
        let order = Order(
            number: created, account: account, market: command.market, flags: command.flags, priceCode: command.priceCode,
            lots: command.lots, clientOrderId: command.clientOrderId, expiryMs: expiryMs, trigger: trigger)
        orders.append(order)
        addTriggerEvent(Event.Kind.triggerPlaced, order, index)
        return .none
    }

    private func addTriggerEvent(_ kind: UInt8, _ order: Order, _ index: UInt16) {
        var event = event(kind, of: order, index)
        event.counterOrderId = 1
        event.otherPriceCode = order.priceCode
        event.remaining = order.lots
        events.append(event)
    }

    /// The trigger that fires next: those at or above fire from the lowest up, those at or below from the highest down.
    private func dueTrigger(_ market: UInt16) -> Order? {
        guard let last = markets[market]!.lastPrice else { return nil }
        let waiting = orders.filter { $0.market == market && $0.trigger != nil }
        let above = waiting.filter { $0.flags.firesAbove && $0.trigger! <= last }
        let below = waiting.filter { !$0.flags.firesAbove && $0.trigger! >= last }
        if let lowest = above.map({ $0.trigger! }).min() { return above.first { $0.trigger == lowest } }
        if let highest = below.map({ $0.trigger! }).max() { return below.first { $0.trigger == highest } }
        return nil
    }

    /// After a command that may have moved a last price.
    func fireTriggers(_ market: UInt16) {
        fireTriggers(market, atMost: 64)
        if dueTrigger(market) != nil && !pending.contains(market) { pending.append(market) }
    }

    /// When a block begins.
    func firePendingTriggers() {
        let markets = pending.reversed()
        pending = []
        var rest = 1024
        for market in markets {
            rest -= fireTriggers(market, atMost: rest)
            if dueTrigger(market) != nil { pending.append(market) }
        }
    }

    @discardableResult
    private func fireTriggers(_ market: UInt16, atMost most: Int) -> Int {
        var count = 0
        while count < most, let order = dueTrigger(market) {
            count += 1
            fire(order)
        }
        return count
    }

    private func fire(_ order: Order) {
        let index: UInt16 = 0xFFFF
        if isExpired(order) { return reduce(order.number, by: order.lots, .expired, index) }
        addTriggerEvent(Event.Kind.triggered, order, index)
        takeOff(order, lots: order.lots)
        var flags = order.flags
        flags.firesAbove = false
        let command = Command.Order(
            market: order.market, flags: flags, priceCode: order.priceCode, lots: order.lots, clientOrderId: order.clientOrderId)
        let code = place(command, expiryMs: flags.timeInForce.rests ? order.expiryMs : 0, order.account, index)
        guard code != .none else { return }
        var rejected = event(Event.Kind.rejected, of: order, index)
        rejected.code = code.rawValue
        rejected.priceCode = order.priceCode
        rejected.counterOrderId = 1
        events.append(rejected)
    }
}
