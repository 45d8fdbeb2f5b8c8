import Testing

@testable import Engine

/// Changing an order that rests.
@Suite struct ModifyTests {
    let rig: MarketRig

    init() throws {
        rig = try MarketRig()
        rig.sell("alice", 5, at: 20_000, id: 1)
        rig.sell("bob", 5, at: 20_000, id: 1)
        rig.buy("carol", 5, at: 19_000)
    }

    private func modify(_ name: String, _ id: UInt64, to lots: UInt64, at price: UInt32) -> [String] {
        rig.run(name, .modify(market: 1, orderId: id, priceCode: rig.code(price), lots: lots))
    }

    @Test func fewerLotsKeepIdAndPlace() {
        let id = rig.orderId("alice", 1)
        #expect(modify("alice", id, to: 2, at: 20_000) == ["modified: alice 3@20000 lost, 2 left", "modified: 0 filled, 2 resting"])
        #expect(rig.asks == ["alice 2@20000", "bob 5@20000"])
        #expect(rig.orderId("alice", 1) == id && rig.locked("alice", token: 2) == 2)
    }

    @Test(arguments: [UInt64(5), 9])
    func otherSizesGoToTheBack(lots: UInt64) {
        let id = rig.orderId("alice", 1)
        #expect(
            modify("alice", id, to: lots, at: 20_000) == [
                "modified: alice 5@20000 lost, 0 left", "modified: 0 filled, \(lots) resting",
            ])
        #expect(rig.asks == ["bob 5@20000", "alice \(lots)@20000"])
        #expect(rig.orderId("alice", 1) != id && rig.locked("alice", token: 2) == lots)
        #expect(modify("alice", id, to: 1, at: 20_000) == ["rejected: unknownOrder"])
    }

    @Test func anotherPriceMayFill() {
        #expect(
            modify("alice", rig.orderId("alice", 1), to: 7, at: 19_000) == [
                "modified: alice 5@20000 lost, 0 left", "fill 5@19000 with carol", "modified: 5 filled, 2 resting",
            ])
        #expect(rig.asks == ["alice 2@19000", "bob 5@20000"])
    }

    @Test func whatTheOldOrderLockedPaysForTheNewOne() {
        rig.run("alice", .withdraw(token: 2, atoms: 1_000_000 - 5))
        #expect(modify("alice", rig.orderId("alice", 1), to: 6, at: 21_000) == ["rejected: insufficientBalance"])
        #expect(rig.asks == ["alice 5@20000", "bob 5@20000"], "refused, it stays as it was")
        #expect(modify("alice", rig.orderId("alice", 1), to: 5, at: 21_000).last == "modified: 0 filled, 5 resting")
    }

    @Test func postOnlyStaysPostOnly() {
        rig.sell("dave", 1, at: 20_500, .postOnly, id: 9)
        #expect(modify("dave", rig.orderId("dave", 9), to: 1, at: 19_000) == ["rejected: postOnlyWouldTake"])
        #expect(rig.asks.last == "dave 1@20500")
        #expect(modify("dave", rig.orderId("dave", 9), to: 1, at: 19_001).last == "modified: 0 filled, 1 resting")
    }

    @Test func ownOrdersStopIt() {
        rig.buy("alice", 3, at: 19_500)
        #expect(modify("alice", rig.orderId("alice", 1), to: 5, at: 19_000).last == "modified: 0 filled, 0 resting")
        #expect(rig.bids == ["alice 3@19500", "carol 5@19000"] && rig.asks == ["bob 5@20000"])
    }

    @Test func whatCannotBeModified() {
        #expect(modify("bob", rig.orderId("alice", 1), to: 1, at: 20_000) == ["rejected: notYourOrder"])
        #expect(modify("bob", 77, to: 1, at: 20_000) == ["rejected: unknownOrder"])
        #expect(modify("bob", rig.orderId("bob", 1), to: 0, at: 20_000) == ["rejected: sizeZero"])
        #expect(
            rig.run("bob", .modify(market: 2, orderId: rig.orderId("bob", 1), priceCode: 1, lots: 1)) == ["rejected: unknownMarket"])
        rig.buy("bob", 5, at: 20_000)
        rig.sell("dave", 5, at: 19_000)
        rig.run(
            "dave",
            .placeTrigger(rig.order(.sell, 1, 15_000, .goodTilCancelled, .cancelTaker, 4), expiryMs: 0, triggerPriceCode: rig.code(15_000)))
        #expect(modify("dave", rig.orderId("dave", 4), to: 1, at: 20_000) == ["rejected: unknownOrder"])
    }

    @Test func theExpiryStays() {
        rig.run("dave", .placeUntil(rig.order(.sell, 3, 20_500, .goodTilCancelled, .cancelTaker, 9), expiryMs: rig.nowMs + 100))
        #expect(modify("dave", rig.orderId("dave", 9), to: 4, at: 20_600).last == "modified: 0 filled, 4 resting")
        #expect(rig.wait(ms: 99) == [])
        #expect(rig.wait(ms: 1) == ["expired: dave 4@20600 lost, 0 left"])
    }
}
