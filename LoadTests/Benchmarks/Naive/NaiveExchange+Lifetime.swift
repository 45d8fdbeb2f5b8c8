import Engine

/// What happens to orders after they were placed, and what places them later.
extension NaiveExchange {
    /// Opens a block: orders whose time is over go, the earliest first.
    func beginBlock(timeMs: UInt64) {
        blockTimeMs = timeMs
        for time in expiries.keys.filter({ $0 <= timeMs }).sorted() {
            for number in expiries.removeValue(forKey: time)! {
                guard let order = takeOff(number) else { continue }
                emitReduced(order, .expired, lots: order.lots, remaining: 0, 0xFFFF)
            }
        }
    }

    /// Shrinks an order where it stands, or places it anew.
    func modify(_ number: UInt64?, price: UInt32, lots: UInt64, account: UInt32, index: UInt16) -> RejectCode {
        guard let number, let old = book.order(number) else { return .unknownOrder }
        guard old.account == account else { return .notYourOrder }
        guard lots > 0 else { return .sizeZero }
        if price == old.price, lots < old.lots {
            unlock(old, lots: old.lots - lots)
            _ = book.reduce(number, by: old.lots - lots)
            emitReduced(old, .modified, lots: old.lots - lots, remaining: lots, index)
            var result = describe(old, Event.Kind.modified, index)
            result.remaining = lots
            events.append(result)
            return .none
        }
        let order = Incoming(
            account: account,
            flags: PlaceFlags(
                side: old.side == .buy ? .buy : .sell, timeInForce: PlaceFlags(rawValue: old.flags)?.timeInForce ?? .goodTilCancelled),
            price: price, lots: lots, clientOrderId: old.clientOrderId, expiryMs: old.expiryMs, index: index)
        let code = check(order, freed: old)
        guard code == .none else { return code }
        _ = takeOff(number)
        emitReduced(old, .modified, lots: old.lots, remaining: 0, index)
        var result = execute(order)
        result.kind = Event.Kind.modified
        events.append(result)
        if result.lots > 0 { fireTriggers() }
        return .none
    }

    func placeTrigger(_ order: Incoming, triggerPrice: UInt32) -> RejectCode {
        if order.clientOrderId != 0, clientOrders[order.clientKey] != nil { return .clientOrderIdInUse }
        guard let lastPrice else { return .noLastPrice }
        let above = order.flags.firesAbove
        guard above ? lastPrice < triggerPrice : lastPrice > triggerPrice else { return .triggerWouldFire }
        let number = enter(order, into: triggers, side: above ? .sell : .buy, price: triggerPrice, lots: order.lots)
        emitTrigger(triggers.order(number)!, Event.Kind.triggerPlaced, order.index)
        return .none
    }

    /// Fires what the last price has reached: of those above it first, best price first, oldest first.
    func fireTriggers() {
        for _ in 0..<Layout.triggersPerCommandMax {
            guard let lastPrice else { return }
            var due: NaiveOrder?
            if let above = triggers.oldestAtBest(.sell), above.price <= lastPrice {
                due = above
            } else if let below = triggers.oldestAtBest(.buy), below.price >= lastPrice {
                due = below
            }
            guard let due else { return }
            fire(due)
        }
    }

    private func fire(_ trigger: NaiveOrder) {
        emitTrigger(trigger, Event.Kind.triggered, 0xFFFF)
        var rejected = describe(trigger, Event.Kind.rejected, 0xFFFF)
        _ = takeOff(trigger.number)
        guard var flags = PlaceFlags(rawValue: trigger.flags) else { preconditionFailure("flags that nobody can have sent") }
        flags.firesAbove = false
        let order = Incoming(
            account: trigger.account, flags: flags, price: trigger.limitPrice, lots: trigger.lots, clientOrderId: trigger.clientOrderId,
            expiryMs: flags.timeInForce.rests ? trigger.expiryMs : 0, index: 0xFFFF)
        let code = check(order, freed: nil)
        if code == .none {
            events.append(execute(order))
        } else {
            rejected.code = code.rawValue
            rejected.priceCode = trigger.limitPrice
            events.append(rejected)
        }
    }

    private func emitTrigger(_ trigger: NaiveOrder, _ kind: UInt8, _ index: UInt16) {
        var event = describe(trigger, kind, index)
        event.otherPriceCode = trigger.limitPrice
        event.remaining = trigger.lots
        events.append(event)
    }
}
