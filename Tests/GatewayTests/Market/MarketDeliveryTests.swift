import Engine
import Sequencer
import Testing

@testable import Gateway

extension MarketFeedsTests {
    /// Amid a delivery in slices some leave, come, come again, or lag: each gets every message that it should, once.
    @Test func deliveriesInSlices() throws {
        var feeds = try Self.feeds()
        let listeners = (0..<40).map { FakeListener(slot: $0) }
        for listener in listeners { _ = feeds.subscribe(listener, .orders, Self.market) }
        _ = feeds.publish()
        for listener in listeners { _ = try listener.read() }
        Self.apply([Self.placed(.buy, 100, id: 1, lots: 2)], to: &feeds, Self.position(1))
        _ = feeds.publish { _ in }
        var sliceRest = 5
        let isDone = feeds.deliver {
            sliceRest -= 1
            return sliceRest > 0
        }
        #expect(!isDone && feeds.isDelivering)
        let isServed = listeners.map { $0.waitingBytes > 0 }
        #expect(isServed == (0..<40).map { $0 < 20 })
        // Those at the end take the places of those who leave, on both sides of how far the delivery has got.
        for slot in [3, 19, 20, 39] { feeds.unsubscribe(listeners[slot], .orders, Self.market) }
        let newcomer = FakeListener(slot: 40)
        for listener in [listeners[3], listeners[4], listeners[30], newcomer] { _ = feeds.subscribe(listener, .orders, Self.market) }
        listeners[35].isLagging = true
        // Not in this round any more.
        Self.apply([Self.placed(.buy, 100, id: 2, lots: 3)], to: &feeds, Self.position(1, 1))
        let isAllDone = feeds.deliver { true }
        #expect(isAllDone && !feeds.isDelivering)
        let first = try listeners[10].read()
        #expect(first.count == 1)
        for slot in 0..<40 where slot != 10 {
            let isTold = ![20, 30, 35, 39].contains(slot)
            #expect(try listeners[slot].read() == (isTold ? first : []), "\(slot)")
        }
        #expect(newcomer.waitingBytes == 0)
        _ = feeds.publish()
        let second = try listeners[10].read()
        let snapshot = try newcomer.read()
        for slot in 0..<40 where slot != 10 {
            let expected =
                switch slot {
                case 19, 20, 35, 39: [ServerMessage]()
                case 3, 4, 30: snapshot
                default: second
                }
            #expect(try listeners[slot].read() == expected, "\(slot)")
        }
        guard case .ordersSnapshot(let whole) = snapshot.first else { throw MalformedServerMessage(type: 0, byteCount: 0) }
        #expect(whole.entries.map(\.orderId) == [1, 2] && whole.sequence == 2 && snapshot.count == 1)
    }
}
