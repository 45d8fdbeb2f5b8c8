import Testing

@testable import Engine

/// Fees of a market that L1 changes.
@Suite struct MarketFeesTests {
    let test: TestExchange
    let maker = TestExchange.address(1)
    let taker = TestExchange.address(2)

    init() throws {
        test = try TestExchange(traders: [maker, taker], atoms: 1 << 50, baseDecimals: 0, makerFee: 3, takerFee: 30)
    }

    private func place(_ side: Side, _ timeInForce: TimeInForce, _ owner: Address) {
        _ = test.execute(
            [.place(market: 1, side: side, timeInForce: timeInForce, priceCode: price(10_000, -9), lots: 1_000_000, clientOrderId: 0)],
            signer: owner)
    }

    @Test func newFeesCountForOrdersThatRest() {
        place(.sell, .goodTilCancelled, maker)
        let event = test.consume(TestExchange.marketFeesSet(1, maker: 100, taker: 7)).last!
        #expect(event.kind == Event.Kind.marketFeesChanged)
        #expect((event.market, event.lots, event.remaining) == (1, 100, 7))
        let before = (quote: test.free(maker, 1), base: test.free(taker, 2))
        place(.buy, .immediateOrCancel, taker)
        // 100 basis points of 10^10 quote atoms, 7 of 10^6 base atoms.
        #expect(test.free(maker, 1) - before.quote == 10_000_000_000 - 100_000_000)
        #expect(test.free(taker, 2) - before.base == 1_000_000 - 700)
        expectInvariants(test.host.exchange)
    }

    @Test(arguments: [
        TestExchange.marketFeesSet(2, maker: 1, taker: 1), TestExchange.marketFeesSet(0, maker: 1, taker: 1),
        TestExchange.marketFeesSet(1 + 1 << 16, maker: 1, taker: 1), TestExchange.marketFeesSet(1 + 1 << 32, maker: 1, taker: 1),
        TestExchange.marketFeesSet(1, maker: 101, taker: 1), TestExchange.marketFeesSet(1, maker: 1, taker: 101),
        TestExchange.marketFeesSet(1, maker: 1, taker: 1 + 1 << 16),
    ])
    func impossibleFeesHaveNoEffect(message: InboxMessage) {
        #expect(test.consume(message).last?.kind == Event.Kind.inboxIgnored)
        #expect(test.host.exchange.market(1)?.makerFeeBasisPoints == 3 && test.host.exchange.market(1)?.takerFeeBasisPoints == 30)
    }
}
