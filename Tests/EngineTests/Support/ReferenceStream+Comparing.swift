import Testing

@testable import Engine

extension ReferenceStream {
    /// Compares what the engine did with what the reference did: every field of every event, the balances, the orders, and that
    /// everything holds that must hold.
    mutating func compare(_ actual: [Event], _ cause: @autoclosure () -> String) {
        let expected = reference.events
        reference.events = []
        var named = actual
        for (index, event) in expected.enumerated() where index < actual.count {
            named[index] = withNumbers(actual[index], expected: event)
        }
        let same = actual.count == expected.count && zip(Self.inOrder(named), Self.inOrder(expected)).allSatisfy(Self.isSame)
        let state = same && hasSameBalances() && hasSameOrders() && hasSameAccounts() && hasSameWithdrawals()
        if !state {
            let difference = same ? "the states differ" : "the events differ\nengine:    \(named)\nreference: \(expected)"
            Issue.record("\(cause()): \(difference)")
            failed = true
        }
        for event in actual { count(event) }
        ordersMax = max(ordersMax, reference.orders.count)
        failed = !expectInvariants(test.host.exchange) || failed
    }

    private mutating func count(_ event: Event) {
        kinds[event.kind, default: 0] += 1
        switch event.kind {
        case Event.Kind.rejected: codes[RejectCode(rawValue: event.code)!, default: 0] += 1
        case Event.Kind.forced: forcedCodes[RejectCode(rawValue: event.code)!, default: 0] += 1
        case Event.Kind.reduced: reductions[Reduction(rawValue: event.code)!, default: 0] += 1
        default: break
        }
    }

    /// The event with the reference's numbers in place of order ids. The id of a new order is learned.
    private mutating func withNumbers(_ event: Event, expected: Event) -> Event {
        guard event.kind != Event.Kind.withdrawn, event.kind != Event.Kind.forced, event.kind != Event.Kind.tokenCreated else {
            return event
        }
        let begins = [Event.Kind.placed, Event.Kind.triggerPlaced, Event.Kind.modified].contains(event.kind)
        if begins, event.orderId != 0, numbers[event.orderId] == nil, engineIds[expected.orderId] == nil {
            numbers[event.orderId] = expected.orderId
            engineIds[expected.orderId] = event.orderId
        }
        var event = event
        if event.orderId != 0 { event.orderId = numbers[event.orderId] ?? .max }
        if [Event.Kind.fill, Event.Kind.modified, Event.Kind.auctionFill].contains(event.kind) {
            event.counterOrderId = numbers[event.counterOrderId] ?? .max
        }
        return event
    }

    /// Orders whose time is over go when a block begins; which of them first, between two other events, is nobody's business.
    private static func inOrder(_ events: [Event]) -> [Event] {
        var sorted: [Event] = []
        var run: [Event] = []
        for event in events {
            if event.kind == Event.Kind.reduced && event.code == Reduction.expired.rawValue && event.commandIndex == 0xFFFF {
                run.append(event)
            } else {
                sorted += run.sorted { $0.orderId < $1.orderId } + [event]
                run = []
            }
        }
        return sorted + run.sorted { $0.orderId < $1.orderId }
    }

    private static func isSame(_ first: Event, _ second: Event) -> Bool {
        withUnsafeBytes(of: first) { first in withUnsafeBytes(of: second) { first.elementsEqual($0) } }
    }

    private func hasSameBalances() -> Bool {
        for account in 1...UInt32(reference.accounts.count) {
            for token in reference.decimals.keys {
                let key = ReferenceExchange.Key(account: account, token: token)
                let balance = test.host.exchange.balance(account: account, token: token) ?? Balance()
                guard balance.free == reference.free[key] ?? 0, balance.locked == reference.locked[key] ?? 0 else { return false }
            }
        }
        return true
    }

    private func hasSameWithdrawals() -> Bool {
        guard test.host.exchange.header.withdrawalCount == reference.lastWithdrawal else { return false }
        return reference.withdrawals.enumerated().allSatisfy { index, expected in
            let id = reference.withdrawalsBefore + UInt64(index) + 1
            let owner = expected.account == ReferenceExchange.nobody ? .burn : reference.accounts[Int(expected.account) - 1].owner
            guard let record = test.host.exchange.withdrawal(id) else { return false }
            return record.id == id && record.owner == owner && record.token == expected.token && record.amount == expected.atoms
        }
    }

    private func hasSameAccounts() -> Bool {
        guard Int(test.host.exchange.header.accountCount) == reference.accounts.count else { return false }
        for (index, expected) in reference.accounts.enumerated() {
            let id = UInt32(index + 1)
            guard let account = test.host.exchange.account(id: id), account.owner == expected.owner, account.mainAccount == expected.main,
                UInt64(account.subaccountNumber) == expected.number, UInt64(account.feeTier) == expected.feeTier,
                account.flags == (expected.cancelsOnDisconnect ? AccountFlags.cancelOnDisconnect : 0),
                test.host.exchange.schedule(account: id).cancelAtMs == expected.cancelAtMs
            else { return false }
        }
        return reference.markets.allSatisfy { id, market in
            guard let record = test.host.exchange.market(UInt32(id)) else { return false }
            return record.phase == (market.opensAtMs == nil ? MarketPhase.continuous : MarketPhase.collecting)
                && UInt64(record.makerFeeBasisPoints) == market.makerFee && UInt64(record.takerFeeBasisPoints) == market.takerFee
        }
    }

    private func hasSameOrders() -> Bool {
        for (market, record) in reference.markets {
            guard test.host.exchange.book(UInt32(market)).lastPrice == record.lastPrice ?? PriceCode.none else { return false }
        }
        guard Int(test.host.exchange.header.openOrderCount) == reference.orders.count else { return false }
        for expected in reference.orders {
            guard let id = engineIds[expected.number], let (order, detail) = test.host.exchange.order(slot: UInt32(truncatingIfNeeded: id))
            else { return false }
            guard Order.id(slot: UInt32(truncatingIfNeeded: id), generation: order.generation) == id, order.account == expected.account,
                order.market == UInt32(expected.market), order.lots == expected.lots,
                order.priceCode == expected.trigger ?? expected.priceCode, test.host.exchange.isTrigger(order) == (expected.trigger != nil),
                detail.clientOrderId == expected.clientOrderId, detail.expiryMs == expected.expiryMs,
                UInt8(detail.placeFlags) == expected.flags.rawValue, expected.trigger == nil || detail.limitPrice == expected.priceCode
            else { return false }
        }
        return true
    }
}
