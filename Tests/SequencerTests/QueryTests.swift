import Engine
import Testing

@testable import Sequencer

@Suite struct QueryTests {
    private func tradingHarness() throws -> ExecutorHarness {
        let harness = try ExecutorHarness()
        try harness.fund()
        let nonce = harness.nowMs
        harness.send(
            TestMarket.envelope(
                TestMarket.trader(0), nonce: nonce,
                [
                    TestMarket.place(.buy, mantissa: 50_000, lots: 5, id: 1), TestMarket.place(.buy, mantissa: 50_000, lots: 6, id: 2),
                    TestMarket.place(.buy, mantissa: 49_000, lots: 7, id: 3), TestMarket.place(.sell, mantissa: 51_000, lots: 8, id: 4),
                ]), tag: 1)
        try harness.run()
        return harness
    }

    @Test func status() throws {
        let harness = try tradingHarness()
        let reply = try harness.query(.status)
        #expect(reply.count == QueryReply.Status.bytes)
        #expect(reply[QueryReply.kind] == 1)
        #expect(reply[QueryReply.isFound] == 1)
        #expect(reply.integer(at: QueryReply.sequence) == UInt64(1))
        #expect(reply.integer(at: QueryReply.block) == UInt64(2))
        #expect(reply.integer(at: QueryReply.Status.blockTimeMs) == harness.nowMs)
        #expect(reply.integer(at: QueryReply.Status.inboxCursor) == UInt64(11))
        #expect(reply.integer(at: QueryReply.Status.accountCount) == UInt32(5))
        #expect(reply.integer(at: QueryReply.Status.openOrderCount) == UInt32(4))
    }

    @Test func tokensAndMarkets() throws {
        let harness = try tradingHarness()
        let tokens = try harness.query(.tokens)
        #expect(tokens.integer(at: QueryReply.count) == UInt32(2))
        #expect(tokens.count == QueryReply.headerBytes + 2 * 64)
        let markets = try harness.query(.markets)
        #expect(markets.integer(at: QueryReply.count) == UInt32(1))
        #expect(markets.count == QueryReply.headerBytes + 128)
        let market = markets.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: QueryReply.headerBytes, as: MarketAndBook.self) }
        #expect(market.market.id == 1)
        #expect(market.book.bestBid == PriceCode.code(mantissa: 50_000, exponent: 15))
    }

    @Test func account() throws {
        let harness = try tradingHarness()
        let reply = try harness.query(.account, address: TestMarket.trader(0))
        #expect(reply[QueryReply.isFound] == 1)
        #expect(reply.integer(at: QueryReply.count) == UInt32(2))
        #expect(reply.integer(at: QueryReply.Account.orderCount) == UInt32(4))
        #expect(reply.count == QueryReply.Account.balances + 2 * 64 + 4 * QueryReply.OpenOrder.bytes)
        let balances = (0..<2).map { index in
            reply.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: QueryReply.Account.balances + 64 * index, as: Balance.self) }
        }
        #expect(balances.map(\.token) == [1, 2])
        #expect(balances.allSatisfy { $0.owner == TestMarket.trader(0) })
        #expect(balances[0].locked == 50_000 * 11 + 49_000 * 7)
        #expect(balances[1].locked == 8_000_000)
        let orders = QueryReply.Account.balances + 2 * 64
        #expect(reply.integer(at: orders + QueryReply.OpenOrder.clientOrderId) == UInt64(4), "newest first")
        #expect(reply.integer(at: orders + QueryReply.OpenOrder.lots) == UInt64(8))
        #expect(reply.integer(at: orders + QueryReply.OpenOrder.priceCode) == PriceCode.code(mantissa: 51_000, exponent: 15))
        #expect(reply[orders + QueryReply.OpenOrder.side] == Side.sell.rawValue)
        #expect(try harness.query(.account, address: .numbered(999))[QueryReply.isFound] == 0)
    }

    @Test func subaccounts() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        let owner = TestMarket.trader(0)
        let id = UInt32(TestMarket.traderCount + 2)
        let commands: [Command] = [
            .openSubaccount, .transfer(token: 1, atoms: 1_000_000_000, toAccount: id), .useAccount(id),
            TestMarket.place(.buy, mantissa: 50_000, lots: 3, id: 5),
        ]
        harness.send(TestMarket.envelope(owner, nonce: harness.nowMs, commands), tag: 1)
        try harness.run()
        #expect(
            harness.results.map(\.eventKinds) == [
                [Event.Kind.subaccountOpened, Event.Kind.transferred, Event.Kind.settingChanged, Event.Kind.placed]
            ])
        #expect(harness.shared.statistics.commands.value == 4)
        let all = try harness.query(.accounts, address: owner)
        #expect(all.integer(at: QueryReply.count) == UInt32(2) && all.count == QueryReply.headerBytes + 2 * 128)
        let second = all.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: QueryReply.headerBytes + 128, as: Account.self) }
        #expect(second.id == id && second.owner == owner && second.subaccountNumber == 1 && second.openOrderCount == 1)
        // The market's place holds the number of the sub-account.
        let reply = try harness.query(.account, market: 1, address: owner)
        #expect(reply.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: QueryReply.Account.account, as: Account.self) }.id == id)
        #expect(reply.integer(at: QueryReply.Account.orderCount) == UInt32(1))
        #expect(reply.count == QueryReply.Account.balances + 2 * 64 + QueryReply.OpenOrder.bytes)
        #expect(try harness.query(.account, address: owner).integer(at: QueryReply.Account.orderCount) == UInt32(0))
        #expect(try harness.query(.account, market: 2, address: owner)[QueryReply.isFound] == 0)
        #expect(try harness.query(.accounts, address: .numbered(999))[QueryReply.isFound] == 0)
    }

    @Test func balances() throws {
        let harness = try tradingHarness()
        let owner = TestMarket.trader(0)
        let account = try harness.query(.account, address: owner)
        let id: UInt32 = account.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: QueryReply.Account.account, as: Account.self).id
        }
        var name = Address()
        name.word0 = id
        let reply = try harness.query(.balances, address: name)
        #expect(reply.integer(at: QueryReply.count) == UInt32(2))
        #expect(reply.count == QueryReply.Balances.holdings + 2 * QueryReply.Holding.bytes)
        #expect(reply.integer(at: QueryReply.Balances.account) == id)
        #expect(Array(reply[QueryReply.Balances.owner..<QueryReply.Balances.account]) == (0..<20).map { owner[$0] })
        for index in 0..<2 {
            let holding = QueryReply.Balances.holdings + index * QueryReply.Holding.bytes
            let balance = account.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: QueryReply.Account.balances + index * 64, as: Balance.self)
            }
            #expect(reply.integer(at: holding + QueryReply.Holding.token) == balance.token)
            #expect(reply.integer(at: holding + QueryReply.Holding.free) == balance.free)
            #expect(reply.integer(at: holding + QueryReply.Holding.locked) == balance.locked)
        }
        name.word0 = 9999
        #expect(try harness.query(.balances, address: name)[QueryReply.isFound] == 0)
    }

    @Test func book() throws {
        let harness = try tradingHarness()
        let reply = try harness.query(.book, market: 1, depth: 10)
        #expect(reply.integer(at: QueryReply.count) == UInt32(3))
        #expect(reply.integer(at: QueryReply.Book.bidCount) == UInt32(2))
        #expect(reply.integer(at: QueryReply.Book.askCount) == UInt32(1))
        let levels = (0..<3).map { QueryReply.Book.levels + $0 * QueryReply.Level.bytes }
        #expect(reply.count == levels[2] + QueryReply.Level.bytes)
        let lots = levels.map { reply.integer(at: $0 + QueryReply.Level.lots, as: UInt64.self) }
        #expect(lots == [11, 7, 8])
        #expect(reply[levels[2] + QueryReply.Level.side] == Side.sell.rawValue)
        #expect(try harness.query(.book, market: 1, depth: 1).integer(at: QueryReply.count) == UInt32(2))
        let unknown = try harness.query(.book, market: 77, depth: 1)
        #expect(unknown[QueryReply.isFound] == 0)
        #expect(unknown.count == QueryReply.headerBytes)
    }
}
