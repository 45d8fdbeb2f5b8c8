import Engine
import SeededRandom
import Testing

@testable import Gateway

@Suite struct BookMirrorTests {
    static func event(_ kind: UInt8, _ side: Side, _ price: UInt32, lots: UInt64 = 0, remaining: UInt64 = 0) -> Event {
        var event = Event()
        event.kind = kind
        event.side = side.rawValue
        event.priceCode = price
        event.lots = lots
        event.remaining = remaining
        return event
    }

    @Test func followsEvents() {
        var book = BookMirror(levels: [BookLevel(priceCode: 100, side: .buy, lots: 5)])
        book.apply(Self.event(Event.Kind.placed, .buy, 100, remaining: 3))
        book.apply(Self.event(Event.Kind.placed, .sell, 110, lots: 4, remaining: 2))
        // A taker that sells takes from the bids.
        book.apply(Self.event(Event.Kind.fill, .sell, 100, lots: 6))
        #expect(book.lots(priceCode: 100, side: .buy) == 2)
        book.apply(Self.event(Event.Kind.cancelled, .sell, 110, remaining: 2))
        book.apply(Self.event(Event.Kind.placed, .buy, 90, lots: 9, remaining: 0))
        #expect(book.snapshot(depth: 10) == [BookLevel(priceCode: 100, side: .buy, lots: 2)])
        var changes: [BookLevel] = []
        book.takeChanges { changes.append($0) }
        #expect(changes.count == 2 && changes.contains(BookLevel(priceCode: 110, side: .sell, lots: 0)))
        #expect(!book.hasChanges && book.isConsistent)
        book.apply(Self.event(Event.Kind.fill, .sell, 100, lots: 3))
        #expect(!book.isConsistent && book.levelCount == 0)
    }

    @Test func followsReductionsAndModifies() {
        var book = BookMirror(levels: [BookLevel(priceCode: 100, side: .buy, lots: 9)])
        book.apply(Self.event(Event.Kind.reduced, .buy, 100, lots: 2, remaining: 1))
        #expect(book.lots(priceCode: 100, side: .buy) == 7)
        // A smaller size in place: the reduction has told it.
        var modified = Self.event(Event.Kind.modified, .buy, 100, remaining: 5)
        modified.orderId = 3
        modified.counterOrderId = 3
        book.apply(modified)
        #expect(book.lots(priceCode: 100, side: .buy) == 7)
        // Another price: off the one level, and what is not filled at once on the other.
        book.apply(Self.event(Event.Kind.reduced, .buy, 100, lots: 5))
        modified = Self.event(Event.Kind.modified, .buy, 101, lots: 1, remaining: 4)
        modified.orderId = 4
        modified.counterOrderId = 3
        book.apply(modified)
        #expect(book.snapshot(depth: 9).map(\.lots) == [4, 2] && book.isConsistent)
    }

    @Test func triggersAreOnNoBook() {
        var book = BookMirror(levels: [BookLevel(priceCode: 100, side: .buy, lots: 9)])
        for kind in [Event.Kind.triggerPlaced, Event.Kind.triggered, Event.Kind.cancelled, Event.Kind.reduced] {
            var event = Self.event(kind, .buy, 100, lots: 2, remaining: 2)
            event.counterOrderId = 1
            book.apply(event)
        }
        #expect(book.lots(priceCode: 100, side: .buy) == 9 && !book.hasChanges)
    }

    /// Both sides of the one trade leave their own levels.
    @Test func followsAnOpeningAuction() {
        var book = BookMirror()
        book.apply(Self.event(Event.Kind.placed, .buy, 110, remaining: 5))
        book.apply(Self.event(Event.Kind.placed, .sell, 90, remaining: 3))
        #expect(book.snapshot(depth: 9).map(\.priceCode) == [110, 90])
        for (side, price) in [(Side.buy, UInt32(110)), (.sell, 90)] {
            var fill = Self.event(Event.Kind.auctionFill, side, 100, lots: 3)
            fill.otherPriceCode = price
            book.apply(fill)
        }
        book.apply(Self.event(Event.Kind.marketOpened, .buy, 100, lots: 3))
        #expect(book.snapshot(depth: 9) == [BookLevel(priceCode: 110, side: .buy, lots: 2)] && book.isConsistent)
    }

    @Test func snapshotIsSortedAndBounded() {
        var book = BookMirror()
        for price in UInt32(1)...20 {
            book.apply(Self.event(Event.Kind.placed, .buy, price, remaining: 1))
            book.apply(Self.event(Event.Kind.placed, .sell, 100 + price, remaining: 1))
        }
        #expect(book.snapshot(depth: 3).map(\.priceCode) == [20, 19, 18, 101, 102, 103])
        // The kept order does not outlive a change.
        book.apply(Self.event(Event.Kind.placed, .buy, 50, remaining: 1))
        #expect(book.snapshot(depth: 2).map(\.priceCode) == [50, 20, 101, 102])
    }

    /// Against a naive list of resting orders.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func matchesNaiveBook(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var book = BookMirror()
        var copy: [UInt32: UInt64] = [:]
        var orders: [(side: Side, price: UInt32, lots: UInt64)] = []
        for _ in 0..<3000 {
            if orders.isEmpty || Bool.random(using: &generator) {
                let order = (
                    side: Bool.random(using: &generator) ? Side.buy : .sell, price: UInt32.random(in: 0..<50, using: &generator),
                    lots: UInt64.random(in: 1...9, using: &generator)
                )
                orders.append(order)
                book.apply(Self.event(Event.Kind.placed, order.side, order.price, remaining: order.lots))
            } else {
                let index = Int.random(in: 0..<orders.count, using: &generator)
                let order = orders[index]
                if Bool.random(using: &generator) {
                    book.apply(Self.event(Event.Kind.cancelled, order.side, order.price, remaining: order.lots))
                    orders.remove(at: index)
                } else {
                    let lots = UInt64.random(in: 1...order.lots, using: &generator)
                    book.apply(Self.event(Event.Kind.fill, order.side.opposite, order.price, lots: lots))
                    orders[index].lots -= lots
                    if orders[index].lots == 0 { orders.remove(at: index) }
                }
            }
            if Int.random(in: 0..<5, using: &generator) == 0 {
                book.takeChanges { copy[$0.priceCode << 1 | UInt32($0.side.rawValue)] = $0.lots == 0 ? nil : $0.lots }
            }
        }
        book.takeChanges { copy[$0.priceCode << 1 | UInt32($0.side.rawValue)] = $0.lots == 0 ? nil : $0.lots }
        var expected: [UInt32: UInt64] = [:]
        for order in orders { expected[order.price << 1 | UInt32(order.side.rawValue), default: 0] += order.lots }
        #expect(copy == expected, "seed \(seed)")
        #expect(book.levelCount == expected.count && book.isConsistent, "seed \(seed)")
    }
}
