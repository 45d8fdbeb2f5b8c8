import SeededRandom
import Testing

@testable import Engine

/// The one price of an auction, beside the definition itself: every price that an order can have is tried.
@Suite struct ClearingPriceTests {
    /// Orders as (price code, lots), and what must come out.
    struct Auction {
        var bids: [(price: UInt32, lots: UInt64)] = []
        var asks: [(price: UInt32, lots: UInt64)] = []
        var reference: UInt32 = 0

        /// By definition: more lots, then less imbalance, then nearer to the reference, then lower. Nil if nothing trades.
        func bestPrice(_ isValid: (UInt32) -> Bool) -> (price: UInt32, lots: UInt64)? {
            guard let lowest = asks.map(\.price).min(), let highest = bids.map(\.price).max(), lowest <= highest else { return nil }
            var best: (key: [Int64], price: UInt32, lots: UInt64)?
            for price in (lowest - 3)...(highest + 3) where isValid(price) {
                let demand = bids.filter { $0.price >= price }.reduce(0) { $0 + $1.lots }
                let supply = asks.filter { $0.price <= price }.reduce(0) { $0 + $1.lots }
                let imbalance = demand > supply ? demand - supply : supply - demand
                let distance = abs(Int64(price) - Int64(reference))
                let key = [-Int64(min(demand, supply)), Int64(imbalance), distance, Int64(price)]
                if best.map({ key.lexicographicallyPrecedes($0.key) }) ?? true { best = (key, price, min(demand, supply)) }
            }
            return best.map { ($0.price, $0.lots) }
        }
    }

    /// What the engine finds, with the orders straight in its books.
    private func enginePrice(_ auction: Auction, quoteDecimals: UInt64) throws -> Exchange.ClearingPrice {
        let test = try TestExchange()
        test.listToken(1, decimals: quoteDecimals)
        test.listToken(2, decimals: 18)
        test.listMarket(
            1, base: 2, quote: 1, lotExponent: 18, makerFee: 0, takerFee: 0, feeOwner: TestExchange.feeOwner, opensAtMs: 1,
            referencePrice: auction.reference)
        let (bids, asks) = (test.host.exchange.orderBook(1), test.host.exchange.orderBook(1 + UInt32(Layout.marketCapacity)))
        for order in auction.bids { _ = bids.add(side: .buy, priceCode: order.price, lots: order.lots, account: 1) }
        for order in auction.asks { _ = asks.add(side: .sell, priceCode: order.price, lots: order.lots, account: 1) }
        let market = test.host.exchange.pointer(test.host.exchange.marketOffset(1), as: Market.self)
        return test.host.exchange.clearingPrice(market)
    }

    private func expect(_ price: UInt32, lots: UInt64, _ auction: Auction, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let found = try enginePrice(auction, quoteDecimals: 18)
        #expect(found == .init(priceCode: price, lots: lots), sourceLocation: sourceLocation)
        #expect(auction.bestPrice { _ in true }?.price == price, "the definition says otherwise", sourceLocation: sourceLocation)
    }

    @Test func nothingOverlaps() throws {
        #expect(try enginePrice(Auction(), quoteDecimals: 18) == .init())
        #expect(try enginePrice(Auction(bids: [(900, 5)]), quoteDecimals: 18) == .init())
        #expect(try enginePrice(Auction(asks: [(900, 5)]), quoteDecimals: 18) == .init())
        #expect(try enginePrice(Auction(bids: [(900, 5)], asks: [(901, 5)]), quoteDecimals: 18) == .init())
    }

    private let whole = PriceCode.code(mantissa: 20_000, exponent: 24)

    @Test func mostLotsTrade() throws {
        // At +10 five lots trade, anywhere below only three.
        try expect(whole + 10, lots: 5, Auction(bids: [(whole + 10, 5)], asks: [(whole, 3), (whole + 10, 9)], reference: whole))
    }

    @Test func thenTheSmallerImbalanceDecides() throws {
        // 10 lots trade from 80 to 100; only above 90 and below 100 nobody is left over.
        let bids: [(price: UInt32, lots: UInt64)] = [(whole + 100, 10), (whole + 90, 5)]
        let asks: [(price: UInt32, lots: UInt64)] = [(whole + 80, 10), (whole + 100, 5)]
        try expect(whole + 91, lots: 10, Auction(bids: bids, asks: asks, reference: whole))
        try expect(whole + 95, lots: 10, Auction(bids: bids, asks: asks, reference: whole + 95))
        try expect(whole + 99, lots: 10, Auction(bids: bids, asks: asks, reference: whole + 1_000))
    }

    @Test func thenTheReference() throws {
        let auction = Auction(bids: [(whole + 100, 10)], asks: [(whole, 10)])
        for (reference, price) in [(whole - 5, whole), (whole + 42, whole + 42), (whole + 105, whole + 100)] {
            var auction = auction
            auction.reference = reference
            try expect(price, lots: 10, auction)
        }
    }

    @Test func thenTheLowerPrice() throws {
        // Equally good at 0 to 10 and at 30 to 40, but for the imbalance of one lot in between; the reference lies in the middle.
        let auction = Auction(
            bids: [(whole + 40, 10), (whole + 10, 1)], asks: [(whole, 10), (whole + 30, 1)], reference: whole + 20)
        try expect(whole + 20, lots: 10, auction)
        let gap = Auction(
            bids: [(whole + 40, 10), (whole + 25, 1)], asks: [(whole, 10), (whole + 15, 1)], reference: whole + 20)
        // Between 15 and 25 eleven lots trade.
        try expect(whole + 20, lots: 11, gap)
    }

    /// Equally far above and below the reference: where prices have steps of ten, one inside a step.
    @Test func aReferenceBetweenTwoPrices() throws {
        let low = PriceCode.code(mantissa: 20_000, exponent: 23)
        var auction = Auction(bids: [(low + 100, 10)], asks: [(low, 10)], reference: low + 45)
        #expect(try enginePrice(auction, quoteDecimals: 0).priceCode == low + 40)
        auction.reference = low + 46
        #expect(try enginePrice(auction, quoteDecimals: 0).priceCode == low + 50)
    }

    /// Few prices, so that ties of every kind come up; many shapes of markets; across the edge where the exponent changes.
    @Test(arguments: UInt64(1)...12) func likeTheDefinition(seed: UInt64) throws {
        print("clearing price: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var traded = 0
        for round in 0..<120 {
            // Exponent of the prices, and from which on all are whole.
            let exponent = UInt32(15 + random.below(5))
            let first = exponent + UInt32(random.below(4))
            let step: UInt32 = first <= exponent ? 1 : (0..<(first - exponent)).reduce(1) { power, _ in power * 10 }
            let isValid = { (code: UInt32) -> Bool in
                let missing = Int(first) - Int(PriceCode.exponent(code))
                return missing <= 0 || PriceCode.mantissa(code) % (0..<missing).reduce(1) { power, _ in power * 10 } == 0
            }
            let base =
                random.chance(40)
                ? PriceCode.code(mantissa: 99_900, exponent: exponent) : PriceCode.code(mantissa: 45_000, exponent: exponent)
            let spread = 1 + random.below(12)
            var auction = Auction()
            for _ in 0..<(1 + random.below(9)) {
                var price = base + UInt32(random.below(spread)) * step
                if price / PriceCode.mantissaCount > exponent { price -= price % step }
                guard isValid(price) else { continue }
                let lots = UInt64(1 + random.below(random.chance(50) ? 3 : 1_000))
                if random.chance(50) { auction.bids.append((price, lots)) } else { auction.asks.append((price, lots)) }
            }
            auction.reference = base - 20 + UInt32(random.below(40 + spread * Int(step)))
            let found = try enginePrice(auction, quoteDecimals: UInt64(24 - first))
            let expected = auction.bestPrice(isValid)
            #expect(found.priceCode == expected?.price ?? PriceCode.none, "seed \(seed), round \(round): \(auction)")
            #expect(found.lots == expected?.lots ?? 0)
            if expected != nil { traded += 1 }
        }
        #expect(traded > 40, "only \(traded) auctions traded")
    }
}
