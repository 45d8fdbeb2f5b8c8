import Proof
import SeededRandom
import Testing

@testable import Engine

/// The book alone against a naive one: any operation, any decision of a policy, prices near each other and as far apart as can be.
@Suite struct BookTests {
    /// Decides by dice that depend only on the seed, the maker and what both have, so that the naive book can decide alike.
    struct Dice: MatchingPolicy {
        let seed: UInt64
        /// Of a hundred, how many encounters are plain fills.
        let fills: UInt64
        var happenings: [Happening] = []

        func decide(_ account: UInt32, _ available: UInt64, _ lots: UInt64) -> MakerEncounter {
            var random = SeededGenerator(seed: seed &+ UInt64(account) &* 31 &+ available)
            guard random.next() % 100 >= fills else { return .fill }
            switch random.next() % 4 {
            case 0: return .remove
            case 1: return .reduce
            case 2: return .stop
            default: return min(available, lots) > 1 ? .fillAndStop(lots: 1 + random.next() % (min(available, lots) - 1)) : .fill
            }
        }

        mutating func meet(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64) -> MakerEncounter {
            decide(maker.pointee.account, maker.pointee.lots, lots)
        }
        mutating func filled(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {
            happenings.append(.filled(maker.pointee.account, priceCode, lots, remaining))
        }
        mutating func reduced(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {
            happenings.append(.reduced(maker.pointee.account, priceCode, lots, remaining))
        }
        mutating func leaving(_ maker: UnsafePointer<Order>, slot: UInt32) { happenings.append(.left(maker.pointee.account)) }
    }

    @Test(arguments: [
        (seed: 1, spread: 12, fills: 100), (seed: 2, spread: 12, fills: 60), (seed: 3, spread: 300, fills: 90),
        (seed: 4, spread: 5_000, fills: 80), (seed: 5, spread: Int(PriceCode.count), fills: 90),
    ])
    func sameAsNaive(seed: UInt64, spread: Int, fills: UInt64) throws {
        print("book against naive book: seed \(seed), prices over \(spread) codes")
        let host = try HostedExchange()
        let book = Book(host.exchange.arena, index: 5)
        book.open()
        var naive = NaiveBook()
        var slots: [UInt32: UInt32] = [:]
        var random = SeededGenerator(seed: seed)
        let lowest = (Int(PriceCode.count) - spread) / 2
        for step in 1...UInt32(3_000) {
            let dice = random.below(100)
            let resting = naive.orders.randomElement(using: &random)
            if dice < 60 || resting == nil {
                let side: Side = random.chance(50) ? .buy : .sell
                // Bids rather below, asks rather above, so that the book fills up.
                let half = spread / 2
                let offset = (side == .buy) == random.chance(80) ? random.below(half) : half + random.below(spread - half)
                let priceCode = UInt32(lowest + offset)
                // Sizes up to 2^63 are allowed; their sum at a level stays below 2^64 as the ledger's limits see to.
                let lots: UInt64 = random.chance(1) ? 1 << 50 : UInt64(1 + random.below(40))
                var policy = Dice(seed: random.next(), fills: fills)
                var expected: [Happening] = []
                let left = book.match(side: side, limit: priceCode, lots: lots, policy: &policy)
                let naiveLeft = naive.match(
                    side: side, limit: priceCode, lots: lots, meet: policy.decide, note: { expected.append($0) })
                try #require(left == naiveLeft && policy.happenings == expected, "step \(step), seed \(seed)")
                for case .left(let account) in expected { slots[account] = nil }
                // Stopped orders still cross and may not rest.
                if left > 0 && !book.crosses(side, limit: priceCode) {
                    slots[step] = book.add(side: side, priceCode: priceCode, lots: left, account: step)
                    naive.add(.init(account: step, side: side, priceCode: priceCode, lots: left))
                }
            } else if let resting, let slot = slots[resting.account] {
                if dice < 90 {
                    book.remove(slot: slot)
                    naive.remove(account: resting.account)
                    slots[resting.account] = nil
                } else if dice < 95, resting.lots > 1 {
                    let lots = 1 + random.next() % (resting.lots - 1)
                    book.shrink(slot: slot, to: lots)
                    naive.shrink(account: resting.account, to: lots)
                } else {
                    book.move(slot: slot, to: book)
                    naive.moveToBack(account: resting.account)
                }
            }
            if let fault = book.findFault() { throw Fault(text: "step \(step), seed \(seed): \(fault)") }
            if step % 200 == 0 { try expectSameOrders(book, naive) }
        }
        #expect(host.exchange.header.openOrderCount == UInt32(naive.orders.count))
        for slot in slots.values { book.remove(slot: slot) }
        #expect(book.bestPrice(.buy) == PriceCode.none && book.bestPrice(.sell) == PriceCode.none && book.orderCount == 0)
        #expect(book.nextPrice(.sell, behind: 0) == PriceCode.none && host.exchange.header.levelPageHighWater > 0)
    }

    struct Fault: Error { let text: String }

    private func expectSameOrders(_ book: Book, _ naive: NaiveBook) throws {
        for side in [Side.buy, .sell] {
            var found: [NaiveBook.Resting] = []
            // All that an order with the worst limit would meet.
            var makers = book.makers(against: side.opposite, limit: side == .buy ? 0 : PriceCode.count - 1)
            while case let slot = makers.next(), slot != 0 {
                let order = book.order(slot).pointee
                #expect(makers.priceCode == order.priceCode)
                found.append(.init(account: order.account, side: side, priceCode: order.priceCode, lots: order.lots))
            }
            var expected = naive.orders.filter { $0.side == side }
            // A stable sort by price leaves orders of one price in the order of their arrival.
            let ranked = expected.enumerated().sorted {
                ($0.element.priceCode, $0.offset) < ($1.element.priceCode, $1.offset)
            }
            expected = ranked.map(\.element)
            if side == .buy {
                expected = ranked.sorted {
                    $0.element.priceCode != $1.element.priceCode ? $0.element.priceCode > $1.element.priceCode : $0.offset < $1.offset
                }.map(\.element)
            }
            try #require(found == expected)
        }
    }
}
