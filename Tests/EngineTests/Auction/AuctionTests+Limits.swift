import Testing

@testable import Engine

/// Auctions that are more than a block may do, or than the arena has room for.
extension AuctionTests {
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
