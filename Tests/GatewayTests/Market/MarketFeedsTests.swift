import Engine
import Sequencer
import Testing

@testable import Gateway

@Suite struct MarketFeedsTests {
    static let market: UInt16 = 1

    static func feeds(_ levels: [BookLevel] = []) throws -> MarketFeeds {
        try MarketFeeds(books: [market: RecoveredBook(levels), 2: RecoveredBook()], block: 1)
    }

    static func placed(_ side: Side, _ priceCode: UInt32, id: UInt64, lots: UInt64) -> Event {
        var event = BookMirrorTests.event(Event.Kind.placed, side, priceCode, id: id, remaining: lots)
        event.market = market
        return event
    }

    private static func fill(_ side: Side, _ priceCode: UInt32, id: UInt64, lots: UInt64, remaining: UInt64 = 0) -> Event {
        var event = BookMirrorTests.event(Event.Kind.fill, side, priceCode, id: id, lots: lots, remaining: remaining)
        event.market = market
        return event
    }

    static func position(_ block: UInt64, _ place: UInt32 = 0) -> StreamPosition { StreamPosition(block: block, batch: place) }

    static func apply(_ events: [Event], to feeds: inout MarketFeeds, _ position: StreamPosition) {
        events.withUnsafeBufferPointer { feeds.apply($0, position) }
    }

    private static func updates(_ messages: [ServerMessage]) -> [ServerMessage.BookLevels] {
        messages.compactMap { if case .bookUpdate(let update) = $0 { update } else { nil } }
    }

    /// Levels of many prices, each of one order.
    private static func wide(_ count: UInt32) -> [BookLevel] {
        (0..<count).map { BookLevel(priceCode: count - $0, side: .buy, lots: UInt64($0) + 1) }
    }

    @Test func levelsAreToldOnceATurnAndBlockByBlock() throws {
        var feeds = try Self.feeds()
        let listener = FakeListener(slot: 3)
        let (isListed, isUnlisted) = (feeds.subscribe(listener, .book, Self.market), feeds.subscribe(listener, .book, 9))
        #expect(isListed && !isUnlisted)
        _ = feeds.publish()
        let empty = ServerMessage.BookLevels(part: .whole, market: Self.market, sequence: 0, block: 1, checksum: 0, levels: [])
        #expect(try listener.read() == [.bookSnapshot(empty)])
        Self.apply([Self.placed(.buy, 100, id: 1, lots: 2), Self.placed(.buy, 100, id: 2, lots: 3)], to: &feeds, Self.position(1))
        Self.apply([Self.placed(.buy, 101, id: 3, lots: 4)], to: &feeds, Self.position(1, 1))
        Self.apply([Self.fill(.sell, 101, id: 3, lots: 4)], to: &feeds, Self.position(2))
        _ = feeds.publish()
        let first = [BookLevel(priceCode: 100, side: .buy, lots: 5), BookLevel(priceCode: 101, side: .buy, lots: 4)]
        let gone = BookLevel(priceCode: 101, side: .buy, lots: 0)
        #expect(
            try listener.read() == [
                .bookUpdate(.init(market: 1, sequence: 1, block: 1, checksum: BookChecksum.of(first), levels: first)),
                .bookUpdate(.init(market: 1, sequence: 2, block: 2, checksum: BookChecksum.of([first[0]]), levels: [gone])),
            ])
        _ = feeds.publish()
        #expect(try listener.read().isEmpty)
    }

    @Test func aMessageIsMadeOnceForAll() throws {
        var feeds = try Self.feeds()
        let listeners = (0..<50).map { FakeListener(slot: $0) }
        for listener in listeners { _ = feeds.subscribe(listener, .orders, Self.market) }
        _ = feeds.publish()
        for (index, listener) in listeners.enumerated() where index % 2 == 1 { feeds.unsubscribe(listener, .orders, Self.market) }
        for place in 0..<10 as Range<UInt32> {
            Self.apply([Self.placed(.sell, 7, id: UInt64(place + 1), lots: 1)], to: &feeds, Self.position(1, place))
        }
        _ = feeds.publish()
        #expect(listeners.map(\.sendCount) == (0..<50).map { $0 % 2 == 0 ? 2 : 1 })
        let messages = try listeners.map { try $0.read() }
        #expect(messages[0].count == 2 && stride(from: 0, to: 50, by: 2).allSatisfy { messages[$0] == messages[0] })
    }

    /// However deep the book, it is sent in parts, the next only when the one before was read.
    @Test(arguments: [Channel.book, .orders])
    func deepBooksComeInParts(channel: Channel) throws {
        let levels = Self.wide(30_000)
        var feeds = try Self.feeds(levels)
        let listener = FakeListener(slot: 0)
        _ = feeds.subscribe(listener, channel, Self.market)
        var book = BookFollower()
        var orders = OrdersFollower()
        var turns = 0
        while !book.isComplete, !orders.isComplete {
            turns += 1
            let canGoOn = feeds.publish()
            #expect(listener.waitingBytes < 2 * MarketFeedLimits().waitingBytesMax)
            for message in try listener.read() {
                orders.follow(message)
                if case .bookSnapshot(let part) = message { try book.follow(snapshot: part) }
            }
            #expect(canGoOn == !(book.isComplete || orders.isComplete))
        }
        #expect(turns > 3)
        #expect(channel == .book ? book.levels(.buy) == levels : orders.orders.levels == levels && orders.faults.isEmpty)
    }

    @Test func whoDoesNotReadGetsNoMorePartsAndHoldsNobodyUp() throws {
        var feeds = try Self.feeds(Self.wide(30_000))
        let (stuck, other) = (FakeListener(slot: 0), FakeListener(slot: 1))
        _ = feeds.subscribe(stuck, .book, Self.market)
        _ = feeds.publish()
        let canGoOn = feeds.publish()
        #expect(!canGoOn)
        let waiting = stuck.waitingBytes
        _ = feeds.subscribe(other, .book, Self.market)
        for _ in 0..<20 {
            _ = feeds.publish()
            _ = try other.read()
        }
        #expect(stuck.waitingBytes == waiting && other.sendCount >= 7)
    }

    @Test(arguments: [Channel.book, .orders, .ticker, .trades])
    func whoLagsIsToldAnew(channel: Channel) throws {
        var feeds = try Self.feeds([BookLevel(priceCode: 100, side: .buy, lots: 9)])
        let listener = FakeListener(slot: 5)
        _ = feeds.subscribe(listener, channel, Self.market)
        _ = feeds.publish()
        _ = try listener.read()
        listener.isLagging = true
        Self.apply([Self.fill(.sell, 100, id: 1 << 32 | 1, lots: 2, remaining: 7)], to: &feeds, Self.position(2))
        _ = feeds.publish()
        listener.isLagging = false
        // Not before it says so, else the messages would have a hole.
        Self.apply([Self.fill(.sell, 100, id: 1 << 32 | 1, lots: 3, remaining: 4)], to: &feeds, Self.position(3))
        _ = feeds.publish()
        #expect(try listener.read().isEmpty)
        feeds.resumed(listener, channel, Self.market)
        _ = feeds.publish()
        let level = BookLevel(priceCode: 100, side: .buy, lots: 4)
        let expected: ServerMessage =
            switch channel {
            case .book:
                .bookSnapshot(.init(part: .whole, market: 1, sequence: 2, block: 3, checksum: BookChecksum.of([level]), levels: [level]))
            case .orders:
                .ordersSnapshot(
                    .init(
                        part: .whole, market: 1, sequence: 2, position: Self.position(3),
                        entries: [.init(orderId: 1 << 32 | 1, restingLots: 4, priceCode: 100, side: .buy, change: nil, lots: 0)]))
            case .ticker:
                .ticker(
                    .init(
                        market: 1, bidPriceCode: 100, bidLots: 4, askPriceCode: PriceCode.none, askLots: 0, lastPriceCode: 100,
                        position: Self.position(3)))
            default: .trades(.init(isGap: true, market: 1, position: Self.position(3), trades: []))
            }
        #expect(try listener.read() == [expected])
        // And goes on from there.
        Self.apply([Self.fill(.sell, 100, id: 1 << 32 | 1, lots: 4)], to: &feeds, Self.position(4))
        _ = feeds.publish()
        #expect(try listener.read().count == 1)
        // Who missed nothing is told nothing.
        feeds.resumed(listener, channel, Self.market)
        _ = feeds.publish()
        #expect(try listener.read().isEmpty)
    }

    @Test func tickerComesOnlyWhenItChanges() throws {
        var feeds = try Self.feeds()
        let listener = FakeListener(slot: 0)
        _ = feeds.subscribe(listener, .ticker, Self.market)
        _ = feeds.publish()
        let none = ServerMessage.Ticker(
            market: 1, bidPriceCode: PriceCode.none, bidLots: 0, askPriceCode: PriceCode.none, askLots: 0, lastPriceCode: PriceCode.none,
            position: StreamPosition(openingOf: 1))
        #expect(try listener.read() == [.ticker(none)])
        Self.apply(
            [Self.placed(.buy, 100, id: 1, lots: 2), Self.placed(.sell, 110, id: 2, lots: 3), Self.placed(.sell, 111, id: 3, lots: 4)],
            to: &feeds, Self.position(1, 7))
        _ = feeds.publish()
        var ticker = none
        (ticker.bidPriceCode, ticker.bidLots, ticker.askPriceCode, ticker.askLots) = (100, 2, 110, 3)
        ticker.position = Self.position(1, 7)
        #expect(try listener.read() == [.ticker(ticker)])
        Self.apply([Self.placed(.buy, 99, id: 4, lots: 2), Self.placed(.sell, 112, id: 5, lots: 3)], to: &feeds, Self.position(1, 8))
        _ = feeds.publish()
        #expect(try listener.read().isEmpty)
        Self.apply([Self.fill(.buy, 110, id: 2, lots: 3)], to: &feeds, Self.position(2, 0))
        _ = feeds.publish()
        (ticker.askPriceCode, ticker.askLots, ticker.lastPriceCode, ticker.position) = (111, 4, 110, Self.position(2, 0))
        #expect(try listener.read() == [.ticker(ticker)])
    }

    /// A batch of more trades than fit a message is told in several, none too long for a client.
    @Test func manyTradesAreManyMessages() throws {
        let count = 20_000
        var feeds = try Self.feeds([BookLevel(priceCode: 100, side: .sell, lots: UInt64(count))])
        let listener = FakeListener(slot: 0)
        _ = feeds.subscribe(listener, .trades, Self.market)
        Self.apply(
            (1...count).map { Self.fill(.buy, 100, id: 1 << 32 | 1, lots: 1, remaining: UInt64(count - $0)) }, to: &feeds,
            Self.position(1, 3))
        _ = feeds.publish()
        let trades = try listener.read().compactMap { if case .trades(let trades) = $0 { trades } else { nil } }
        #expect(trades.count == 5 && trades.map(\.trades.count).reduce(0, +) == count)
        #expect(trades.allSatisfy { $0.position == Self.position(1, 3) && !$0.isGap && $0.trades.count <= 4096 })
    }

    @Test func openedIsToldOnceToEach() throws {
        var feeds = try Self.feeds()
        let (both, book, trades) = (FakeListener(slot: 0), FakeListener(slot: 1), FakeListener(slot: 2))
        for (listener, channels) in [(both, [Channel.book, .trades]), (book, [.book]), (trades, [.trades])] {
            for channel in channels { _ = feeds.subscribe(listener, channel, Self.market) }
        }
        _ = feeds.publish()
        for listener in [both, book] { _ = try listener.read() }
        var opened = Event()
        opened.kind = Event.Kind.marketOpened
        opened.market = Self.market
        opened.priceCode = 5
        opened.lots = 6
        Self.apply([opened], to: &feeds, StreamPosition(openingOf: 2))
        _ = feeds.publish()
        let message = ServerMessage.marketOpened(.init(market: 1, priceCode: 5, lots: 6, block: 2))
        for listener in [both, book, trades] { #expect(try listener.read() == [message]) }
    }

    /// The slot of a connection that is gone is soon another's.
    @Test func aNewConnectionInTheSameSlot() throws {
        var feeds = try Self.feeds(Self.wide(20_000))
        let old = FakeListener(slot: 0)
        _ = feeds.subscribe(old, .book, Self.market)
        _ = feeds.publish()
        feeds.unsubscribe(old, .book, Self.market)
        let new = FakeListener(slot: 0)
        _ = feeds.subscribe(new, .book, Self.market)
        let before = old.sendCount
        var book = BookFollower()
        while !book.isComplete {
            _ = feeds.publish()
            for case .bookSnapshot(let part) in try new.read() { try book.follow(snapshot: part) }
        }
        #expect(old.sendCount == before && book.levels(.buy) == Self.wide(20_000))
    }
}
