import Engine
import Foundation
import Sequencer
import Signing
import Testing

@testable import Gateway

/// What traders hear of the order types, from the real engine.
@Suite(.serialized) struct OrderTypeTests {
    static let price = NodeTests.price

    static func order(
        _ side: Side, _ priceCode: UInt32, _ lots: UInt64, _ timeInForce: TimeInForce = .goodTilCancelled, market: UInt16 = NodeRig.market,
        id: UInt64 = 0, firesAbove: Bool = false
    ) -> Command.Order {
        Command.Order(
            market: market, flags: PlaceFlags(side: side, timeInForce: timeInForce, firesAbove: firesAbove), priceCode: priceCode,
            lots: lots,
            clientOrderId: id)
    }

    /// Everything that comes until `isLast` holds or five seconds are over.
    static func messages(_ client: GatewayClient, until isLast: (ServerMessage) -> Bool) throws -> [ServerMessage] {
        var messages: [ServerMessage] = []
        let deadline = MonotonicClock.milliseconds() + 5000
        while MonotonicClock.milliseconds() < deadline {
            guard let message = try client.receive(timeoutMs: 100) else { continue }
            messages.append(message)
            if isLast(message) { break }
        }
        return messages
    }

    @Test func triggersFire() throws {
        let rig = try NodeRig(ownerCount: 2)
        let (stopper, others) = (try rig.client(), try rig.client())
        let others0 = rig.owners[1]
        try stopper.subscribe(.account, owner: rig.owners[0].address)
        func submit(_ command: Command) throws -> ServerMessage.CommandResult {
            try others.submit([command], key: others0).results[0]
        }
        // A trade gives the market its last price; behind it stand bids that a stop may hit.
        #expect(try stopper.submit([.place(Self.order(.sell, Self.price, 1))], key: rig.owners[0]).results[0].restingLots == 1)
        #expect(try submit(.place(Self.order(.buy, Self.price, 1))).lots == 1)
        #expect(try submit(.place(Self.order(.buy, Self.price - 50, 2))).restingLots == 2)
        let stop = Command.placeTrigger(
            Self.order(.sell, Self.price - 500, 3, .market, id: 9), expiryMs: 0, triggerPriceCode: Self.price - 20)
        let placed = try stopper.submit([stop], key: rig.owners[0]).results[0]
        #expect(placed.kind == Event.Kind.triggerPlaced && placed.restingLots == 3 && placed.orderId != 0)
        let waiting = try #require(try stopper.account(rig.owners[0].address)?.orders.first)
        #expect(waiting.triggerPriceCode == Self.price - 20 && waiting.priceCode == Self.price - 500 && waiting.side == .sell)
        #expect(waiting.flags?.timeInForce == .market && waiting.flags?.firesAbove == false)
        // The trade at the trigger price sets it off; it takes the two lots behind.
        #expect(try submit(.place(Self.order(.buy, Self.price - 20, 1))).restingLots == 1)
        #expect(
            try stopper.submit([.place(Self.order(.sell, Self.price - 20, 1, .immediateOrCancel))], key: rig.owners[0]).results[0].lots == 1
        )
        let heard = try Self.messages(stopper) {
            if case .order(let order) = $0 { order.commandIndex == 0xFFFF } else { false }
        }
        let triggers = heard.compactMap { if case .trigger(let trigger) = $0 { trigger } else { nil } }
        #expect(triggers.map(\.state) == [.waiting, .fired])
        #expect(triggers.allSatisfy { $0.orderId == placed.orderId && $0.clientOrderId == 9 && $0.lots == 3 && $0.side == .sell })
        let last = heard.compactMap { if case .fill(let fill) = $0 { fill } else { nil } }.last
        #expect(last?.lots == 2 && last?.priceCode == Self.price - 50 && last?.clientOrderId == 9 && last?.isMaker == false)
    }

    /// Funds of a trigger are not locked, so anybody can have some refused at the cost of whoever sets them off: his answer must not show.
    @Test func anotherTradersRefusedTriggerIsNoCommandOfTheBatch() throws {
        let rig = try NodeRig(ownerCount: 2)
        let client = try rig.client()
        func submit(_ owner: Int, _ commands: [Command]) throws -> [ServerMessage.CommandResult] {
            try client.submit(commands, key: rig.owners[owner]).results
        }
        _ = try submit(0, [.place(Self.order(.sell, Self.price, 1))])
        _ = try submit(1, [.place(Self.order(.buy, Self.price, 1)), .place(Self.order(.buy, Self.price - 20, 1))])
        let stop = Command.placeTrigger(Self.order(.sell, Self.price - 500, 2_000_000_000), expiryMs: 0, triggerPriceCode: Self.price - 20)
        #expect(try submit(1, [stop])[0].kind == Event.Kind.triggerPlaced)
        let results = try submit(0, [.place(Self.order(.sell, Self.price - 20, 1)), .cancel(market: NodeRig.market, orderId: 1)])
        #expect(results.map(\.kind) == [Event.Kind.placed, Event.Kind.rejected] && results[0].lots == 1 && results[0].text.isEmpty)
    }

    @Test func modifiesAreToldInTwoSteps() throws {
        let rig = try NodeRig(ownerCount: 1)
        let (client, key) = (try rig.client(), rig.owners[0])
        try client.subscribe(.account, owner: key.address)
        try client.subscribe(.book, market: NodeRig.market)
        let id = try client.submit([.place(Self.order(.buy, Self.price, 10))], key: key).results[0].orderId
        func modify(_ priceCode: UInt32, _ lots: UInt64) throws -> ServerMessage.CommandResult {
            try client.submit([.modify(market: NodeRig.market, orderId: id, priceCode: priceCode, lots: lots)], key: key).results[0]
        }
        let smaller = try modify(Self.price, 4)
        #expect(smaller.kind == Event.Kind.modified && smaller.orderId == id && smaller.restingLots == 4)
        let moved = try modify(Self.price - 10, 6)
        #expect(moved.orderId != id && moved.restingLots == 6 && moved.code == 0)
        #expect(try modify(Self.price, 1).code == RejectCode.unknownOrder.rawValue)
        #expect(try client.submit([.cancelAll(market: 0, sides: .both)], key: key).results[0].lots == 1)
        let heard = try Self.messages(client) {
            if case .order(let order) = $0 { order.reason == Reduction.cancelledAll.rawValue } else { false }
        }
        let orders = heard.compactMap { if case .order(let order) = $0 { order } else { nil } }
        #expect(orders.map(\.state) == [.resting, .reduced, .resting, .cancelled, .resting, .cancelled])
        #expect(orders.map(\.reason) == [0, 1, 0, 1, 0, 2])
        #expect(orders.map(\.restingLots) == [10, 4, 4, 0, 6, 0])
        let book = try #require(try client.book(market: NodeRig.market, depth: 10))
        #expect(book.bids.isEmpty)
    }

    @Test func aMarketOpensByAuction() throws {
        let rig = try NodeRig(ownerCount: 2)
        let market: UInt16 = 2
        var listing = NodeRig.marketListed(market)
        listing.d = Hash256(integer: WallClock.milliseconds() + 2000)
        listing.d.word2 = UInt64(Self.price).byteSwapped
        #expect(rig.sequencer.inbox.push([listing], first: rig.sequencer.inbox.nextIndex, l1Block: 2))
        let (buyer, seller) = (try rig.client(), try rig.client())
        for _ in 0..<200 where (try? buyer.subscribe(.book, market: market)) == nil { usleep(10_000) }
        try buyer.subscribe(.trades, market: market)
        try buyer.subscribe(.account, owner: rig.owners[0].address)
        let bid = try buyer.submit([.place(Self.order(.buy, Self.price + 100, 5, market: market))], key: rig.owners[0]).results[0]
        let asks = [TimeInForce.goodTilCancelled, .immediateOrCancel].map {
            Command.place(Self.order(.sell, Self.price - 100, 3, $0, market: market))
        }
        let results = try seller.submit(asks, key: rig.owners[1]).results
        #expect(bid.restingLots == 5 && results[0].restingLots == 3 && results[1].code == RejectCode.notDuringAuction.rawValue)
        let collecting = try #require(try buyer.markets().first { $0.market.id == UInt32(market) })
        #expect(collecting.market.phase == MarketPhase.collecting && collecting.book.orderCount == 2)
        #expect(collecting.book.bestBid == Self.price + 100 && collecting.book.bestAsk == Self.price - 100)
        let book = try #require(try buyer.book(market: market, depth: 10))
        #expect(book.bids.map(\.lots) == [5] && book.asks.map(\.lots) == [3])

        var levels: [BookLevel] = []
        let heard = try Self.messages(buyer) { message in
            if case .bookUpdate(let update) = message { levels += update.levels }
            // Behind everything that the auction caused.
            if case .marketOpened = message { return true }
            return false
        }
        let opened = heard.compactMap { if case .marketOpened(let opened) = $0 { opened } else { nil } }
        #expect(opened.map(\.priceCode) == [Self.price] && opened.map(\.lots) == [3] && opened.map(\.market) == [market])
        let fills = heard.compactMap { if case .fill(let fill) = $0 { fill } else { nil } }
        #expect(fills.map(\.lots) == [3] && fills.map(\.priceCode) == [Self.price])
        #expect(fills.first.map { $0.isAuction && $0.side == .buy && $0.remaining == 2 && $0.orderId == bid.orderId } == true)
        let trades = heard.flatMap { if case .trades(let trades) = $0 { trades.trades } else { [BookLevel]() } }
        #expect(trades == [BookLevel(priceCode: Self.price, side: .buy, lots: 3)])
        #expect(levels.contains(BookLevel(priceCode: Self.price + 100, side: .buy, lots: 2)))
        #expect(levels.contains(BookLevel(priceCode: Self.price - 100, side: .sell, lots: 0)))
        #expect(try buyer.markets().first { $0.market.id == UInt32(market) }?.market.phase == MarketPhase.continuous)
    }

    @Test func subaccountsAreHeardApart() throws {
        let rig = try NodeRig(ownerCount: 1)
        let (client, key) = (try rig.client(), rig.owners[0])
        // Nobody knows the account yet: it is confirmed again once it is opened.
        #expect(try client.subscribe(.account, owner: key.address, subaccount: 1).account == 0)
        let id = UInt32(try client.submit([.openSubaccount], key: key).results[0].orderId)
        let confirmed = try MarketDataTests.next(client) { if case .subscription(let state) = $0 { state } else { nil } }
        #expect(confirmed?.account == id && confirmed?.market == 1)
        let commands: [Command] = [
            .transfer(token: 1, atoms: 5_000_000_000, toAccount: id), .place(Self.order(.buy, Self.price, 2)), .useAccount(id),
            .place(Self.order(.buy, Self.price, 3)),
        ]
        #expect(try client.submit(commands, key: key).results.allSatisfy { $0.code == 0 })
        let heard = try Self.messages(client) { if case .order = $0 { true } else { false } }
        let orders = heard.compactMap { if case .order(let order) = $0 { order.restingLots } else { nil } }
        #expect(orders == [3], "the main account's order is not its own")
        let funds = heard.compactMap { if case .funds(let funds) = $0 { funds } else { nil } }
        #expect(funds.map(\.kind) == [.transferIn] && funds.map(\.atoms) == [5_000_000_000])
        #expect(try client.accounts(key.address).map(\.account.openOrderCount) == [1, 1])
    }
}
