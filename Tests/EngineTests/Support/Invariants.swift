import Testing

@testable import Engine

/// Everything that must hold between two commands; walks the whole state. Returns whether it does.
@discardableResult
func expectInvariants(_ exchange: borrowing Exchange, sourceLocation: SourceLocation = #_sourceLocation) -> Bool {
    var check = InvariantCheck(sourceLocation: sourceLocation)
    check.books(exchange)
    check.balances(exchange)
    check.accountLists(exchange)
    expectTimerInvariants(exchange, sourceLocation: sourceLocation)
    return !check.failed
}

/// Gathers what the books hold, to compare it with the rest of the state. Plain comparisons instead of `#expect`: it runs a million times.
struct InvariantCheck {
    let sourceLocation: SourceLocation
    private(set) var failed = false
    /// Sums over the books, indexed by account: by token what is locked, and how many orders there are.
    private var locked: [UInt64] = []
    private var orderCounts: [UInt32] = []
    /// Room for tokens listed from L1 and as many born here.
    private static let tokens = 32

    private static func place(_ token: UInt32) -> Int { Int(token < Layout.bornTokensStart ? token : token - Layout.bornTokensStart + 16) }

    init(sourceLocation: SourceLocation) {
        self.sourceLocation = sourceLocation
    }

    @inline(__always)
    mutating func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        guard !holds else { return }
        failed = true
        Issue.record("\(what())", sourceLocation: sourceLocation)
    }

    // MARK: Books

    mutating func books(_ exchange: borrowing Exchange) {
        locked = Array(repeating: 0, count: (Int(exchange.header.accountCount) + 1) * Self.tokens)
        orderCounts = Array(repeating: 0, count: Int(exchange.header.accountCount) + 1)
        var live: UInt32 = 0
        for market in 1..<UInt32(16) {
            guard let record = exchange.market(market) else { continue }
            expectBookInvariants(exchange.orderBook(market), sourceLocation: sourceLocation)
            let triggers = market + UInt32(Layout.marketCapacity)
            expectBookInvariants(exchange.orderBook(triggers), sourceLocation: sourceLocation)
            for side in [Side.buy, .sell] {
                live += resting(exchange, record, side, book: market)
                // Until a market is open its asks lie where the triggers will.
                live +=
                    record.phase == MarketPhase.continuous
                    ? waiting(exchange, market, triggers, side) : resting(exchange, record, side, book: triggers)
            }
        }
        expect(live == exchange.header.openOrderCount, "open orders are \(live), counted \(exchange.header.openOrderCount)")
    }

    /// Orders on one side of a market's book: what they lock. Returns their number.
    private mutating func resting(_ exchange: borrowing Exchange, _ market: Market, _ side: Side, book index: UInt32) -> UInt32 {
        let book = exchange.orderBook(index)
        var count: UInt32 = 0
        var makers = book.makers(against: side.opposite, limit: side == .buy ? 0 : PriceCode.count - 1)
        while case let slot = makers.next(), slot != 0 {
            guard let (order, detail) = exchange.order(slot: slot) else {
                expect(false, "slot \(slot) in a queue holds no order")
                return count
            }
            let flags = PlaceFlags(rawValue: UInt8(detail.placeFlags))
            expect(order.side == side && flags?.side == side && order.market == market.id, "order \(slot) is of another side or market")
            expect(flags?.timeInForce.rests == true && detail.limitPrice == 0, "order \(slot) should not rest")
            expect(order.hasExpiry == (detail.expiryMs != 0), "order \(slot) says wrongly whether it expires")
            count += 1
            orderCounts[Int(order.account)] += 1
            let token = side == .buy ? market.quoteToken : market.baseToken
            let unit =
                side == .buy
                ? Notional.atomsPerLot(priceCode: makers.priceCode, notionalExponent: market.notionalExponent)! : market.lotAtoms
            locked[Int(order.account) * Self.tokens + Self.place(token)] += unit * order.lots
        }
        return count
    }

    /// Trigger orders that fire in one direction: bids at or below their price, asks at or above it. Returns their number.
    private mutating func waiting(_ exchange: borrowing Exchange, _ market: UInt32, _ triggers: UInt32, _ side: Side) -> UInt32 {
        let book = exchange.orderBook(triggers)
        let last = exchange.book(market).lastPrice
        var count: UInt32 = 0
        var walk = book.makers(against: side.opposite, limit: side == .buy ? 0 : PriceCode.count - 1)
        while case let slot = walk.next(), slot != 0 {
            guard let (order, detail) = exchange.order(slot: slot) else {
                expect(false, "slot \(slot) in a queue of triggers holds no order")
                return count
            }
            let flags = PlaceFlags(rawValue: UInt8(detail.placeFlags))
            expect(order.isTrigger && order.market == market && order.side == side, "trigger \(slot) is in another book")
            expect(flags?.firesAbove == (side == .sell), "trigger \(slot) fires the other way")
            expect(detail.limitPrice < PriceCode.count, "trigger \(slot) has no limit")
            expect(order.hasExpiry == (detail.expiryMs != 0), "trigger \(slot) says wrongly whether it expires")
            let isDue = side == .sell ? order.priceCode <= last : order.priceCode >= last
            expect(!isDue || exchange.book(triggers).isPending == 1, "trigger \(slot) is due and forgotten")
            count += 1
            orderCounts[Int(order.account)] += 1
        }
        return count
    }

    // MARK: Balances and accounts

    mutating func balances(_ exchange: borrowing Exchange) {
        let born = Layout.bornTokensStart..<Layout.bornTokensStart + exchange.schedule.bornTokenCount
        expect(born.allSatisfy { (exchange.token($0)?.supply ?? 0) > 0 } && exchange.token(born.upperBound) == nil, "born tokens have gaps")
        for token in Array(1..<16) + Array(born) {
            guard let record = exchange.token(token) else { continue }
            expect((record.supply == 0) == (token < Layout.bornTokensStart), "token \(token) has an id of the others")
            var total: UInt64 = 0
            for account in 1..<(exchange.header.accountCount + 1) {
                let balance = exchange.balance(account: account, token: token) ?? Balance()
                total += balance.free + balance.locked
                expect(
                    balance.locked == locked[Int(account) * Self.tokens + Self.place(token)],
                    "locked of account \(account), token \(token) differs from its orders")
            }
            expect(total == exchange.totalAtoms(token: token), "token \(token) is not conserved")
        }
    }

    mutating func accountLists(_ exchange: borrowing Exchange) {
        for account in 1..<(exchange.header.accountCount + 1) {
            guard let record = exchange.account(id: account) else { continue }
            let expected = orderCounts[Int(account)]
            expect(record.openOrderCount == expected, "account \(account) has \(expected) orders, counted \(record.openOrderCount)")
            var count: UInt32 = 0
            var previous: UInt32 = 0
            var slot = record.firstOrder
            while slot != 0, count <= expected {
                guard let (order, detail) = exchange.order(slot: slot) else { break }
                expect(
                    order.account == account && detail.accountPrevious == previous, "the list of account \(account) is broken at \(slot)")
                let found = detail.clientOrderId == 0 ? slot : exchange.findOrder(account: account, clientOrderId: detail.clientOrderId)
                expect(found == slot, "order \(slot) is not found by its client order id")
                count += 1
                previous = slot
                slot = detail.accountNext
            }
            expect(count == expected && slot == 0, "the list of account \(account) has another length")
        }
    }
}
