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

    private func order(
        _ side: Side, _ distance: Int, _ lots: UInt64, _ timeInForce: TimeInForce = .goodTilCancelled, id: UInt64 = 0
    ) -> Command.Order {
        Command.Order(
            market: 1, flags: PlaceFlags(side: side, timeInForce: timeInForce), priceCode: UInt32(Int(Self.middle) + distance), lots: lots,
            clientOrderId: id)
    }

    @discardableResult
    private func place(_ trader: Int, _ side: Side, _ distance: Int, _ lots: UInt64) -> UInt64 {
        let event = test.execute([.place(order(side, distance, lots))], signer: traders[trader]).events.last!
        #expect(event.kind == Event.Kind.placed && event.remaining == lots && event.lots == 0)
        expectInvariants(test.host.exchange)
        return event.orderId
    }

    private func codes(_ commands: [Command], _ trader: Int) -> [RejectCode] {
        test.execute(commands, signer: traders[trader]).events.map { RejectCode(rawValue: $0.code)! }
    }

    private func open() -> [Event] {
        let events = test.nextBlock(after: opensAtMs - test.host.exchange.header.blockTimeMs)
        expectInvariants(test.host.exchange)
        return events
    }

    private func balance(_ trader: Int, _ token: UInt32) -> Balance {
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

    /// More fills and more asks to move than a block does: the market's orders are frozen until it is done, and the result is the same.
    @Test func anAuctionMayTakeSeveralBlocks() {
        let small = Layout.openingStepsPerBlockMax + 500
        for _ in 0..<(small / 500 + 1) {
            _ = test.execute(Array(repeating: .place(order(.sell, -3, 1)), count: 500), signer: traders[0])
            _ = test.execute(Array(repeating: .place(order(.sell, 9, 1)), count: 500), signer: traders[1])
        }
        let count = UInt64(small / 500 + 1) * 500
        let buy = place(2, .buy, 5, count)
        let soon = test.execute([.placeUntil(order(.sell, 8, 1), expiryMs: opensAtMs + 1)], signer: traders[3]).events.last!.orderId
        _ = test.execute([.scheduleCancel(timeMs: opensAtMs + 1), .cancelOnDisconnect(true)], signer: traders[1])
        #expect(open().count == 2 * Layout.openingStepsPerBlockMax)
        #expect(test.host.exchange.market(1)?.phase == MarketPhase.uncrossing)

        // Frozen: for commands, for the time that runs out, for the dead-man's switch, for a session that ends.
        let refused = codes(
            [
                .place(order(.buy, 0, 1)), .cancel(market: 1, orderId: buy),
                .modify(market: 1, orderId: buy, priceCode: Self.middle + 5, lots: 1),
                .modify(market: 1, orderId: buy, priceCode: Self.middle, lots: 1), .cancelAll(market: 1, sides: .both),
                .placeTrigger(order(.sell, 0, 1), expiryMs: 0, triggerPriceCode: Self.middle), .place(order(.buy, 0, 1, .market)),
            ], 2)
        #expect(refused.allSatisfy { $0 == .marketOpening }, "\(refused)")
        #expect(test.execute([.cancelAll(market: 0, sides: .both)], signer: traders[2]).events.last?.lots == 0)
        test.host.exchange.clearEvents()
        #expect(test.host.exchange.disconnect(signer: traders[1]) == .none)
        #expect(test.host.exchange.events.count == 1 && test.host.exchange.events[0].lots == 0)
        expectInvariants(test.host.exchange)

        var events: [Event] = []
        var blocks = 0
        while test.host.exchange.market(1)?.phase == MarketPhase.uncrossing && blocks < 10 {
            events += test.nextBlock(after: 2)
            blocks += 1
            expectInvariants(test.host.exchange)
        }
        #expect(blocks > 1)
        let opened = events.first { $0.kind == Event.Kind.marketOpened }
        #expect(opened?.lots == count && opened?.priceCode == Self.middle)
        // What had to wait happens soon after.
        events = test.nextBlock(after: Layout.frozenTimerDelayMs)
        #expect(events.contains { $0.code == Reduction.expired.rawValue && $0.orderId == soon })
        #expect(events.contains { $0.kind == Event.Kind.accountCancelled && $0.lots == count })
        #expect(test.host.exchange.header.openOrderCount == 0)
        expectInvariants(test.host.exchange)
    }

    /// Markets that open together share the steps of a block, and each gets its turn.
    @Test func severalMarketsOpenInTheirOrder() {
        for id in UInt32(2)...3 {
            test.listMarket(
                id, base: 2, quote: 1, lotExponent: 0, makerFee: 0, takerFee: 0, feeOwner: feeOwner, opensAtMs: opensAtMs + UInt64(id),
                referencePrice: Self.middle)
        }
        for id in UInt16(1)...3 {
            var buy = order(.buy, 0, 2)
            var sell = order(.sell, 0, 2)
            buy.market = id
            sell.market = id
            #expect(codes([.place(buy)], 0) == [.none] && codes([.place(sell)], 1) == [.none])
        }
        #expect(open().filter { $0.kind == Event.Kind.marketOpened }.map(\.market) == [1])
        #expect(test.host.exchange.schedule.nextOpeningMs == opensAtMs + 2)
        #expect(test.nextBlock(after: 60_000).filter { $0.kind == Event.Kind.marketOpened }.map(\.market) == [2, 3])
        expectInvariants(test.host.exchange)
    }

    /// An ask that moves may need a page of levels; without one its owner gets the lots back, and the market opens all the same.
    @Test func withoutRoomAnAskIsCancelled() {
        place(0, .sell, 0, 5)
        place(1, .sell, 40_000, 7)
        let header = (test.host.arenaBytes + Layout.header).assumingMemoryBound(to: StateHeader.self)
        header.pointee.levelPageHighWater = UInt32(Layout.levelPageCapacity - 1)
        let events = open()
        // The page of the first has room for the second.
        #expect(events.map(\.kind) == [Event.Kind.reduced, Event.Kind.marketOpened])
        #expect(events[0].code == Reduction.noRoom.rawValue && events[0].lots == 5)
        #expect(balance(0, 2).free == 1 << 40 && balance(1, 2).locked == 7)
    }
}
