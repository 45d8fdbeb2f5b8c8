import Engine
import SeededRandom
import Sequencer
import Testing

@testable import Gateway

@Suite struct ResumePointTests {
    private static func order(_ position: StreamPosition, _ orderId: UInt64) -> ServerMessage {
        .order(
            ServerMessage.OrderUpdate(
                state: .resting, side: .buy, market: 1, priceCode: 1, orderId: orderId, clientOrderId: 0, lots: 0, restingLots: 1,
                position: position, commandIndex: 0, owner: .zero))
    }

    @Test func beginsWhereTheSubscriptionDoes() {
        var point = ResumePoint()
        let nothing = point.resume()
        #expect(nothing == nil)
        let state = ServerMessage.SubscriptionState(
            channel: 3, market: 0, isActive: true, owner: .zero, account: 5, position: StreamPosition(block: 4, batch: 1))
        let isNew = point.take(.subscription(state))
        let after = point.resume()
        #expect(isNew && after == StreamPosition(block: 4, batch: 1))
    }

    /// A stream in which positions have one to four messages, cut anywhere, again and again: each message is taken once, in order.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func takesEachMessageOnce(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var stream: [ServerMessage] = []
        for batch in 0..<40 as Range<UInt32> {
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                stream.append(Self.order(StreamPosition(block: UInt64(1 + batch / 7), batch: batch % 7), UInt64(stream.count)))
            }
        }
        var point = ResumePoint()
        var taken: [ServerMessage] = []
        while taken.count < stream.count {
            let after = point.resume() ?? StreamPosition(rawValue: 0)
            let replay = stream.filter { $0.eventPosition.map { $0 > after } == true }
            let cut = Int.random(in: 0...replay.count, using: &generator)
            for message in replay[..<cut] where point.take(message) { taken.append(message) }
            guard cut == replay.count, Bool.random(using: &generator), let last = stream.last?.eventPosition else { continue }
            // Told that this was all, it asks for nothing of it again.
            let isNew = point.take(.caughtUp(.init(channel: 3, subaccount: 0, account: 5, position: last)))
            let next = point.resume()
            #expect(isNew && next == last)
        }
        #expect(taken == stream, "seed \(seed)")
    }
}
