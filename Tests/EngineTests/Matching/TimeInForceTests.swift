import Testing

@testable import Engine

/// What becomes of the part of an order that does not fill at once.
@Suite struct TimeInForceTests {
    let rig: MarketRig

    init() throws {
        rig = try MarketRig()
        rig.sell("alice", 5, at: 20_000)
        rig.sell("bob", 5, at: 20_010)
    }

    @Test func goodTilCancelledRests() {
        #expect(rig.buy("carol", 7, at: 20_005) == ["fill 5@20000 with alice", "placed: 5 filled, 2 resting"])
        #expect(rig.bids == ["carol 2@20005"])
        #expect(rig.locked("carol", token: 1) == 2 * 20_005)
    }

    @Test func immediateOrCancelDropsTheRest() {
        #expect(rig.buy("carol", 7, at: 20_005, .immediateOrCancel) == ["fill 5@20000 with alice", "placed: 5 filled, 0 resting"])
        #expect(rig.buy("carol", 7, at: 20_005, .immediateOrCancel) == ["placed: 0 filled, 0 resting"])
        #expect(rig.bids == [] && rig.locked("carol", token: 1) == 0)
    }

    @Test func postOnlyNeverTakes() {
        #expect(rig.buy("carol", 1, at: 20_000, .postOnly) == ["rejected: postOnlyWouldTake"])
        #expect(rig.buy("carol", 1, at: 19_999, .postOnly) == ["placed: 0 filled, 1 resting"])
    }

    // MARK: Fill or kill

    @Test func fillOrKillFillsWholeOrIsRefused() {
        #expect(rig.buy("carol", 10, at: 20_009, .fillOrKill) == ["rejected: wouldNotFill"])
        #expect(rig.buy("carol", 11, at: 20_010, .fillOrKill) == ["rejected: wouldNotFill"])
        #expect(rig.asks == ["alice 5@20000", "bob 5@20010"])
        #expect(
            rig.buy("carol", 10, at: 20_010, .fillOrKill) == [
                "fill 5@20000 with alice", "fill 5@20010 with bob", "placed: 10 filled, 0 resting",
            ])
        #expect(rig.buy("carol", 1, at: 30_000, .fillOrKill) == ["rejected: wouldNotFill"])
    }

    @Test(arguments: [SelfTradePrevention.cancelTaker, .cancelBoth, .decrement])
    func fillOrKillIsRefusedIfItMeetsAnOwnOrder(prevention: SelfTradePrevention) {
        #expect(rig.buy("bob", 5, at: 20_010, .fillOrKill, prevention) == ["fill 5@20000 with alice", "placed: 5 filled, 0 resting"])
        #expect(rig.buy("bob", 1, at: 20_010, .fillOrKill, prevention) == ["rejected: wouldNotFill"])
    }

    @Test func fillOrKillThatCancelsOwnOrdersLooksBehindThem() {
        #expect(rig.buy("alice", 6, at: 20_010, .fillOrKill, .cancelMaker) == ["rejected: wouldNotFill"])
        #expect(
            rig.buy("alice", 5, at: 20_010, .fillOrKill, .cancelMaker) == [
                "selfTrade: alice 5@20000 lost, 0 left", "fill 5@20010 with bob", "placed: 5 filled, 0 resting",
            ])
    }

    // MARK: Market

    @Test func marketOrdersStopAtTheWorstPrice() {
        #expect(rig.buy("carol", 7, at: 20_009, .market) == ["fill 5@20000 with alice", "placed: 5 filled, 0 resting"])
        #expect(rig.buy("carol", 7, at: 20_009, .market) == ["placed: 0 filled, 0 resting"])
        #expect(rig.bids == [])
    }

    @Test func marketBuysStopWhereTheFreeQuoteEnds() {
        rig.run("carol", .withdraw(token: 1, atoms: 1_000_000_000 - 5 * 20_000 - 3 * 20_010 - 20_009))
        #expect(
            rig.buy("carol", .max, at: 99_999, .market) == [
                "fill 5@20000 with alice", "fill 3@20010 with bob", "placed: 8 filled, 0 resting",
            ])
        #expect(rig.free("carol", token: 1) == 20_009)
        #expect(rig.asks == ["bob 2@20010"])
        #expect(rig.buy("carol", 1, at: 99_999, .market) == ["rejected: insufficientBalance"])
        #expect(rig.buy("carol", 1, at: 20_009, .market) == ["placed: 0 filled, 0 resting"], "nothing to pay for")
    }

    @Test func marketBuysStopBetweenTwoLevels() {
        rig.run("carol", .withdraw(token: 1, atoms: 1_000_000_000 - 5 * 20_000 - 20_009))
        #expect(rig.buy("carol", 6, at: 99_999, .market) == ["fill 5@20000 with alice", "placed: 5 filled, 0 resting"])
    }

    @Test func marketSellsAreCutToWhatIsFree() {
        rig.buy("dave", 9, at: 19_000)
        rig.run("carol", .withdraw(token: 2, atoms: 999_996))
        #expect(rig.sell("carol", .max, at: 10_000, .market) == ["fill 4@19000 with dave", "placed: 4 filled, 0 resting"])
        #expect(rig.sell("carol", 1, at: 10_000, .market) == ["rejected: insufficientBalance"])
    }

    @Test func marketOrdersReserveNothingAtTheWorstPrice() {
        rig.run("carol", .withdraw(token: 1, atoms: 1_000_000_000 - 5 * 20_000))
        #expect(rig.buy("carol", 5, at: 99_999) == ["rejected: insufficientBalance"])
        #expect(rig.buy("carol", 5, at: 99_999, .market) == ["fill 5@20000 with alice", "placed: 5 filled, 0 resting"])
    }
}
