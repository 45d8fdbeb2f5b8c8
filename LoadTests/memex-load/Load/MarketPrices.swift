import Engine
import Gateway
import Sequencer

/// Prices at which a market can be loaded.
enum MarketPrices {
    /// The price around which a market trades: the middle of its book, else its last price, else a price at which a lot costs 50000 atoms.
    static func middle(of market: UInt16, _ client: GatewayClient) throws -> UInt32 {
        guard let record = try client.markets().first(where: { $0.market.id == UInt32(market) }) else {
            throw UnknownMarket(market: market)
        }
        let book = record.book
        if book.bestBid != PriceCode.none, book.bestAsk != PriceCode.none { return (book.bestBid + book.bestAsk) / 2 }
        if book.lastPrice != PriceCode.none { return book.lastPrice }
        let exponent = UInt32(clamping: max(0, min(35, -record.market.notionalExponent)))
        return PriceCode.code(mantissa: 50_000, exponent: exponent)
    }
}

/// The exchange does not list a market.
struct UnknownMarket: Error, CustomStringConvertible {
    let market: UInt16
    var description: String { "the exchange has no market \(market)" }
}
