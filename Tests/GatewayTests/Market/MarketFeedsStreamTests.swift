import Engine
import Proof
import RandomStreams
import SeededRandom
import Sequencer
import Testing

@testable import Gateway

/// Listeners that read, lag, come and go at random, also amid what is delivered in slices, over random calls of every kind: whenever one has everything, its books are the engine's, level by
/// level and order by order; and before a message of a later block its levels are those under the earlier block's root.
@Suite struct MarketFeedsStreamTests {
    private final class Client {
        let listener: FakeListener
        var books: [UInt16: BookFollower] = [:]
        var orders: [UInt16: OrdersFollower] = [:]

        init(slot: Int) { listener = FakeListener(slot: slot) }

        /// `roots` has the levels at the end of each block.
        func read(_ roots: [UInt64: [UInt16: [BookLevel]]]) throws {
            for message in try listener.read() {
                switch message {
                case .bookSnapshot(let part): try books[part.market, default: BookFollower()].follow(snapshot: part)
                case .bookUpdate(let update):
                    if let book = books[update.market], book.isComplete, update.block > book.block {
                        for block in book.block..<update.block {
                            guard let levels = roots[block] else { continue }
                            #expect(book.levels(.buy) + book.levels(.sell) == levels[update.market], "before block \(update.block)")
                        }
                    }
                    try books[update.market, default: BookFollower()].follow(update: update)
                case .ordersSnapshot(let part): orders[part.market, default: OrdersFollower()].follow(message)
                case .ordersUpdate(let update): orders[update.market, default: OrdersFollower()].follow(message)
                default: break
                }
            }
        }
    }

    private let steps = BookMirrorStreamTests.steps / 2

    @Test(arguments: BookMirrorStreamTests.seeds)
    func whoeverIsUpToDateHasTheBook(seed: UInt64) throws {
        print("market feeds: seed \(seed), \(steps) calls")
        var random = SeededGenerator(seed: seed)
        var stream = RandomStream(seed: seed)
        let host = try HostedExchange()
        // So small that every snapshot takes many parts and turns, and every update many messages.
        let limits = MarketFeedLimits(entriesBytesMax: 96, waitingBytesMax: 256, snapshotBytesPerTurn: 1024)
        var feeds = try MarketFeeds(books: [:], block: 0, limits: limits)
        let clients = (0..<12).map { Client(slot: $0) }
        var (block, place): (UInt64, UInt32) = (0, 0)
        var roots: [UInt64: [UInt16: [BookLevel]]] = [:]
        var compared = 0
        for step in 0..<steps {
            host.exchange.clearEvents()
            let call = stream.next()
            if case .beginBlock(let number, _) = call {
                roots[block] = RecoveredBook.books(of: host.exchange).mapValues { $0.sortedByLevel.levels }
                roots[block - min(block, 50)] = nil
                (block, place) = (number, 0)
            }
            host.exchange.perform(call)
            stream.observe(host.exchange.events)
            var position = StreamPosition(openingOf: block)
            if case .execute = call {
                position = StreamPosition(block: block, batch: place)
                place += 1
            }
            feeds.apply(host.exchange.events, position)

            for client in clients where Int.random(in: 0..<10, using: &random) == 0 {
                let market = UInt16.random(in: 1...6, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5: for channel in [Channel.book, .orders] { _ = feeds.subscribe(client.listener, channel, market) }
                case 5: client.listener.isLagging = true
                case 6: client.listener.otherWaitingBytes = limits.waitingBytesMax
                case 7:
                    feeds.unsubscribe(client.listener, .book, market)
                    client.books[market] = nil
                default:
                    client.listener.otherWaitingBytes = 0
                    guard client.listener.isLagging else { break }
                    client.listener.isLagging = false
                    for market in 1...6 as ClosedRange<UInt16> {
                        feeds.resumed(client.listener, .book, market)
                        feeds.resumed(client.listener, .orders, market)
                    }
                }
            }
            let isPublished =
                Int.random(in: 0..<3, using: &random) == 0 && (!feeds.isDelivering || Int.random(in: 0..<9, using: &random) == 0)
            if isPublished { _ = feeds.publish { _ in } }
            var sliceRest = Int.random(in: 0..<60, using: &random)
            let isDelivered = feeds.deliver {
                sliceRest -= 1
                return sliceRest > 0
            }
            for client in clients {
                try client.read(roots)
                guard isPublished, isDelivered, !client.listener.isLagging, client.listener.otherWaitingBytes == 0 else { continue }
                for (market, orders) in client.orders {
                    guard feeds[market]?.orders.isLive(client.listener) == true else { continue }
                    let expected = RecoveredBook(of: host.exchange, market: UInt32(market)).sortedByLevel
                    let isSame = orders.isComplete && orders.faults.isEmpty && orders.orders == expected
                    #expect(isSame, "seed \(seed), step \(step), market \(market): \(orders.faults)")
                    guard isSame else { return }
                    compared += 1
                }
                for (market, book) in client.books {
                    guard feeds[market]?.levels.isLive(client.listener) == true else { continue }
                    let expected = RecoveredBook(of: host.exchange, market: UInt32(market)).sortedByLevel.levels
                    let isSame = book.isComplete && book.levels(.buy) + book.levels(.sell) == expected
                    #expect(isSame, "seed \(seed), step \(step), market \(market)")
                    guard isSame else { return }
                    compared += 1
                }
            }
        }
        print("market feeds, seed \(seed): \(compared) books compared")
        #expect(compared > steps / 10)
    }
}

extension Outlet {
    fileprivate func isLive(_ listener: any MarketListener) -> Bool {
        subscribers.index(of: listener).map { subscribers.all[$0].standing == .live } ?? false
    }
}
