import Testing

@testable import Engine

/// Stop and take-profit orders: they wait until the last price reaches their trigger price.
@Suite struct TriggerTests {
    let rig: MarketRig

    init() throws {
        rig = try MarketRig()
        trade(at: 20_000)
    }

    /// One lot changes hands at the price: what else that causes.
    @discardableResult
    private func trade(at price: UInt32) -> [String] {
        rig.sell("alice", 1, at: price)
        return Array(rig.buy("bob", 1, at: price).dropFirst(2))
    }

    @discardableResult
    private func trigger(
        _ name: String, _ order: Command.Order, at price: UInt32, above: Bool, expiryMs: UInt64 = 0
    ) -> [String] {
        var order = order
        order.flags.firesAbove = above
        return rig.run(name, .placeTrigger(order, expiryMs: expiryMs, triggerPriceCode: rig.code(price)))
    }

    @Test func waitingLocksNothing() {
        #expect(trigger("carol", rig.order(.sell, 3, 18_000), at: 19_000, above: false) == ["waits: 3@18000 for 19000"])
        #expect(rig.triggersBelow == ["carol 3@19000"] && rig.locked("carol", token: 2) == 0)
    }

    @Test func stopFiresWhenTheLastPriceFallsToIt() {
        trigger("carol", rig.order(.sell, 3, 18_000), at: 19_000, above: false)
        rig.buy("dave", 2, at: 18_500)
        #expect(trade(at: 19_001) == [])
        #expect(
            trade(at: 19_000) == ["triggered carol: 3@18000", "fill 2@18500 with dave", "placed: 2 filled, 1 resting"])
        #expect(rig.asks == ["carol 1@18000"] && rig.triggersBelow == [])
    }

    @Test func takeProfitFiresWhenTheLastPriceRisesToIt() {
        trigger("carol", rig.order(.sell, 3, 21_000), at: 21_000, above: true)
        #expect(trade(at: 20_999) == [])
        #expect(trade(at: 21_050) == ["triggered carol: 3@21000", "placed: 0 filled, 3 resting"])
    }

    @Test func nearestFirstThenOldest() {
        for (name, price) in [("carol", UInt32(22_000)), ("dave", 21_000), ("alice", 21_000)] {
            trigger(name, rig.order(.sell, 3, 40_000), at: price, above: true)
        }
        #expect(
            trade(at: 25_000).filter { $0.hasPrefix("triggered") } == [
                "triggered dave: 3@40000", "triggered alice: 3@40000", "triggered carol: 3@40000",
            ])
    }

    @Test func whatFiresMayFireOthers() {
        trigger("carol", rig.order(.buy, 1, 23_000), at: 21_000, above: true)
        trigger("dave", rig.order(.buy, 1, 10_000), at: 22_000, above: true)
        rig.sell("bob", 1, at: 22_500)
        #expect(
            trade(at: 21_000) == [
                "triggered carol: 1@23000", "fill 1@22500 with bob", "placed: 1 filled, 0 resting", "triggered dave: 1@10000",
                "placed: 0 filled, 1 resting",
            ])
    }

    @Test func whatFiresCanBeRefused() {
        trigger("carol", rig.order(.sell, 2_000_000, 18_000), at: 19_000, above: false)
        trigger("dave", rig.order(.sell, 2, 18_000, .fillOrKill), at: 19_000, above: false)
        #expect(
            trade(at: 19_000) == [
                "triggered carol: 2000000@18000", "rejected: insufficientBalance", "triggered dave: 2@18000", "rejected: wouldNotFill",
            ])
    }

    @Test func refusals() {
        #expect(trigger("carol", rig.order(.sell, 1, 18_000), at: 20_000, above: false) == ["rejected: triggerWouldFire"])
        #expect(trigger("carol", rig.order(.sell, 1, 18_000), at: 20_000, above: true) == ["rejected: triggerWouldFire"])
        #expect(trigger("carol", rig.order(.sell, 0, 18_000), at: 20_001, above: true) == ["rejected: sizeZero"])
        #expect(trigger("carol", rig.order(.sell, 1, 18_000), at: 20_001, above: true, expiryMs: rig.nowMs) == ["rejected: expiryPassed"])
        #expect(
            rig.run("carol", .placeTrigger(rig.order(.sell, 1, 18_000), expiryMs: 0, triggerPriceCode: PriceCode.count)) == [
                "rejected: priceInvalid"
            ])
        rig.test.listMarket(2, base: 2, quote: 1, lotExponent: 0, makerFee: 0, takerFee: 0, feeOwner: TestExchange.feeOwner)
        var order = rig.order(.sell, 1, 18_000)
        order.market = 2
        #expect(rig.run("carol", .placeTrigger(order, expiryMs: 0, triggerPriceCode: rig.code(15_000))) == ["rejected: noLastPrice"])
    }

    @Test func cancelledAsOtherOrdersAre() {
        trigger("carol", rig.order(.sell, 3, 18_000, .goodTilCancelled, .cancelTaker, 5), at: 19_000, above: false)
        #expect(
            trigger("carol", rig.order(.buy, 3, 18_000, .goodTilCancelled, .cancelTaker, 5), at: 19_000, above: false) == [
                "rejected: clientOrderIdInUse"
            ])
        #expect(rig.run("bob", .cancel(market: 1, orderId: rig.orderId("carol", 5))) == ["rejected: notYourOrder"])
        #expect(rig.run("carol", .cancel(market: 1, orderId: rig.orderId("carol", 5))) == ["cancelled carol 3@19000"])
        trigger("carol", rig.order(.sell, 3, 18_000, .goodTilCancelled, .cancelTaker, 5), at: 19_000, above: false)
        #expect(rig.run("carol", .cancelByClientId(market: 1, clientOrderId: 5)) == ["cancelled carol 3@19000"])
        #expect(trade(at: 15_000) == [])
    }

    @Test func theyExpireWhileWaitingOrLater() {
        trigger("carol", rig.order(.sell, 3, 30_000), at: 19_000, above: false, expiryMs: rig.nowMs + 10)
        trigger("dave", rig.order(.sell, 4, 30_000), at: 18_000, above: false, expiryMs: rig.nowMs + 20)
        trigger("bob", rig.order(.sell, 5, 30_000, .immediateOrCancel), at: 18_000, above: false, expiryMs: rig.nowMs + 20)
        #expect(rig.wait(ms: 10) == ["expired: carol 3@19000 lost, 0 left"])
        #expect(trade(at: 18_000).filter { $0.hasPrefix("triggered") } == ["triggered dave: 4@30000", "triggered bob: 5@30000"])
        #expect(rig.asks == ["dave 4@30000"])
        #expect(rig.wait(ms: 10) == ["expired: dave 4@30000 lost, 0 left"])
    }

    @Test func onlySoManyFireAtOnce() {
        for _ in 0..<70 { trigger("carol", rig.order(.sell, 1, 40_000), at: 21_000, above: true) }
        for _ in 0..<70 { trigger("dave", rig.order(.sell, 1, 40_000), at: 22_000, above: true) }
        let isTriggered = { (line: String) in line.hasPrefix("triggered") }
        #expect(trade(at: 22_000).count(where: isTriggered) == 64)
        #expect(rig.triggersAbove.count == 76)
        #expect(
            trigger("bob", rig.order(.sell, 1, 40_000), at: 21_500, above: false) == ["rejected: triggerWouldFire"], "they would overlap")
        #expect(rig.run("alice", .cancelAll(market: 0, sides: .both)) == ["cancelled all: 0"], "only what places an order goes on")
        #expect(rig.sell("alice", 1, at: 50_000).count(where: isTriggered) == 64)
        #expect(rig.wait(ms: 1).count(where: isTriggered) == 12)
        #expect(rig.wait(ms: 1) == [] && rig.triggersAbove == [])
    }

    @Test func whatIsDueNoMoreWaitsOn() {
        for _ in 0..<70 { trigger("carol", rig.order(.sell, 1, 40_000), at: 21_000, above: true) }
        trade(at: 21_000)
        #expect(rig.triggersAbove.count == 6)
        // The first sell meets this bid: the price falls, and the others are not due any more.
        rig.test.host.exchange.clearEvents()
        rig.buy("bob", 1, at: 15_000)
        #expect(rig.triggersAbove.count == 0, "placing an order let the rest fire")
        for _ in 0..<70 { trigger("carol", rig.order(.sell, 1, 15_000), at: 22_000, above: true) }
        rig.run("carol", .cancelAll(market: 1, sides: .sells))
        trigger("carol", rig.order(.sell, 1, 15_000), at: 22_000, above: true)
        trigger("dave", rig.order(.sell, 1, 15_000), at: 22_000, above: true)
        #expect(
            trade(at: 22_000) == [
                "triggered carol: 1@15000", "fill 1@15000 with bob", "placed: 1 filled, 0 resting",
            ])
        #expect(rig.triggersAbove == ["dave 1@22000"])
    }
}
