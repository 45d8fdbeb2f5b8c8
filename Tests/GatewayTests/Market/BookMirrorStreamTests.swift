import Engine
import Foundation
import Proof
import RandomStreams
import Testing

@testable import Gateway

/// Mirrors that hear nothing but events, against the books of the engine order by order, over random calls of every kind.
///
/// `MEMEX_SEED` and `MEMEX_STEPS` repeat one stream or lengthen it.
@Suite struct BookMirrorStreamTests {
    private static let environment = ProcessInfo.processInfo.environment
    static let seeds: [UInt64] = environment["MEMEX_SEED"].flatMap(UInt64.init).map { [$0] } ?? [31, 32, 33]
    static let steps = environment["MEMEX_STEPS"].flatMap(Int.init) ?? 3000

    @Test(arguments: seeds)
    func mirrorsFollowTheEngine(seed: UInt64) throws {
        print("book mirrors: seed \(seed), \(Self.steps) calls")
        var stream = RandomStream(seed: seed)
        let host = try HostedExchange()
        var orders = try OrderQueues()
        var mirrors: [UInt16: BookMirror] = [:]
        var kinds: Set<UInt8> = []
        for step in 0..<Self.steps {
            host.exchange.clearEvents()
            let call = stream.next()
            host.exchange.perform(call)
            stream.observe(host.exchange.events)
            var touched: Set<UInt16> = []
            for event in host.exchange.events {
                kinds.insert(event.kind)
                if event.kind == Event.Kind.marketListed { mirrors[event.market] = BookMirror(orders: orders) }
                if let change = BookChange(event) { mirrors[event.market]?.apply(change) }
                touched.insert(event.market)
            }
            // In full now and then, so that nothing happens to a book of which no event tells.
            let checked = step % 100 == 0 ? Set(mirrors.keys) : touched
            for market in checked {
                guard let mirror = mirrors[market] else { continue }
                mirror.takeChanges { _ in }
                let expected = RecoveredBook(of: host.exchange, market: UInt32(market)).sortedByLevel
                let isSame =
                    mirror.restingOrders == expected && mirror.allLevels == expected.levels && mirror.levelCount == expected.levels.count
                    && mirror.checksum == BookChecksum.of(expected.levels) && mirror.isConsistent
                #expect(isSame, "seed \(seed), step \(step), market \(market): \(call)")
                guard isSame else { return }
            }
            // A gateway that starts from the recovered books goes on as the one that heard everything.
            guard step % 500 == 250 else { continue }
            orders = try OrderQueues()
            mirrors = RecoveredBook.books(of: host.exchange).mapValues { BookMirror($0, orders: orders) }
        }
        print("book mirrors, seed \(seed): event kinds \(kinds.sorted())")
        #expect(
            kinds.isSuperset(of: [
                Event.Kind.placed, Event.Kind.fill, Event.Kind.cancelled, Event.Kind.reduced, Event.Kind.modified, Event.Kind.auctionFill,
                Event.Kind.marketOpened, Event.Kind.triggered,
            ]))
    }
}
