import Testing

@testable import Engine

/// An order never trades with one of its own account; the incoming order says what happens instead.
@Suite struct SelfTradePreventionTests {
    let rig: MarketRig

    init() throws {
        rig = try MarketRig()
        rig.sell("bob", 3, at: 20_000)
        rig.sell("alice", 5, at: 20_000)
        rig.sell("carol", 4, at: 20_000)
    }

    @Test func cancelTakerDropsTheRestOfTheIncomingOrder() {
        #expect(rig.buy("alice", 20, at: 20_000) == ["fill 3@20000 with bob", "placed: 3 filled, 0 resting"])
        #expect(rig.asks == ["alice 5@20000", "carol 4@20000"] && rig.bids == [])
    }

    @Test func cancelMakerGoesOn() {
        #expect(
            rig.buy("alice", 20, at: 20_000, .goodTilCancelled, .cancelMaker) == [
                "fill 3@20000 with bob", "selfTrade: alice 5@20000 lost, 0 left", "fill 4@20000 with carol",
                "placed: 7 filled, 13 resting",
            ])
        #expect(rig.asks == [] && rig.bids == ["alice 13@20000"])
        #expect(rig.locked("alice", token: 2) == 0)
    }

    @Test func cancelBothDropsBoth() {
        #expect(
            rig.buy("alice", 20, at: 20_000, .goodTilCancelled, .cancelBoth) == [
                "fill 3@20000 with bob", "selfTrade: alice 5@20000 lost, 0 left", "placed: 3 filled, 0 resting",
            ])
        #expect(rig.asks == ["carol 4@20000"] && rig.bids == [])
    }

    @Test func cancelBothDropsBothAtTheEndOfTheBook() {
        rig.run("carol", .cancelAll(market: 1, sides: .both))
        rig.buy("alice", 20, at: 20_000, .goodTilCancelled, .cancelBoth)
        #expect(rig.asks == [] && rig.bids == [])
    }

    @Test func decrementTakesTheSmallerSizeOffBoth() {
        #expect(
            rig.buy("alice", 5, at: 20_000, .goodTilCancelled, .decrement) == [
                "fill 3@20000 with bob", "selfTrade: alice 2@20000 lost, 3 left", "placed: 3 filled, 0 resting",
            ])
        #expect(rig.asks == ["alice 3@20000", "carol 4@20000"])
        #expect(rig.locked("alice", token: 2) == 3)
        #expect(
            rig.buy("alice", 8, at: 20_000, .goodTilCancelled, .decrement) == [
                "selfTrade: alice 3@20000 lost, 0 left", "fill 4@20000 with carol", "placed: 4 filled, 1 resting",
            ])
        #expect(rig.asks == [] && rig.bids == ["alice 1@20000"])
    }

    @Test func theModeOfTheRestingOrderDoesNotMatter() {
        rig.buy("dave", 1, at: 19_000, .goodTilCancelled, .cancelMaker)
        #expect(rig.sell("dave", 1, at: 19_000) == ["placed: 0 filled, 0 resting"])
        #expect(rig.bids == ["dave 1@19000"])
    }

    @Test func marketBuysPayNothingForOwnOrders() {
        rig.run("alice", .withdraw(token: 1, atoms: 1_000_000_000 - 5 * 20_000))
        #expect(
            rig.buy("alice", 20, at: 20_000, .market, .decrement) == [
                "fill 3@20000 with bob", "selfTrade: alice 5@20000 lost, 0 left", "fill 2@20000 with carol",
                "placed: 5 filled, 0 resting",
            ])
    }
}
