import Engine
import Settlement

/// Commands as machines read them. Pure.
extension Listing {
    func json(_ command: Command) -> JSON {
        switch command {
        case .place(let order): json(order, type: "place")
        case .placeUntil(let order, let expiryMs): json(order, type: "placeUntil").adding(["expiryMs": .integer(expiryMs)])
        case .placeTrigger(let order, let expiryMs, let triggerPriceCode):
            json(order, type: "placeTrigger").adding([
                "expiryMs": expiryMs == 0 ? .null : .integer(expiryMs), "trigger": .text(price(triggerPriceCode)),
                "triggerPriceCode": .integer(triggerPriceCode),
                "when": .text((order.flags.firesAbove ? TriggerDirection.above : .below).rawValue),
            ])
        case .modify(let market, let orderId, let priceCode, let lots):
            [
                "type": "modify", "marketId": .integer(market), "market": marketName(market), "orderId": .integer(orderId),
                "price": .text(price(priceCode)), "priceCode": .integer(priceCode), "size": size(lots, market), "lots": .integer(lots),
            ]
        case .cancel(let market, let orderId):
            ["type": "cancel", "marketId": .integer(market), "orderId": .integer(orderId)]
        case .cancelByClientId(let market, let clientOrderId):
            ["type": "cancelByClientId", "marketId": .integer(market), "clientOrderId": .integer(clientOrderId)]
        case .cancelAll(let market, let sides):
            ["type": "cancelAll", "marketId": market == 0 ? .null : .integer(market), "sides": .text(sides.name)]
        case .scheduleCancel(let timeMs): ["type": "scheduleCancel", "timeMs": timeMs == 0 ? .null : .integer(timeMs)]
        case .cancelOnDisconnect(let isOn): ["type": "cancelOnDisconnect", "on": .flag(isOn)]
        case .disconnected: ["type": "disconnected"]
        case .useAccount(let account): ["type": "useAccount", "account": .integer(account)]
        case .openSubaccount: ["type": "openSubaccount"]
        case .transfer(let token, let atoms, let toAccount):
            funds(token, atoms, type: "transfer").adding(["toAccount": .integer(toAccount)])
        case .createToken(let symbol, let decimals, let supply):
            [
                "type": "createToken", "symbol": .text(symbol.text), "decimals": .integer(decimals),
                "supply": .text(TokenAmount.format(atoms: supply, decimals: UInt32(decimals))), "supplyAtoms": .integer(supply),
            ]
        case .withdraw(let token, let atoms): funds(token, atoms, type: "withdraw")
        case .approveAgent(let agent, let expiryMs):
            ["type": "approveAgent", "agent": .text(agent.hex), "expiryMs": expiryMs == 0 ? .null : .integer(expiryMs)]
        case .revokeAgent(let agent): ["type": "revokeAgent", "agent": .text(agent.hex)]
        }
    }

    private func json(_ order: Command.Order, type: String) -> JSON {
        [
            "type": .text(type), "marketId": .integer(order.market), "market": marketName(order.market),
            "side": .text(order.flags.side.name), "orderType": .text(OrderType(order.flags.timeInForce).rawValue),
            "selfTradePrevention": .text(SelfTradeOption(order.flags.selfTradePrevention).rawValue),
            "price": .text(price(order.priceCode)), "priceCode": .integer(order.priceCode), "size": size(order.lots, order.market),
            "lots": .integer(order.lots), "clientOrderId": order.clientOrderId == 0 ? .null : .integer(order.clientOrderId),
        ]
    }

    private func funds(_ token: UInt32, _ atoms: UInt64, type: String) -> JSON {
        [
            "type": .text(type), "tokenId": .integer(token), "token": .optional(self.token(id: token)) { .text($0.symbol) },
            "amount": .optional(self.token(id: token)) { .text(atoms == Command.allFree ? "all" : $0.format(atoms)) },
            "atoms": .integer(atoms),
        ]
    }

    private func marketName(_ id: UInt16) -> JSON { .optional(market(id: id)) { .text($0.name) } }

    private func size(_ lots: UInt64, _ id: UInt16) -> JSON { .optional(market(id: id)) { .text($0.format(lots: lots)) } }
}
