import Testing

@testable import Engine

@Suite struct CancelAllTests {
    let rig: MarketRig

    init() throws {
        rig = try MarketRig()
        rig.test.listMarket(2, base: 2, quote: 1, lotExponent: 0, makerFee: 0, takerFee: 0, feeOwner: TestExchange.feeOwner)
        rig.sell("bob", 1, at: 20_000)
        rig.buy("carol", 1, at: 20_000)
        rig.sell("alice", 5, at: 21_000)
        rig.buy("alice", 6, at: 19_000)
        rig.sell("bob", 7, at: 21_000)
        var trigger = rig.order(.buy, 8, 25_000)
        trigger.flags.firesAbove = true
        rig.run("alice", .placeTrigger(trigger, expiryMs: 0, triggerPriceCode: rig.code(22_000)))
        var elsewhere = rig.order(.buy, 9, 19_000)
        elsewhere.market = 2
        rig.run("alice", .place(elsewhere))
    }

    @Test func onOneMarketNewestFirst() {
        #expect(
            rig.run("alice", .cancelAll(market: 1, sides: .both)) == [
                "cancelledAll: alice 8@22000 lost, 0 left", "cancelledAll: alice 6@19000 lost, 0 left",
                "cancelledAll: alice 5@21000 lost, 0 left", "cancelled all: 3",
            ])
        #expect(rig.asks == ["bob 7@21000"] && rig.bids == [] && rig.triggersAbove == [])
        #expect(rig.locked("alice", token: 1) == 9 * 19_000, "the other market's order stays")
    }

    @Test func onAllMarkets() {
        #expect(rig.run("alice", .cancelAll(market: 0, sides: .both)).last == "cancelled all: 4")
        #expect(rig.locked("alice", token: 1) == 0 && rig.locked("alice", token: 2) == 0)
    }

    @Test func ofOneSideTriggersByTheSideTheyWillHave() {
        #expect(rig.run("alice", .cancelAll(market: 1, sides: .buys)).last == "cancelled all: 2")
        #expect(rig.asks == ["alice 5@21000", "bob 7@21000"])
        #expect(rig.run("alice", .cancelAll(market: 1, sides: .sells)).last == "cancelled all: 1")
    }

    /// A batch of them that finds nothing to cancel is not endless work.
    @Test func lookingInVainHasAnEnd() {
        for _ in 0..<5 { rig.test.execute((0..<500).map { _ in Command.place(rig.order(.sell, 1, 30_000)) }, signer: rig.address("dave")) }
        let batch = [Command](repeating: .cancelAll(market: 2, sides: .both), count: 10)
        for _ in 0..<2 {
            let codes = rig.test.execute(batch, signer: rig.address("dave")).events.map(\.code)
            #expect(codes == Array(repeating: 0, count: 8) + Array(repeating: RejectCode.tooDeep.rawValue, count: 2))
        }
        #expect(rig.run("dave", .cancelAll(market: 1, sides: .sells)).last == "cancelled all: 2500")
    }

    @Test func ofNothing() {
        #expect(rig.run("dave", .cancelAll(market: 1, sides: .both)) == ["cancelled all: 0"])
        #expect(rig.run("dave", .cancelAll(market: 3, sides: .both)) == ["rejected: unknownMarket"])
    }
}
