import Testing

@testable import Engine

/// A market that opens with a call auction: what is taken while it collects, how it is executed, and what holds afterwards.
@Suite struct AuctionTests {
    let test: TestExchange
    let traders = (1...4).map { TestExchange.address(UInt64($0)) }
    let feeOwner = TestExchange.address(99)
    let opensAtMs = TestExchange.startMs + 1_000
    /// 2.0000 quote tokens; one lot costs 20,000 quote atoms there, and one more at each price above.
    static let middle = price(20_000, -9)

    init() throws {
        test = try TestExchange()
        test.listToken(1, decimals: 9)
        test.listToken(2, decimals: 0)
        test.listMarket(
            1, base: 2, quote: 1, lotExponent: 0, makerFee: 10, takerFee: 50, feeOwner: feeOwner, opensAtMs: opensAtMs,
            referencePrice: Self.middle)
        for trader in traders { for token in UInt32(1)...2 { test.deposit(trader, token: token, atoms: 1 << 40) } }
    }

    func order(
        _ side: Side, _ distance: Int, _ lots: UInt64, _ timeInForce: TimeInForce = .goodTilCancelled, id: UInt64 = 0
    ) -> Command.Order {
        Command.Order(
            market: 1, flags: PlaceFlags(side: side, timeInForce: timeInForce), priceCode: UInt32(Int(Self.middle) + distance), lots: lots,
            clientOrderId: id)
    }

    @discardableResult
    func place(_ trader: Int, _ side: Side, _ distance: Int, _ lots: UInt64) -> UInt64 {
        let event = test.execute([.place(order(side, distance, lots))], signer: traders[trader]).events.last!
        #expect(event.kind == Event.Kind.placed && event.remaining == lots && event.lots == 0)
        expectInvariants(test.host.exchange)
        return event.orderId
    }

    func codes(_ commands: [Command], _ trader: Int) -> [RejectCode] {
        test.execute(commands, signer: traders[trader]).events.map { RejectCode(rawValue: $0.code)! }
    }

    func open() -> [Event] {
        let events = test.nextBlock(after: opensAtMs - test.host.exchange.header.blockTimeMs)
        expectInvariants(test.host.exchange)
        return events
    }

    func balance(_ trader: Int, _ token: UInt32) -> Balance {
        test.host.exchange.balance(account: test.host.exchange.account(owner: traders[trader])!.id, token: token) ?? Balance()
    }

    @Test func theListingSaysWhenAndAtWhichReference() {
        let market = test.host.exchange.market(1)!
        #expect(market.phase == MarketPhase.collecting && market.opensAtMs == opensAtMs && market.referencePrice == Self.middle)
        #expect(test.host.exchange.schedule.nextOpeningMs == opensAtMs)
        for (opensAtMs, reference) in [(UInt64(0), UInt32(5)), (1, PriceCode.count)] {
            test.listMarket(
                2, base: 2, quote: 1, lotExponent: 0, makerFee: 0, takerFee: 0, feeOwner: feeOwner, opensAtMs: opensAtMs,
                referencePrice: reference)
            #expect(test.host.exchange.events.last?.kind == Event.Kind.inboxIgnored && test.host.exchange.market(2) == nil)
        }
        test.listMarket(2, base: 2, quote: 1, lotExponent: 0, makerFee: 0, takerFee: 0, feeOwner: feeOwner)
        #expect(test.host.exchange.market(2)?.phase == MarketPhase.continuous)
    }

    @Test func ordersCollectEvenWhereTheyOverlap() {
        place(0, .buy, 50, 10)
        place(1, .sell, -50, 10)
        place(0, .sell, 40, 3)
        #expect(test.host.exchange.header.openOrderCount == 3 && test.host.exchange.book(1).fillCount == 0)
        #expect(codes([.place(order(.sell, -60, 5, .postOnly))], 2) == [.none])
        #expect(codes([.placeUntil(order(.buy, 60, 5), expiryMs: opensAtMs - 1)], 2) == [.none])
        #expect(
            codes([.place(order(.buy, 0, 1, .immediateOrCancel)), .place(order(.buy, 0, 1, .fillOrKill))], 2)
                == [.notDuringAuction, .notDuringAuction])
        #expect(codes([.place(order(.sell, 0, 1, .market))], 2) == [.notDuringAuction])
        #expect(codes([.placeTrigger(order(.sell, 0, 1), expiryMs: 0, triggerPriceCode: Self.middle)], 2) == [.notDuringAuction])
        #expect(test.nextBlock(after: 998).isEmpty)
        #expect(test.nextBlock(after: 1).map(\.code) == [Reduction.expired.rawValue])
        expectInvariants(test.host.exchange)
    }

    @Test func ordersCanBeChangedAndCancelledWhileTheyCollect() {
        let buy = place(0, .buy, 50, 10)
        let sell = place(1, .sell, -50, 10)
        #expect(codes([.modify(market: 1, orderId: sell, priceCode: Self.middle - 50, lots: 4)], 1).last == RejectCode.none)
        let moved = test.execute([.modify(market: 1, orderId: sell, priceCode: Self.middle - 70, lots: 6)], signer: traders[1]).events.last!
        #expect(moved.kind == Event.Kind.modified && moved.remaining == 6 && moved.lots == 0)
        expectInvariants(test.host.exchange)
        #expect(codes([.cancel(market: 1, orderId: buy)], 0) == [.none])
        #expect(codes([.cancel(market: 1, orderId: moved.orderId)], 0) == [.notYourOrder])
        #expect(test.execute([.cancelAll(market: 1, sides: .sells)], signer: traders[1]).events.last?.lots == 1)
        #expect(test.host.exchange.header.openOrderCount == 0)
        #expect((0...1).allSatisfy { balance($0, 1).locked == 0 && balance($0, 2).locked == 0 })
        expectInvariants(test.host.exchange)
    }

    @Test func allOverlapTradesAtOnePrice() {
        let high = place(0, .buy, 30, 4)
        let low = place(1, .buy, 10, 10)
        let cheap = place(2, .sell, -20, 6)
        let dear = place(3, .sell, 5, 20)
        // 14 are bought at up to +10; 26 sold from +5. The reference is nearest at +5.
        let events = open()
        let price = Self.middle + 5
        let fills = events.filter { $0.kind == Event.Kind.auctionFill }
        #expect(fills.allSatisfy { $0.priceCode == price && $0.market == 1 && $0.commandIndex == 0xFFFF })
        #expect(fills.map(\.orderId) == [high, cheap, low, cheap, low, dear])
        #expect(fills.map(\.counterOrderId) == [cheap, high, cheap, low, dear, low])
        #expect(fills.map(\.lots) == [4, 4, 2, 2, 8, 8] && fills.map(\.remaining) == [0, 2, 8, 0, 0, 12])
        #expect(fills.map(\.side) == [0, 1, 0, 1, 0, 1])
        #expect(fills.map(\.otherPriceCode) == [30, -20, 10, -20, 10, 5].map { UInt32(Int(Self.middle) + $0) })
        let last = events.last!
        #expect(last.kind == Event.Kind.marketOpened && last.priceCode == price && last.lots == 14 && last.market == 1)
        // 14 lots at 20,005 atoms; everybody pays 10 basis points of what is received, the buyers get the rest of their limits back.
        #expect(balance(0, 2).free == 1 << 40 + 4 - 1 && balance(0, 1).locked == 0)
        #expect(balance(0, 1).free == 1 << 40 - 4 * 20_005 && balance(1, 1).free == 1 << 40 - 10 * 20_005)
        #expect(balance(2, 1).free == 1 << 40 + 6 * 20_005 - 81 - 41 && balance(3, 2).locked == 12)
        #expect(test.host.exchange.market(1)?.phase == MarketPhase.continuous && test.host.exchange.book(1).lastPrice == price)
        #expect(test.host.exchange.bestPrice(book: 1, side: .sell) == price && test.host.exchange.bestPrice(book: 1, side: .buy) == nil)
        #expect(test.host.exchange.schedule.nextOpeningMs == 0 && test.host.exchange.schedule.uncrossingCount == 0)
    }

    @Test func theEarlierOrderComesFirstThroughTheAuctionAndAfterIt() {
        let first = place(0, .sell, 0, 5)
        let second = place(1, .sell, 0, 5)
        let third = place(2, .sell, 0, 5)
        place(3, .buy, 0, 7)
        #expect(open().filter { $0.kind == Event.Kind.auctionFill && $0.side == 1 }.map(\.orderId) == [first, second])
        // Continuous trading goes on with the same queue.
        let fills = test.execute([.place(order(.buy, 0, 6))], signer: traders[3]).events.filter { $0.kind == Event.Kind.fill }
        #expect(fills.map(\.counterOrderId) == [second, third] && fills.map(\.lots) == [3, 3])
        expectInvariants(test.host.exchange)
    }

    @Test func tiersCountInTheAuction() {
        for trader in 0...1 {
            test.host.exchange.consume(
                InboxMessage(kind: InboxMessage.Kind.feeTierSet, a: Hash256(address: traders[trader]), b: 10, c: Hash256()))
        }
        place(0, .buy, 0, 1_000)
        place(1, .sell, 0, 1_000)
        _ = open()
        #expect(balance(0, 2).free == 1 << 40 + 1_000 && balance(1, 1).free == 1 << 40 + 20_000_000)
    }

    @Test func ordersOfOneAccountDoNotTradeWithEachOther() {
        place(0, .buy, 10, 8)
        place(0, .sell, 0, 5)
        place(1, .sell, 2, 5)
        let events = open()
        #expect(events.map(\.kind) == [11, 11, 19, 19, 20])
        #expect(events[0].code == Reduction.selfTrade.rawValue && events[0].lots == 5 && events[0].remaining == 3)
        #expect(events[1].code == Reduction.selfTrade.rawValue && events[1].lots == 5 && events[1].remaining == 0)
        #expect(events[4].lots == 3)
        #expect(balance(0, 2).free == 1 << 40 + 3 - 1)
    }

    @Test func withoutOverlapItJustOpens() {
        place(0, .buy, -1, 5)
        place(1, .sell, 1, 5)
        let events = open()
        #expect(events.map(\.kind) == [Event.Kind.marketOpened])
        #expect(events[0].priceCode == PriceCode.none && events[0].lots == 0)
        #expect(test.host.exchange.bestPrice(book: 1, side: .buy) == Self.middle - 1)
        #expect(test.host.exchange.bestPrice(book: 1, side: .sell) == Self.middle + 1)
        #expect(codes([.place(order(.buy, 1, 5, .immediateOrCancel))], 2) == [.none, .none])
    }

    @Test func triggersCanBePlacedAtOnceAfterwards() {
        place(0, .buy, 0, 5)
        place(1, .sell, 0, 5)
        _ = open()
        #expect(codes([.placeTrigger(order(.sell, -9, 1), expiryMs: 0, triggerPriceCode: Self.middle - 5)], 2) == [.none])
        expectInvariants(test.host.exchange)
    }
}
