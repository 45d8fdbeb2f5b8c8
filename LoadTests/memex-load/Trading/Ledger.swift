import Engine
import Gateway

/// What a trader's own fills should have done to its balances, by token: kept from the fills it was told, apart from the exchange's books.
struct Ledger {
    private(set) var atoms: [UInt32: Int64] = [:]
    private(set) var tradedQuoteAtoms: [UInt32: UInt64] = [:]
    private(set) var fillCount = 0

    mutating func record(_ fill: ServerMessage.Fill, in market: MarketShape) {
        let record = market.record
        let base = record.lotAtoms * fill.lots
        let quote = market.quoteAtoms(priceCode: fill.priceCode, lots: fill.lots)
        let rate = fill.isMaker ? record.makerFeeBasisPoints : record.takerFeeBasisPoints
        if fill.side == .buy {
            atoms[record.baseToken, default: 0] += Int64(base - Notional.fee(on: base, basisPoints: rate))
            atoms[record.quoteToken, default: 0] -= Int64(quote)
        } else {
            atoms[record.baseToken, default: 0] -= Int64(base)
            atoms[record.quoteToken, default: 0] += Int64(quote - Notional.fee(on: quote, basisPoints: rate))
        }
        tradedQuoteAtoms[record.quoteToken, default: 0] += quote
        fillCount += 1
    }

    /// Adds what another of the trader's bots recorded.
    mutating func add(_ other: Ledger) {
        atoms.merge(other.atoms, uniquingKeysWith: +)
        tradedQuoteAtoms.merge(other.tradedQuoteAtoms, uniquingKeysWith: +)
        fillCount += other.fillCount
    }
}
