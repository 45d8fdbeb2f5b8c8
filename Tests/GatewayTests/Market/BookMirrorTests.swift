import Engine
import Testing

@testable import Gateway

@Suite struct BookMirrorTests {
    /// An event about one order of a book.
    static func event(
        _ kind: UInt8, _ side: Side, _ priceCode: UInt32, id: UInt64 = 1, lots: UInt64 = 0, remaining: UInt64 = 0
    ) -> Event {
        var event = Event()
        event.kind = kind
        event.side = side.rawValue
        event.priceCode = priceCode
        event.lots = lots
        event.remaining = remaining
        event.orderId = id
        if kind == Event.Kind.fill { event.counterOrderId = id }
        return event
    }

    static func mirror(_ levels: [BookLevel] = []) throws -> BookMirror { BookMirror(RecoveredBook(levels), orders: try OrderQueues()) }

    private func apply(_ event: Event, to book: BookMirror) {
        if let change = BookChange(event) { book.apply(change) }
    }

    private let five = BookLevel(priceCode: 100, side: .buy, lots: 5)

    @Test func followsEvents() throws {
        let book = try Self.mirror([five])
        apply(Self.event(Event.Kind.placed, .buy, 100, id: 2, remaining: 3), to: book)
        apply(Self.event(Event.Kind.placed, .sell, 110, id: 3, lots: 4, remaining: 2), to: book)
        // A taker that sells takes from the bids, the oldest first.
        apply(Self.event(Event.Kind.fill, .sell, 100, id: 1 << 32 | 1, lots: 5), to: book)
        apply(Self.event(Event.Kind.fill, .sell, 100, id: 2, lots: 1, remaining: 2), to: book)
        apply(Self.event(Event.Kind.cancelled, .sell, 110, id: 3, remaining: 2), to: book)
        apply(Self.event(Event.Kind.placed, .buy, 90, id: 0, lots: 9, remaining: 0), to: book)
        #expect(book.restingOrders == [RestingOrder(id: 2, side: .buy, priceCode: 100, lots: 2)])
        #expect(book.isConsistent && book.checksum == BookChecksum.of([five]))
        var changes: [BookLevel] = []
        book.takeChanges { changes.append($0) }
        // The level that came and went was never told, so nothing is told of it.
        #expect(changes == [BookLevel(priceCode: 100, side: .buy, lots: 2)])
        #expect(!book.hasChanges && book.checksum == BookChecksum.of(book.allLevels) && book.checksum != 0)
    }

    @Test func followsReductionsAndModifies() throws {
        let book = try Self.mirror([BookLevel(priceCode: 100, side: .buy, lots: 9)])
        let id: UInt64 = 1 << 32 | 1
        apply(Self.event(Event.Kind.reduced, .buy, 100, id: id, lots: 2, remaining: 7), to: book)
        // A smaller size in place: the reduction has told it.
        var modified = Self.event(Event.Kind.modified, .buy, 100, id: id, remaining: 7)
        modified.counterOrderId = id
        apply(modified, to: book)
        #expect(book.allLevels.map(\.lots) == [7])
        // Another price: off the one level, and what is not filled at once on the other, in the slot that became free.
        apply(Self.event(Event.Kind.reduced, .buy, 100, id: id, lots: 7), to: book)
        modified = Self.event(Event.Kind.modified, .buy, 101, id: 2 << 32 | 1, lots: 3, remaining: 4)
        modified.counterOrderId = id
        apply(modified, to: book)
        #expect(book.restingOrders == [RestingOrder(id: 2 << 32 | 1, side: .buy, priceCode: 101, lots: 4)] && book.isConsistent)
    }

    @Test func triggersAreOnNoBook() throws {
        let book = try Self.mirror([five])
        for kind in [Event.Kind.triggerPlaced, Event.Kind.triggered, Event.Kind.cancelled, Event.Kind.reduced] {
            var event = Self.event(kind, .buy, 100, lots: 2, remaining: 2)
            event.counterOrderId = 1
            apply(event, to: book)
        }
        #expect(book.allLevels == [five] && !book.hasChanges)
    }

    /// Both sides of the one trade leave their own levels.
    @Test func followsAnOpeningAuction() throws {
        let book = try Self.mirror()
        apply(Self.event(Event.Kind.placed, .buy, 110, id: 1, remaining: 5), to: book)
        apply(Self.event(Event.Kind.placed, .sell, 90, id: 2, remaining: 3), to: book)
        #expect(book.allLevels.map(\.priceCode) == [110, 90])
        for (side, price, id, left) in [(Side.buy, UInt32(110), UInt64(1), UInt64(2)), (.sell, 90, 2, 0)] {
            var fill = Self.event(Event.Kind.auctionFill, side, 100, id: id, lots: 3, remaining: left)
            fill.otherPriceCode = price
            apply(fill, to: book)
        }
        apply(Self.event(Event.Kind.marketOpened, .buy, 100, lots: 3), to: book)
        #expect(book.allLevels == [BookLevel(priceCode: 110, side: .buy, lots: 2)] && book.isConsistent)
    }

    @Test(
        arguments: [
            (Event.Kind.fill, 7, 100, 2, 3), (Event.Kind.fill, 1, 100, 6, 0), (Event.Kind.fill, 1, 100, 2, 2),
            (Event.Kind.cancelled, 1, 101, 0, 5), (Event.Kind.placed, 1, 100, 0, 1),
        ] as [(UInt8, UInt64, UInt32, UInt64, UInt64)])
    func noticesWhatCannotBe(kind: UInt8, slot: UInt64, priceCode: UInt32, lots: UInt64, remaining: UInt64) throws {
        let book = try Self.mirror([five])
        let side: Side = kind == Event.Kind.fill ? .sell : .buy
        apply(Self.event(kind, side, priceCode, id: 1 << 32 | slot, lots: lots, remaining: remaining), to: book)
        #expect(!book.isConsistent)
    }

    /// Pages of levels are used again only once what was told of them was taken back.
    @Test func levelsThatMoveOn() throws {
        let book = try Self.mirror()
        var told: [UInt32: UInt64] = [:]
        for round in 0..<200 as Range<UInt64> {
            let (old, new) = (UInt32(round * 64), UInt32((round + 1) * 64))
            for place in 0..<2 as Range<UInt32> {
                let id = 2 * round + UInt64(place)
                if round > 0 { apply(Self.event(Event.Kind.cancelled, .buy, old + place, id: id, remaining: round), to: book) }
                apply(Self.event(Event.Kind.placed, .buy, new + place, id: id + 2, remaining: round + 1), to: book)
            }
            book.takeChanges { told[$0.priceCode] = $0.lots == 0 ? nil : $0.lots }
            #expect(told == [new: round + 1, new + 1: round + 1] && book.allLevels.count == 2 && book.isConsistent)
            #expect(book.checksum == BookChecksum.of(book.allLevels))
        }
    }

    /// The sum is that of the protocol page's Python.
    @Test func checksumOfThePage() {
        #expect(BookChecksum.mix(BookLevel(priceCode: 7, side: .buy, lots: 0)) == 0)
        #expect(BookChecksum.mix(BookLevel(priceCode: 1, side: .buy, lots: 2)) == 0x9758_35DE_1C97_56CE)
        #expect(BookChecksum.mix(BookLevel(priceCode: 1, side: .sell, lots: 2)) == 0x8E3E_BC94_07EF_7252)
        #expect(BookChecksum.mix(BookLevel(priceCode: 1_892_500, side: .buy, lots: 10)) == 0xF240_F55E_FBEF_2B93)
    }
}
