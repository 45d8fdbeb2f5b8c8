import Testing

@testable import Engine

/// One order meets only so many others, so that no command is endless work.
@Suite struct MakerLimitTests {
    let rig: MarketRig

    /// 1,030 asks of one lot, then one of another trader.
    init() throws {
        rig = try MarketRig()
        let commands = (0..<515).map { _ in Command.place(rig.order(.sell, 1, 20_000)) }
        for half in [commands.prefix(500), commands.suffix(15)] {
            for _ in 0..<2 { rig.test.execute(Array(half), signer: rig.address("alice")) }
        }
        rig.sell("carol", 1, at: 20_001)
    }

    @Test func theRestIsDroppedEvenIfItCouldRest() {
        let events = rig.buy("bob", 2_000, at: 20_000)
        #expect(events.count == 1_025 && events.last == "placed: 1024 filled, 0 resting")
        #expect(rig.asks.count == 7 && rig.bids == [])
    }

    @Test func itRestsIfThereIsNoMoreToMeet() {
        rig.buy("bob", 6, at: 20_000)
        #expect(rig.buy("bob", 1_025, at: 20_000).last == "placed: 1024 filled, 1 resting")
        #expect(rig.bids == ["bob 1@20000"])
    }

    @Test func removedOnesCount() {
        #expect(rig.buy("alice", 1, at: 20_001, .immediateOrCancel, .cancelMaker).last == "placed: 0 filled, 0 resting")
        #expect(rig.asks.count == 7)
        #expect(rig.buy("alice", 1, at: 20_001, .immediateOrCancel, .cancelMaker).last == "placed: 1 filled, 0 resting")
        #expect(rig.asks == [])
    }

    @Test func fillOrKillLooksNoFarther() {
        #expect(rig.buy("bob", 1_025, at: 20_000, .fillOrKill) == ["rejected: tooDeep"])
        #expect(rig.buy("alice", 1, at: 20_001, .fillOrKill, .cancelMaker) == ["rejected: tooDeep"])
        #expect(rig.buy("bob", 1_024, at: 20_000, .fillOrKill).last == "placed: 1024 filled, 0 resting")
        #expect(rig.buy("bob", 8, at: 20_001, .fillOrKill) == ["rejected: wouldNotFill"])
    }
}
