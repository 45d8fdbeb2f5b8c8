import Engine
import Gateway
import Settlement

/// What became of a placed order. Pure.
struct OrderReport {
    var market: MarketInfo
    var side: Side
    var type: OrderType
    var priceCode: UInt32
    var lots: UInt64
    var clientOrderId: UInt64
    var ack: ServerMessage.Ack
    var result: ServerMessage.CommandResult
    var fills: [ServerMessage.Fill]

    /// resting, partly-filled (and the rest rests), filled, or dropped (what an ioc order could not fill, in whole or in part).
    var state: String {
        if result.restingLots > 0 { return result.lots > 0 ? "partly-filled" : "resting" }
        return result.lots >= lots ? "filled" : "dropped"
    }

    var json: JSON {
        [
            "market": .text(market.name), "marketId": .integer(market.id), "side": .text(side.name), "type": .text(type.rawValue),
            "price": .text(PriceCode.format(priceCode)), "priceCode": .integer(priceCode), "size": .text(market.format(lots: lots)),
            "lots": .integer(lots), "state": .text(state), "orderId": result.orderId == 0 ? .null : .integer(result.orderId),
            "clientOrderId": clientOrderId == 0 ? .null : .integer(clientOrderId), "filled": .text(market.format(lots: result.lots)),
            "filledLots": .integer(result.lots), "resting": .text(market.format(lots: result.restingLots)),
            "restingLots": .integer(result.restingLots), "sequence": .integer(ack.sequence), "block": .integer(ack.block),
            "fills": .list(
                fills.map { fill in
                    [
                        "price": .text(PriceCode.format(fill.priceCode)), "priceCode": .integer(fill.priceCode),
                        "size": .text(market.format(lots: fill.lots)), "lots": .integer(fill.lots),
                    ]
                }),
        ]
    }

    var text: String {
        var fields = [
            ("market", market.name),
            ("order", "\(side.name) \(market.format(lots: lots)) at \(PriceCode.format(priceCode)) (\(type.rawValue))"),
            ("state", state), ("filled", market.format(lots: result.lots)), ("resting", market.format(lots: result.restingLots)),
        ]
        if result.orderId != 0 { fields.append(("order id", String(result.orderId))) }
        if clientOrderId != 0 { fields.append(("client id", String(clientOrderId))) }
        fields.append(("block", "\(ack.block), sequence \(ack.sequence)"))
        var text = TextTable.fields(fields)
        if !fills.isEmpty {
            var table = TextTable(">filled", ">at")
            for fill in fills { table.add(market.format(lots: fill.lots), PriceCode.format(fill.priceCode)) }
            text += "\n\n" + table.text
        }
        return text
    }
}
