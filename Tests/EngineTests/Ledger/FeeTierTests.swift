import Testing

@testable import Engine

/// What part of a market's fees an owner pays.
@Suite struct FeeTierTests {
    let test: TestExchange
    let maker = TestExchange.address(1)
    let taker = TestExchange.address(2)
    let feeOwner = TestExchange.feeOwner

    init() throws {
        test = try TestExchange(traders: [maker, taker], atoms: 1 << 50, baseDecimals: 0, makerFee: 3, takerFee: 30)
    }

    private func setTier(_ owner: Address, _ tier: UInt64) -> Event {
        test.consume(InboxMessage(kind: InboxMessage.Kind.feeTierSet, a: Hash256(address: owner), b: tier, c: Hash256())).last!
    }

    /// Sells `lots` to the taker for 20,000 quote atoms each; returns what maker and taker paid, each in what they received.
    private func trade(_ lots: UInt64) -> (maker: UInt64, taker: UInt64) {
        let before = (quote: test.free(maker, 1), base: test.free(taker, 2), fees: (test.free(feeOwner, 1), test.free(feeOwner, 2)))
        _ = test.execute(
            [.place(market: 1, side: .sell, timeInForce: .goodTilCancelled, priceCode: price(20_000, -9), lots: lots, clientOrderId: 0)],
            signer: maker)
        _ = test.execute(
            [.place(market: 1, side: .buy, timeInForce: .immediateOrCancel, priceCode: price(20_000, -9), lots: lots, clientOrderId: 0)],
            signer: taker)
        let paid = (lots * 20_000 - (test.free(maker, 1) - before.quote), lots - (test.free(taker, 2) - before.base))
        #expect(test.free(feeOwner, 1) - before.fees.0 == paid.0 && test.free(feeOwner, 2) - before.fees.1 == paid.1)
        expectInvariants(test.host.exchange)
        return paid
    }

    @Test func everyTierTakesATenthOff() {
        for tier in UInt64(0)...10 {
            #expect(setTier(maker, tier).kind == Event.Kind.feeTierChanged)
            #expect(setTier(taker, 10 - tier).lots == 10 - tier)
            // 1,000,000 lots: 3 basis points of 2 * 10^10 quote atoms, 30 of 10^6 base atoms.
            #expect(trade(1_000_000) == (6_000_000 * (10 - tier) / 10, 3_000 * tier / 10))
        }
    }

    @Test func feesAreRoundedAgainstThePayer() {
        #expect(trade(1) == (6, 1))
        _ = setTier(maker, 9)
        _ = setTier(taker, 9)
        // 0.6 and 0.003 atoms.
        #expect(trade(1) == (1, 1))
        _ = setTier(maker, 10)
        _ = setTier(taker, 10)
        #expect(trade(1) == (0, 0))
    }

    @Test func likeTheFormulaInWideArithmetic() {
        let amounts: [UInt64] = [0, 1, 99_999, 100_000, 100_001, 333_333_333_333, 4_611_686_018_427_387_903, 9_223_372_036_854_775_807]
        for atoms in amounts {
            for basisPoints in [UInt32(0), 1, 7, 99, 100] {
                for tier in UInt32(0)...10 {
                    let wide = (UInt128(atoms) * UInt128(basisPoints) * UInt128(10 - tier) + 99_999) / 100_000
                    #expect(Notional.fee(on: atoms, basisPoints: basisPoints, tier: tier) == UInt64(wide))
                }
            }
        }
    }

    @Test func aTierIsTheOwners() {
        let first = test.execute([.openSubaccount], signer: maker).events.last!.counterAccount
        let event = setTier(maker, 4)
        #expect(event.account == test.host.exchange.account(owner: maker)!.id && event.lots == 4)
        let second = test.execute([.openSubaccount], signer: maker).events.last!.counterAccount
        for id in [event.account, first, second] { #expect(test.host.exchange.account(id: id)?.feeTier == 4) }
        #expect(test.host.exchange.account(owner: taker)?.feeTier == 0)
    }

    @Test func aTierMayComeBeforeTheFirstDeposit() {
        let stranger = TestExchange.address(7)
        #expect(setTier(stranger, 10).kind == Event.Kind.feeTierChanged)
        test.deposit(stranger, token: 1, atoms: 5)
        #expect(test.host.exchange.account(owner: stranger)?.feeTier == 10)
    }

    @Test func impossibleTiersHaveNoEffect() {
        _ = setTier(maker, 3)
        for (owner, tier) in [(maker, UInt64(11)), (maker, 1 << 32), (.zero, 1)] {
            #expect(setTier(owner, tier).kind == Event.Kind.inboxIgnored)
        }
        #expect(test.host.exchange.account(owner: maker)?.feeTier == 3)
    }
}
