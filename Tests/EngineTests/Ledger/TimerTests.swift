import SeededRandom
import Testing

@testable import Engine

/// The wheel of timers by itself: each goes off at the first block at or after its time, whatever the times are.
@Suite struct TimerTests {
    let test: TestExchange
    let owner = TestExchange.address(1)

    init() throws {
        test = try TestExchange(traders: [owner], atoms: 1 << 40, baseDecimals: 6)
    }

    /// An order that rests and goes `milliseconds` after now.
    private func rest(goesAfter milliseconds: UInt64) -> UInt64 {
        let id = test.execute(
            [.place(market: 1, side: .sell, timeInForce: .goodTilCancelled, priceCode: price(20_000, 0), lots: 1, clientOrderId: 0)],
            signer: owner
        ).events.last!.orderId
        let expiryMs = test.host.exchange.header.blockTimeMs.addingSaturated(milliseconds)
        test.host.exchange.armTimer(order: UInt32(truncatingIfNeeded: id), expiryMs: expiryMs)
        return id
    }

    private func expired(_ events: [Event]) -> [UInt64] {
        #expect(events.allSatisfy { $0.kind == Event.Kind.reduced && $0.code == Reduction.expired.rawValue && $0.commandIndex == 0xFFFF })
        return events.map(\.orderId)
    }

    @Test func anOrderGoesAtTheFirstBlockAtOrAfterItsTime() {
        let id = rest(goesAfter: 100)
        #expect(expired(test.nextBlock(after: 99)) == [])
        let events = test.nextBlock(after: 1)
        #expect(expired(events) == [id])
        #expect(events[0].lots == 1 && events[0].remaining == 0 && events[0].account == 2 && events[0].priceCode == price(20_000, 0))
        #expect(test.host.exchange.balance(account: 2, token: 2)?.locked == 0)
        expectInvariants(test.host.exchange)
    }

    @Test func theEarliestGoesFirst() {
        let late = rest(goesAfter: 70_000)
        let early = rest(goesAfter: 3)
        let middle = rest(goesAfter: 69_999)
        #expect(expired(test.nextBlock(after: 100_000)) == [early, middle, late])
    }

    @Test func aCancelledOrderHasNoTimerAnyMore() {
        let id = rest(goesAfter: 5)
        _ = rest(goesAfter: 5)
        _ = test.execute([.cancel(market: 1, orderId: id)], signer: owner)
        expectInvariants(test.host.exchange)
        let reused = test.execute(
            [.place(market: 1, side: .sell, timeInForce: .goodTilCancelled, priceCode: price(20_000, 0), lots: 1, clientOrderId: 0)],
            signer: owner
        ).events.last!.orderId
        #expect(UInt32(truncatingIfNeeded: reused) == UInt32(truncatingIfNeeded: id))
        #expect(test.nextBlock(after: 10).count == 1)
        #expect(test.host.exchange.order(slot: UInt32(truncatingIfNeeded: reused))?.detail.expiryMs == 0)
    }

    @Test func aYearPassesAndTheLastPossibleTimeNeverComes() {
        _ = rest(goesAfter: .max)
        let id = rest(goesAfter: 365 * 86_400_000)
        #expect(expired(test.nextBlock(after: 365 * 86_400_000 - 1)) == [])
        #expect(expired(test.nextBlock(after: 1)) == [id])
        expectInvariants(test.host.exchange)
    }

    /// Beside a sorted list: random times near and far, random steps of time, cancels in between.
    @Test(arguments: 1...8) func likeASortedList(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var due: [UInt64: UInt64] = [:]
        for _ in 0..<1_500 {
            let now = test.host.exchange.header.blockTimeMs
            if random.chance(60) {
                let distance = 1 + random.next() >> UInt64(24 + random.below(40))
                due[rest(goesAfter: distance)] = now + distance
            } else if random.chance(30), let id = due.keys.sorted().randomElement(using: &random) {
                _ = test.execute([.cancel(market: 1, orderId: id)], signer: owner)
                due[id] = nil
            } else {
                let step = random.next() >> UInt64(28 + random.below(36))
                let gone = expired(test.nextBlock(after: step))
                let times = gone.map { due[$0] ?? .max }
                #expect(times == times.sorted() && times.allSatisfy { $0 <= now + step })
                for id in gone { due[id] = nil }
                #expect(due.values.allSatisfy { $0 > now + step }, "an order outlived its time")
            }
            expectTimerInvariants(test.host.exchange)
        }
        expectInvariants(test.host.exchange)
    }

    /// A block does a bounded amount of this work; the rest is done by the next ones, even if no time passes between them.
    @Test func whatIsTooMuchForOneBlockIsDoneInTheNext() {
        let count = Layout.timersPerBlockMax + 700
        for _ in 0..<count { _ = rest(goesAfter: 1 << 20) }
        for _ in 0..<10 { _ = rest(goesAfter: 1 << 21) }
        var gone = 0
        var blocks = 0
        while gone < count && blocks < 10 {
            let events = expired(test.nextBlock(after: blocks == 0 ? 1 << 20 : 0))
            #expect(events.count <= Layout.timersPerBlockMax)
            gone += events.count
            blocks += 1
            expectTimerInvariants(test.host.exchange)
        }
        #expect(gone == count && blocks > 1)
        expectInvariants(test.host.exchange)
    }

    /// While the wheel lags, orders of the bucket it stands in can be cancelled and new ones armed.
    @Test func cancellingInTheBucketWhereTheSweepStopped() {
        let ids = (0..<(Layout.timersPerBlockMax + 300)).map { _ in rest(goesAfter: 5_000) }
        _ = test.nextBlock(after: 6_000)
        let alive = ids.filter { test.host.exchange.order(slot: UInt32(truncatingIfNeeded: $0)) != nil }
        #expect(!alive.isEmpty)
        for id in alive.prefix(alive.count / 2) { _ = test.execute([.cancel(market: 1, orderId: id)], signer: owner) }
        let new = rest(goesAfter: 1)
        expectInvariants(test.host.exchange)
        for _ in 0..<3 { _ = test.nextBlock(after: 0) }
        #expect(test.host.exchange.header.openOrderCount == 1)
        #expect(expired(test.nextBlock(after: 1)) == [new])
    }
}
