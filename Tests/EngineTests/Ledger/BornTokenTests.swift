import Testing

@testable import Engine

/// Tokens that accounts create on the exchange.
@Suite struct BornTokenTests {
    let test: TestExchange
    let owner = TestExchange.address(1)
    let other = TestExchange.address(2)
    let agent = TestExchange.address(3)
    static let first = Layout.bornTokensStart
    static let born = TokenSymbol(word0: 0x4E52_4F42, word1: 0)

    init() throws {
        test = try TestExchange()
        test.listToken(1, decimals: 9)
        for trader in [owner, other] { test.deposit(trader, token: 1, atoms: 1 << 40) }
        _ = test.execute([.approveAgent(agent, expiryMs: 0)], signer: owner)
    }

    private func create(
        _ signer: Address, _ symbol: TokenSymbol = Self.born, decimals: UInt8 = 6, supply: UInt64 = 1_000_000
    ) -> Event {
        test.execute([.createToken(symbol, decimals: decimals, supply: supply)], signer: signer).events.last!
    }

    private func code(_ event: Event) -> RejectCode { RejectCode(rawValue: event.code)! }

    @Test func theWholeSupplyIsTheCreators() {
        let event = create(owner)
        #expect(event.kind == Event.Kind.tokenCreated && event.account == 1 && event.counterOrderId == UInt64(Self.first))
        #expect(event.lots == 1_000_000 && event.remaining == 10_000_000 && event.orderId == 1)
        let token = test.host.exchange.token(Self.first) ?? Token()
        #expect(token.l1Address.isZero && token.supply == 1_000_000 && token.decimals == 6 && token.unitExponent == 0)
        #expect(token.symbol == Self.born)
        #expect(test.host.exchange.balance(account: 1, token: Self.first)?.free == 1_000_000)
        #expect(test.host.exchange.totalAtoms(token: Self.first) == 1_000_000)
        expectInvariants(test.host.exchange)
    }

    /// The price is a withdrawal to nobody, so that the books of ETH still add up to what L1 holds.
    @Test func thePriceIsBurnt() {
        _ = create(owner)
        let record = test.host.exchange.withdrawal(1)
        #expect(record?.owner == Address.burn && record?.token == 1 && record?.amount == Layout.tokenPriceAtoms)
        #expect((0..<20).map { Address.burn[$0] } == [UInt8](repeating: 0, count: 18) + [0xDE, 0xAD])
        #expect(test.host.exchange.balance(account: 1, token: 1)?.free == 1 << 40 - Layout.tokenPriceAtoms)
        #expect(test.host.exchange.totalAtoms(token: 1) == 2 << 40 - Layout.tokenPriceAtoms)
    }

    @Test func itsCellIsNeverWrittenAgain() {
        _ = create(owner)
        var cells = 0
        test.host.exchange.drainDirtyCells { _, _ in }
        let before = test.host.exchange.token(Self.first)!
        _ = test.execute([.withdraw(token: Self.first, atoms: 10)], signer: owner)
        test.deposit(other, token: Self.first, atoms: 4)
        test.listToken(Self.first, decimals: 0)
        _ = create(other)
        let cell = UInt32((Layout.tokens + Int(Self.first) * 64) / Layout.cellBytes)
        test.host.exchange.drainDirtyCells { index, _ in
            cells += 1
            #expect(index != cell)
        }
        #expect(cells > 0)
        let after = test.host.exchange.token(Self.first)!
        #expect(withUnsafeBytes(of: before) { before in withUnsafeBytes(of: after) { before.elementsEqual($0) } })
        #expect(test.host.exchange.totalAtoms(token: Self.first) == 999_994)
        expectInvariants(test.host.exchange)
    }

    @Test func badTokensAreRefusedAndChangeNothing() {
        let before = test.digestOfBalances()
        for symbol in [(0, 0), (0x20, 0), (0x7F41, 0), (0x41_0041, 0), (0, 0x41), (.max, .max), (0x41, 0x41)] as [(UInt64, UInt64)] {
            #expect(code(create(owner, TokenSymbol(word0: symbol.0, word1: symbol.1))) == .symbolInvalid)
        }
        for supply in [0, 1 << 63, UInt64.max] { #expect(code(create(owner, supply: supply)) == .supplyInvalid) }
        #expect(code(create(agent)) == .agentMayNot)
        let poor = TestExchange.address(9)
        test.deposit(poor, token: 1, atoms: Layout.tokenPriceAtoms - 1)
        #expect(code(create(poor)) == .insufficientBalance)
        #expect(test.host.exchange.schedule.bornTokenCount == 0 && test.host.exchange.header.withdrawalCount == 0)
        #expect(Array(test.digestOfBalances().prefix(before.count)) == before)
        #expect(test.execute(payload: [17, 19, 0, 0] + [UInt8](repeating: 0x41, count: 24), signer: owner).code == .malformedPayload)
        test.deposit(poor, token: 1, atoms: 1)
        #expect(create(poor, supply: 1 << 63 - 1).kind == Event.Kind.tokenCreated)
        #expect(create(owner, TokenSymbol(word0: 0x2121_2121_2121_2121, word1: 0x7E7E_7E7E_7E7E_7E7E)).kind == Event.Kind.tokenCreated)
        expectInvariants(test.host.exchange)
    }

    @Test func thePriceDoublesUntilNoIdIsLeft() {
        test.deposit(owner, token: 1, atoms: 1 << 42)
        var paid: UInt64 = 0
        var ids: Set<UInt64> = []
        for eighth in 0..<8 {
            for _ in 0..<64 {
                let events = test.execute(Array(repeating: .createToken(Self.born, decimals: 0, supply: 1), count: 4), signer: owner).events
                #expect(events.allSatisfy { $0.kind == Event.Kind.tokenCreated && $0.remaining == 10_000_000 << UInt64(eighth) })
                for event in events {
                    paid += event.remaining
                    ids.insert(event.counterOrderId)
                }
            }
        }
        #expect(ids.count == 2048 && ids.min() == 2048 && ids.max() == 4095)
        #expect(paid == 652_800_000_000)
        #expect(code(create(owner)) == .capacityExhausted && test.host.exchange.tokenPriceAtoms == nil)
        #expect(test.host.exchange.totalAtoms(token: 1) == 2 << 40 + 1 << 42 - paid)
    }

    /// L1 gives out ids below those of born tokens; a message that names one of theirs has no effect.
    @Test func noListingTakesABornId() {
        test.listToken(Self.first, decimals: 6)
        #expect(test.host.exchange.events.last?.kind == Event.Kind.inboxIgnored && test.host.exchange.token(Self.first) == nil)
        test.listToken(Self.first - 1, decimals: 6)
        #expect(test.host.exchange.events.last?.kind == Event.Kind.tokenListed)
    }

    @Test func itsMarketIsListedOnceItExists() {
        let feeOwner = TestExchange.address(99)
        func list(_ id: UInt32) {
            test.listMarket(
                id, base: UInt64(Self.first), quote: 1, lotExponent: 0, makerFee: 0, takerFee: 10, feeOwner: feeOwner)
        }
        list(1)
        #expect(test.host.exchange.events.last?.kind == Event.Kind.inboxIgnored)
        _ = create(owner)
        list(2)
        #expect(test.host.exchange.market(2)?.baseToken == Self.first)
        func order(_ side: Side) -> Command {
            .place(market: 2, side: side, timeInForce: .goodTilCancelled, priceCode: price(20_000, 0), lots: 1000, clientOrderId: 0)
        }
        _ = test.execute([order(.sell)], signer: owner)
        #expect(test.execute([order(.buy)], signer: other).events.contains { $0.kind == Event.Kind.fill })
        #expect(test.host.exchange.balance(account: 2, token: Self.first)?.free == 999)
        expectInvariants(test.host.exchange)
    }
}
