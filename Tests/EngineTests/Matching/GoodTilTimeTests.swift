import Testing

@testable import Engine

/// Orders that stand until a block time.
@Suite struct GoodTilTimeTests {
    let rig: MarketRig

    init() throws {
        rig = try MarketRig()
    }

    private func sellUntil(_ name: String, _ lots: UInt64, at price: UInt32, ms: UInt64, _ timeInForce: TimeInForce = .goodTilCancelled)
        -> [String]
    {
        rig.run(name, .placeUntil(rig.order(.sell, lots, price, timeInForce), expiryMs: rig.nowMs + ms))
    }

    @Test func goneAtTheFirstBlockThatIsNotBefore() {
        #expect(sellUntil("alice", 5, at: 20_000, ms: 100) == ["placed: 0 filled, 5 resting"])
        #expect(sellUntil("bob", 5, at: 20_000, ms: 101, .postOnly) == ["placed: 0 filled, 5 resting"])
        #expect(rig.wait(ms: 99) == [])
        #expect(rig.wait(ms: 1) == ["expired: alice 5@20000 lost, 0 left"])
        #expect(rig.asks == ["bob 5@20000"] && rig.locked("alice", token: 2) == 0)
        #expect(rig.wait(ms: 10_000_000) == ["expired: bob 5@20000 lost, 0 left"])
    }

    @Test func fillsBeforeAsAnyOther() {
        _ = sellUntil("alice", 5, at: 20_000, ms: 100)
        #expect(rig.buy("bob", 5, at: 20_000).last == "placed: 5 filled, 0 resting")
        #expect(rig.wait(ms: 100) == [])
    }

    @Test func refusals() {
        #expect(sellUntil("alice", 5, at: 20_000, ms: 0) == ["rejected: expiryPassed"])
        #expect(rig.run("alice", .placeUntil(rig.order(.sell, 1, 20_000), expiryMs: 1)) == ["rejected: expiryPassed"])
        for timeInForce in [TimeInForce.immediateOrCancel, .fillOrKill, .market] {
            #expect(sellUntil("alice", 5, at: 20_000, ms: 10, timeInForce) == ["rejected: timeInForceInvalid"])
        }
    }

    /// A block ends only so many orders; the others are removed when they are met, and fill nothing.
    @Test func whatABlockDidNotGetToIsRemovedWhenMet() {
        let commands = (0..<500).map { _ in Command.placeUntil(rig.order(.sell, 1, 20_000), expiryMs: rig.nowMs + 10) }
        for _ in 0..<9 { rig.test.execute(commands, signer: rig.address("alice")) }
        rig.sell("bob", 2, at: 20_001)
        #expect(rig.wait(ms: 10).count == Layout.timersPerBlockMax)
        let left = rig.asks.count - 1
        #expect(left == 4_500 - Layout.timersPerBlockMax)
        #expect(rig.buy("carol", 3, at: 20_001, .fillOrKill) == ["rejected: wouldNotFill"])
        let events = rig.buy("carol", 3, at: 20_001, .immediateOrCancel)
        #expect(events.count(where: { $0 == "expired: alice 1@20000 lost, 0 left" }) == left)
        #expect(Array(events.suffix(2)) == ["fill 2@20001 with bob", "placed: 2 filled, 0 resting"])
        #expect(rig.asks == [] && rig.wait(ms: 1) == [])
    }
}
