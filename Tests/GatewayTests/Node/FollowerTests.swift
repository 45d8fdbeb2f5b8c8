import Engine
import Foundation
import SeededRandom
import Testing

@testable import Gateway

/// Followers of books at a real node under trade, in Swift and in the Python of the examples.
@Suite(.serialized) struct FollowerTests {
    private static let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Deploy/examples/follow_book.py").standardized.path

    /// Orders that rest, trade with each other and go, at some 60 prices.
    private static func batch(_ random: inout SeededGenerator) -> [Command] {
        (0..<12).map { _ in
            let side: Side = Bool.random(using: &random) ? .buy : .sell
            let offset = UInt32.random(in: 0..<60, using: &random)
            let flags = PlaceFlags(
                side: side, timeInForce: Int.random(in: 0..<4, using: &random) == 0 ? .immediateOrCancel : .goodTilCancelled,
                selfTradePrevention: .cancelMaker)
            return .place(
                Command.Order(
                    market: NodeRig.market, flags: flags, priceCode: NodeTests.price - 20 + (side == .buy ? 60 - offset : offset),
                    lots: .random(in: 1...50, using: &random), clientOrderId: 0))
        } + (Int.random(in: 0..<8, using: &random) == 0 ? [.cancelAll(market: NodeRig.market, sides: .both)] : [])
    }

    @Test func booksAndOrdersOfANodeUnderTrade() throws {
        let seed: UInt64 = 77
        print("followers: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let rig = try NodeRig(ownerCount: 2)
        let (watcher, trader) = (try rig.client(), try rig.client())
        for channel in [Channel.book, .orders, .trades] { try watcher.subscribe(channel, market: NodeRig.market) }
        var traded: UInt64 = 0
        for round in 0..<40 {
            traded += try trader.submit(Self.batch(&random), key: rig.owners[round % 2]).results.filter { $0.kind == 1 }.map(\.lots).reduce(
                0, +)
        }
        // A level of its own ends the story.
        _ = try trader.submit([NodeTests.place(.buy, NodeTests.price - 500, 7)], key: rig.owners[0])
        let last = BookLevel(priceCode: NodeTests.price - 500, side: .buy, lots: 7)
        var book = BookFollower()
        var orders = OrdersFollower()
        var heard: UInt64 = 0
        // Channels of one round come one after the other, trades last.
        while !(book.levels(.buy).last == last && orders.orders.contains { $0.priceCode == last.priceCode } && heard >= traded) {
            let message = try #require(try watcher.receive(timeoutMs: 5000))
            orders.follow(message)
            switch message {
            case .bookSnapshot(let part): try book.follow(snapshot: part)
            case .bookUpdate(let update): try book.follow(update: update)
            case .trades(let trades): heard += trades.trades.map(\.lots).reduce(0, +)
            default: break
            }
        }
        let answer = try #require(try trader.book(market: NodeRig.market, depth: 1000))
        #expect(book.levels(.buy) == answer.bids && book.levels(.sell) == answer.asks)
        #expect(orders.faults.isEmpty && orders.orders.levels == answer.bids + answer.asks)
        #expect(heard == traded && traded > 0)
    }

    @Test(.enabled(if: NodeTests.python != nil, "run Deploy/setup for the Python packages"))
    func pythonFollowsTheBook() throws {
        var random = SeededGenerator(seed: 78)
        let rig = try NodeRig(ownerCount: 2)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: NodeTests.python ?? "")
        process.arguments = [
            Self.program, "--url", rig.url, "--ca", Rig.certificate.certificatePath, "--market", "\(NodeRig.market)", "--seconds", "3",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let trader = try rig.client()
        while process.isRunning {
            _ = try trader.submit(Self.batch(&random), key: rig.owners[0])
            usleep(10_000)
        }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(text)")
        let checked = text.split(separator: "\n").last.flatMap { Int($0.prefix { $0.isNumber }) }
        #expect(checked.map { $0 > 5 } == true, "\(text)")
    }
}
