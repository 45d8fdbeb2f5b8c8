import Engine
import Signing
import Sequencer
import Testing

@testable import Gateway

/// Subscriptions over real sockets.
@Suite(.serialized) struct MarketDataTests {
    /// The next message that `match` accepts; others are dropped.
    static func next<Result>(_ client: GatewayClient, _ match: (ServerMessage) -> Result?) throws -> Result? {
        for _ in 0..<1000 {
            guard let message = try client.receive(timeoutMs: 5000) else { return nil }
            if let result = match(message) { return result }
        }
        return nil
    }

    /// What waits before the answer to a message of one's own, but for balances, which may come at any time.
    static func rest(of client: GatewayClient) throws -> [ServerMessage] {
        _ = try client.serverTimeMs()
        var messages: [ServerMessage] = []
        while let message = try client.receive(timeoutMs: 0) {
            if case .balances = message { continue }
            messages.append(message)
        }
        return messages
    }

    @Test func bookSnapshotThenUpdates() throws {
        let level = BookLevel(priceCode: 90, side: .buy, lots: 7)
        let rig = try Rig(books: [1: [level]])
        let watcher = try rig.client()
        try watcher.subscribe(.book, market: 1)
        let snapshot = try #require(try Self.next(watcher) { if case .bookSnapshot(let book) = $0 { book } else { nil } })
        #expect(snapshot.market == 1 && snapshot.sequence == 0 && snapshot.levels == [level])

        let trader = try rig.client()
        _ = try trader.submit([.place(price: 90, lots: 3), .place(.sell, price: 95, lots: 2)], key: Rig.key())
        var book = Dictionary(uniqueKeysWithValues: snapshot.levels.map { ($0.priceCode, $0.lots) })
        var sequence = snapshot.sequence
        while book[95] != 2 {
            let update = try #require(try Self.next(watcher) { if case .bookUpdate(let book) = $0 { book } else { nil } })
            #expect(update.sequence == sequence + 1)
            sequence = update.sequence
            for level in update.levels { book[level.priceCode] = level.lots }
        }
        #expect(book == [90: 10, 95: 2])
        // A second subscriber starts from the same place.
        let late = try rig.client()
        try late.subscribe(.book, market: 1)
        let second = try #require(try Self.next(late) { if case .bookSnapshot(let book) = $0 { book } else { nil } })
        #expect(second.sequence == sequence)
        #expect(second.levels == [BookLevel(priceCode: 90, side: .buy, lots: 10), BookLevel(priceCode: 95, side: .sell, lots: 2)])
    }

    @Test func tradesToSubscribersOfTheMarketOnly() throws {
        let rig = try Rig(books: [1: [BookLevel(priceCode: 100, side: .sell, lots: 50)], 2: []])
        let watcher = try rig.client()
        try watcher.subscribe(.trades, market: 1)
        try watcher.subscribe(.trades, market: 2)
        let trader = try rig.client()
        let ack = try trader.submit(
            [.place(lots: 4, timeInForce: .immediateOrCancel), .place(lots: 9), .place(lots: 5, timeInForce: .immediateOrCancel)],
            key: Rig.key())
        let trades = [BookLevel(priceCode: 100, side: .buy, lots: 4), BookLevel(priceCode: 100, side: .buy, lots: 5)]
        #expect(try watcher.receive(timeoutMs: 5000) == .trades(.init(market: 1, position: ack.streamPosition, trades: trades)))
        try watcher.unsubscribe(.trades, market: 1)
        _ = try trader.submit([.place(lots: 4, timeInForce: .immediateOrCancel)], key: Rig.key())
        #expect(try watcher.receive(timeoutMs: 100) == nil)
    }

    @Test func fillsAndOrdersOfTheAccount() throws {
        let rig = try Rig(books: [1: [BookLevel(priceCode: 100, side: .sell, lots: 50)]])
        let key = Rig.key()
        let taker = try rig.client()
        let state = try taker.subscribe(.account, owner: key.address)
        #expect(state.account == UInt32(key.address[0]) && state.isActive)
        // The maker's account by an address that begins with its number.
        let maker = try rig.client()
        try maker.subscribe(.account, owner: ServerMessageTests.address(UInt8(FakeExecutor.makerAccount)))

        let ack = try taker.submit(
            [.place(lots: 9), .place(lots: 4, timeInForce: .immediateOrCancel), .withdraw(token: 3, atoms: 6)], key: key)
        let placed = try Self.next(taker) { if case .order(let order) = $0 { order } else { nil } }
        #expect(placed?.state == .resting && placed?.restingLots == 9 && placed?.clientOrderId == 11 && placed?.orderId == 10)
        let fill = try #require(try Self.next(taker) { if case .fill(let fill) = $0 { fill } else { nil } })
        #expect(!fill.isMaker && fill.side == .buy && fill.lots == 4 && fill.clientOrderId == 11 && fill.remaining == 0)
        #expect(fill.position == ack.streamPosition && fill.commandIndex == 1 && fill.owner == key.address)
        let done = try Self.next(taker) { if case .order(let order) = $0 { order } else { nil } }
        #expect(done?.state == .done && done?.lots == 4)
        let funds = try Self.next(taker) { if case .funds(let funds) = $0 { funds } else { nil } }
        #expect(funds?.kind == .withdrawal && funds?.token == 3 && funds?.atoms == 6 && funds?.withdrawalId == 1)

        let own = try #require(try Self.next(maker) { if case .fill(let fill) = $0 { fill } else { nil } })
        #expect(own.isMaker && own.side == .sell && own.orderId == 99 && own.clientOrderId == 55 && own.remaining == 3)
        let balances = try #require(try Self.next(maker) { if case .balances(let balances) = $0 { balances } else { nil } })
        #expect(balances.account == FakeExecutor.makerAccount && balances.entries == [.init(token: 1, free: 100, locked: 5)])
        #expect(try Self.rest(of: maker).isEmpty)
    }

    /// Who subscribes before the first deposit hears of the account when it comes to exist.
    @Test func accountThatComesToExist() throws {
        let rig = try Rig()
        let client = try rig.client()
        let owner = ServerMessageTests.address(222)
        let state = try client.subscribe(.account, owner: owner)
        #expect(state.account == 0 && state.isActive)
        rig.executor.deposit(account: 222)
        let later = try #require(try Self.next(client) { if case .subscription(let state) = $0 { state } else { nil } })
        #expect(later.account == 222 && later.owner == owner)
        let funds = try #require(try Self.next(client) { if case .funds(let funds) = $0 { funds } else { nil } })
        #expect(funds.kind == .deposit && funds.atoms == 500 && funds.token == 1 && funds.owner == owner)
        rig.executor.deposit(account: 222)
        let atoms: UInt64? = try Self.next(client) { if case .funds(let funds) = $0 { funds.atoms } else { nil } }
        #expect(atoms == 500)
        #expect(try Self.rest(of: client).isEmpty)
    }

    @Test func sealedBlocks() throws {
        let rig = try Rig()
        let client = try rig.client()
        try client.subscribe(.blocks)
        let block = SealedHead(number: 3, timeMs: 4, stateRoot: ServerMessageTests.hash(5), hash: ServerMessageTests.hash(6))
        rig.gateway.publish(block)
        #expect(try client.receive(timeoutMs: 5000) == .block(block))
    }
}
