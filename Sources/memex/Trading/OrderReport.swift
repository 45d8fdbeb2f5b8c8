import Engine
import Gateway
import Settlement

/// What became of a placed order. Pure.
struct OrderReport {
    var market: MarketInfo
    var order: Command.Order
    /// Block time at which it goes; 0: never.
    var untilMs: UInt64 = 0
    /// Nil for an order that was placed at once.
    var triggerPriceCode: UInt32?
    var ack: ServerMessage.Ack
    var result: ServerMessage.CommandResult
    var fills: [ServerMessage.Fill]

    private var side: Side { order.flags.side }
    private var type: OrderType { OrderType(order.flags.timeInForce) }
    private var priceCode: UInt32 { order.priceCode }
    private var lots: UInt64 { order.lots }
    private var clientOrderId: UInt64 { order.clientOrderId }
    private var direction: TriggerDirection { order.flags.firesAbove ? .above : .below }

    /// waiting (for its trigger), resting, partly-filled (and the rest rests), filled, or dropped (what an ioc order could not fill, in whole
    /// or in part).
    var state: String {
        if result.kind == Event.Kind.triggerPlaced { return "waiting" }
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
            "restingLots": .integer(result.restingLots),
            "selfTradePrevention": .text(SelfTradeOption(order.flags.selfTradePrevention).rawValue),
            "untilMs": untilMs == 0 ? .null : .integer(untilMs),
            "trigger": .optional(triggerPriceCode) { .text(PriceCode.format($0)) },
            "when": triggerPriceCode == nil ? .null : .text(direction.rawValue), "sequence": .integer(ack.sequence),
            "block": .integer(ack.block),
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
        if let triggerPriceCode {
            fields[2...4] = [("state", state), ("trigger", "last price at or \(direction.rawValue) \(PriceCode.format(triggerPriceCode))")]
        }
        if untilMs != 0 { fields.append(("until", Moment.text(milliseconds: untilMs))) }
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
