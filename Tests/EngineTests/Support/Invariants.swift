import Testing

@testable import Engine

/// Everything that must hold between two commands; walks the whole state.
func expectInvariants(_ exchange: borrowing Exchange, sourceLocation: SourceLocation = #_sourceLocation) {
    let header = exchange.header
    var locked: [UInt64: UInt64] = [:]
    var openOrders: [UInt32: UInt32] = [:]
    var live = 0
    for market in 1..<UInt32(16) {
        guard let record = exchange.market(market) else { continue }
        let book = exchange.book(market)
        if book.bestBid != PriceCode.none && book.bestAsk != PriceCode.none {
            #expect(book.bestBid < book.bestAsk, "book \(market) is crossed", sourceLocation: sourceLocation)
        }
        expectBookInvariants(exchange.orderBook(market), sourceLocation: sourceLocation)
        var count: UInt32 = 0
        for side in [Side.buy, .sell] {
            var next = exchange.bestPrice(book: market, side: side)
            while let code = next {
                count += expectLevel(exchange, record, code, side, &locked, &openOrders, sourceLocation)
                next = exchange.nextPrice(book: market, side: side, behind: code)
            }
        }
        #expect(count == book.orderCount, sourceLocation: sourceLocation)
        live += Int(count)
    }
    #expect(live == Int(header.openOrderCount), sourceLocation: sourceLocation)

    for token in 1..<UInt32(16) {
        guard let record = exchange.token(token) else { continue }
        var total: UInt64 = 0
        for account in 1..<(header.accountCount + 1) {
            guard let balance = exchange.balance(account: account, token: token) else { continue }
            total += balance.free + balance.locked
            #expect(
                balance.locked == locked[UInt64(account) << 32 | UInt64(token)] ?? 0,
                "locked of account \(account), token \(token) differs from its orders", sourceLocation: sourceLocation)
        }
        #expect(total == record.totalAtoms, "token \(token) is not conserved", sourceLocation: sourceLocation)
    }
    for account in 1..<(header.accountCount + 1) {
        expectAccountList(exchange, account, openOrders[account] ?? 0, sourceLocation)
    }
    expectTimerInvariants(exchange, sourceLocation: sourceLocation)
}

private func expectLevel(
    _ exchange: borrowing Exchange, _ market: Market, _ code: UInt32, _ side: Side, _ locked: inout [UInt64: UInt64],
    _ openOrders: inout [UInt32: UInt32], _ sourceLocation: SourceLocation
) -> UInt32 {
    let book = exchange.orderBook(market.id)
    var count: UInt32 = 0
    var slot = book.firstOrder(at: code)
    while slot != 0 {
        guard let (order, _) = exchange.order(slot: slot) else {
            Issue.record("slot \(slot) in a queue holds no order", sourceLocation: sourceLocation)
            return count
        }
        #expect(order.side == side && order.market == market.id, sourceLocation: sourceLocation)
        count += 1
        openOrders[order.account, default: 0] += 1
        let token = side == .buy ? market.quoteToken : market.baseToken
        let unit = side == .buy ? Notional.atomsPerLot(priceCode: code, notionalExponent: market.notionalExponent)! : market.lotAtoms
        locked[UInt64(order.account) << 32 | UInt64(token), default: 0] += unit * order.lots
        slot = book.order(after: slot)
    }
    return count
}

private func expectAccountList(_ exchange: borrowing Exchange, _ account: UInt32, _ expected: UInt32, _ sourceLocation: SourceLocation) {
    guard let record = exchange.account(id: account) else { return }
    #expect(record.openOrderCount == expected, sourceLocation: sourceLocation)
    var count: UInt32 = 0
    var previous: UInt32 = 0
    var slot = record.firstOrder
    while slot != 0, count <= expected {
        guard let (order, detail) = exchange.order(slot: slot) else { break }
        #expect(order.account == account && detail.accountPrevious == previous, sourceLocation: sourceLocation)
        if detail.clientOrderId != 0 {
            #expect(exchange.findOrder(account: account, clientOrderId: detail.clientOrderId) == slot, sourceLocation: sourceLocation)
        }
        count += 1
        previous = slot
        slot = detail.accountNext
    }
    #expect(count == expected && slot == 0, sourceLocation: sourceLocation)
}
