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

    private let start = StreamPosition(rawValue: 0)

    private static func caughtUp(_ position: StreamPosition) -> ServerMessage {
        .caughtUp(.init(channel: 3, subaccount: 0, account: 5, position: position))
    }

    @Test func beginsWhereTheSubscriptionDoes() throws {
        var point = ResumePoint()
        let nothing = point.resume(oldest: start)
        #expect(nothing == nil)
        let state = ServerMessage.SubscriptionState(
            channel: 3, market: 0, isActive: true, owner: .zero, account: 5, position: StreamPosition(block: 4, batch: 1))
        let isNew = try point.take(.subscription(state))
        let after = point.resume(oldest: start)
        #expect(isNew && after == StreamPosition(block: 4, batch: 1))
    }

    /// A stream in which positions have one to four messages, cut anywhere, again and again: each message is taken once, in order.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func takesEachMessageOnce(seed: UInt64) throws {
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
            let after = point.resume(oldest: start) ?? start
            let replay = stream.filter { $0.eventPosition.map { $0 > after } == true }
            let cut = Int.random(in: 0...replay.count, using: &generator)
            for message in replay[..<cut] where try point.take(message) { taken.append(message) }
            guard cut == replay.count, Bool.random(using: &generator), let last = stream.last?.eventPosition else { continue }
            // Told that this was all, it asks for nothing of it again that is no longer kept.
            let isNew = try point.take(Self.caughtUp(last))
            let next = point.resume(oldest: last)
            #expect(isNew && next == last)
        }
        #expect(taken == stream, "seed \(seed)")
    }

    private static let heard = StreamPosition(block: 7, batch: 2)

    /// A point that has heard two messages of ``heard``, whose connection then broke.
    private func broken(isComplete: Bool) throws -> ResumePoint {
        var point = ResumePoint()
        for order in UInt64(1)...2 { _ = try point.take(Self.order(Self.heard, order)) }
        if isComplete {
            _ = try point.take(
                .balances(.init(account: 5, position: StreamPosition(block: 7, batch: 9), owner: .zero, entries: [])))
        }
        let after = point.resume(oldest: start)
        #expect(after == StreamPosition(rawValue: Self.heard.rawValue - 1))
        return point
    }

    /// The exchange has less than was heard of, or something else: told at the end of the replay, with both positions; then it goes on from there.
    @Test(arguments: [false, true], [[], [1], [1, 9], [9], [1, 2]] as [[UInt64]])
    func noticesWhatWasLost(isComplete: Bool, orders: [UInt64]) throws {
        var point = try broken(isComplete: isComplete)
        var told: [UInt64] = []
        for order in orders where try point.take(Self.order(Self.heard, order)) { told.append(order) }
        // What is repeated is dropped; what is told instead is not.
        #expect(told == orders.filter { $0 == 9 })
        let heardOf = isComplete ? StreamPosition(block: 7, batch: 9) : Self.heard
        let caughtUp = orders == [1, 2] ? StreamPosition(rawValue: heardOf.rawValue - 1) : StreamPosition(block: 8, batch: 1)
        #expect(throws: HistoryLost(heardOf: heardOf, caughtUp: caughtUp)) { try point.take(Self.caughtUp(caughtUp)) }
        let after = point.resume(oldest: caughtUp)
        #expect(after == caughtUp)
        let isNew = try point.take(Self.order(StreamPosition(block: 9, batch: 1), 10))
        #expect(isNew)
        _ = try point.take(Self.caughtUp(StreamPosition(block: 9, batch: 1)))
    }

    /// The connection breaks again before the replay ends.
    @Test func remembersWhatWasLostUntilTheReplayEnds() throws {
        var point = try broken(isComplete: false)
        _ = try point.take(Self.order(StreamPosition(block: 7, batch: 3), 9))
        let after = point.resume(oldest: start)
        #expect(after == StreamPosition(rawValue: StreamPosition(block: 7, batch: 3).rawValue - 1))
        _ = try point.take(Self.order(StreamPosition(block: 7, batch: 3), 9))
        let end = StreamPosition(block: 8, batch: 1)
        #expect(throws: HistoryLost.self) { try point.take(Self.caughtUp(end)) }
    }

    @Test func whatIsAllThereIsNotLost() throws {
        for isComplete in [false, true] {
            var point = try broken(isComplete: isComplete)
            for order in UInt64(1)...3 {
                let isNew = try point.take(Self.order(Self.heard, order))
                #expect(isNew == (order == 3))
            }
            let isNew = try point.take(Self.caughtUp(StreamPosition(block: 7, batch: 9)))
            #expect(isNew)
        }
    }
}
