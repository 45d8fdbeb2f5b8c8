import SeededRandom
import Testing

@testable import Engine

@Suite struct PriceTests {
    @Test func codesAreDenseAndMonotone() {
        #expect(PriceCode.code(mantissa: 10_000, exponent: 0) == 0)
        #expect(PriceCode.code(mantissa: 99_999, exponent: 0) + 1 == PriceCode.code(mantissa: 10_000, exponent: 1))
        #expect(PriceCode.code(mantissa: 99_999, exponent: 35) + 1 == PriceCode.count)
        var random = SeededGenerator(seed: 7)
        for _ in 0..<10_000 {
            let code = UInt32(random.below(Int(PriceCode.count)))
            #expect(PriceCode.code(mantissa: PriceCode.mantissa(code), exponent: PriceCode.exponent(code)) == code)
        }
    }

    @Test func notionalIsExactOrRefused() {
        let code = price(12_000, -13)
        #expect(Notional.atomsPerLot(priceCode: code, notionalExponent: -11) == 12_000)
        #expect(Notional.atomsPerLot(priceCode: code, notionalExponent: -14) == 12)
        #expect(Notional.atomsPerLot(priceCode: code, notionalExponent: -15) == nil)
        #expect(Notional.atomsPerLot(priceCode: code, notionalExponent: -30) == nil)
        #expect(Notional.atomsPerLot(priceCode: code, notionalExponent: 40) == .max)
        #expect(Notional.atomsPerLot(priceCode: price(99_999, 11), notionalExponent: 36) == .max)
    }

    @Test(arguments: [
        (atoms: UInt64(0), rate: UInt32(30), fee: UInt64(0)), (1, 30, 1), (10_000, 30, 30), (10_001, 30, 31), (10_001, 1, 2),
        (UInt64.max >> 1, 100, 92_233_720_368_547_759), (3, 10_000, 3), (5, 0, 0),
    ])
    func feesRoundAgainstThePayer(atoms: UInt64, rate: UInt32, fee: UInt64) {
        #expect(Notional.fee(on: atoms, basisPoints: rate) == fee)
    }

    @Test func nextPriceIsFoundAtEveryDistance() throws {
        let test = try TestExchange()
        test.listToken(1, decimals: 9)
        test.listToken(2, decimals: 18)
        let trader = TestExchange.address(1)
        test.listMarket(1, base: 2, quote: 1, lotExponent: 18, makerFee: 0, takerFee: 0, feeOwner: TestExchange.address(2))
        test.deposit(trader, token: 2, atoms: 9_000_000_000_000_000_000)
        // One lot is one token of 10^18 atoms, so nine asks can rest; prices from 10^-9 up cost at least one atom a lot.
        let codes = [
            price(10_000, -12), price(10_001, -9), price(10_064, -9), price(20_000, -9), price(99_999, -9), price(10_000, 0),
            price(50_000, 3),
        ]
        for code in codes.shuffled() {
            let (admission, events) = test.execute(
                [.place(market: 1, side: .sell, timeInForce: .goodTilCancelled, priceCode: code, lots: 1, clientOrderId: 0)], signer: trader
            )
            #expect(admission == .none)
            if code == codes[0] { #expect(events.last?.kind == Event.Kind.placed || events.last?.code == RejectCode.priceTooFine.rawValue) }
        }
        var seen: [UInt32] = []
        var next = test.host.exchange.bestPrice(book: 1, side: .sell)
        while let code = next {
            seen.append(code)
            next = test.host.exchange.nextPrice(book: 1, side: .sell, behind: code)
        }
        #expect(seen == codes.filter { Notional.atomsPerLot(priceCode: $0, notionalExponent: 9 + 18 - 18 - 24) != nil }.sorted())
        expectInvariants(test.host.exchange)
    }
}
