import Engine

/// What a bot must know of a market to trade it: asked from the exchange.
struct MarketShape {
    let record: Market

    var id: UInt16 { UInt16(record.id) }

    /// Quote atoms that `lots` cost at a price at which an order was accepted.
    func quoteAtoms(priceCode: UInt32, lots: UInt64) -> UInt64 {
        (Notional.atomsPerLot(priceCode: priceCode, notionalExponent: record.notionalExponent) ?? 0) * lots
    }
}
