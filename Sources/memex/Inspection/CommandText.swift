import Engine
import Settlement

/// Commands and inbox messages as people and machines read them. Pure. What is not listed is shown by its numbers.
extension Listing {
    /// The kind of `command` and what it says, in words.
    func describe(_ command: Command) -> (kind: String, text: String) {
        switch command {
        case .place(let order):
            let known = self.market(id: order.market)
            let size = known.map { $0.format(lots: order.lots) } ?? "\(order.lots) lots"
            let type = OrderType(order.flags.timeInForce).rawValue
            let client = order.clientOrderId == 0 ? "" : ", client id \(order.clientOrderId)"
            return ("place", "\(name(order.market)) \(order.flags.side.name) \(size) at \(price(order.priceCode)), \(type)\(client)")
        case .cancel(let market, let orderId): return ("cancel", "\(name(market)) order \(orderId)")
        case .cancelByClientId(let market, let clientOrderId): return ("cancel", "\(name(market)) client id \(clientOrderId)")
        case .withdraw(let token, let atoms): return ("withdraw", amount(atoms, token))
        case .approveAgent(let agent, let expiryMs):
            return ("approve", "\(agent) until \(expiryMs == 0 ? "revoked" : Moment.text(milliseconds: expiryMs))")
        case .revokeAgent(let agent): return ("revoke", agent.hex)
        default: return ("other", "\(command)")
        }
    }

    func json(_ command: Command) -> JSON {
        switch command {
        case .place(let order):
            [
                "type": "place", "marketId": .integer(order.market),
                "market": .optional(self.market(id: order.market)) { .text($0.name) },
                "side": .text(order.flags.side.name), "orderType": .text(OrderType(order.flags.timeInForce).rawValue),
                "price": .text(price(order.priceCode)), "priceCode": .integer(order.priceCode),
                "size": .optional(self.market(id: order.market)) { .text($0.format(lots: order.lots)) },
                "lots": .integer(order.lots), "clientOrderId": order.clientOrderId == 0 ? .null : .integer(order.clientOrderId),
            ]
        case .cancel(let market, let orderId):
            ["type": "cancel", "marketId": .integer(market), "orderId": .integer(orderId)]
        case .cancelByClientId(let market, let clientOrderId):
            ["type": "cancelByClientId", "marketId": .integer(market), "clientOrderId": .integer(clientOrderId)]
        case .withdraw(let token, let atoms):
            [
                "type": "withdraw", "tokenId": .integer(token), "token": .optional(self.token(id: token)) { .text($0.symbol) },
                "amount": .optional(self.token(id: token)) { .text($0.format(atoms)) }, "atoms": .integer(atoms),
            ]
        case .approveAgent(let agent, let expiryMs):
            ["type": "approveAgent", "agent": .text(agent.hex), "expiryMs": expiryMs == 0 ? .null : .integer(expiryMs)]
        case .revokeAgent(let agent): ["type": "revokeAgent", "agent": .text(agent.hex)]
        default: ["type": "other"]
        }
    }

    /// The kind of an inbox message and what it says, in words.
    func describe(_ message: InboxMessage, index: UInt64) -> (kind: String, text: String) {
        if let deposit = Deposit(message, index: index) {
            return ("deposit", "\(amount(deposit.atoms, deposit.token)) for \(deposit.owner)")
        }
        switch message.kind.number {
        case .init(InboxMessage.Kind.tokenListed):
            return ("token listed", UInt32(exactly: message.b.number).flatMap { token(id: $0)?.symbol } ?? "token \(message.b.number)")
        case .init(InboxMessage.Kind.marketListed):
            return ("market listed", UInt16(exactly: message.b.number).flatMap { market(id: $0)?.name } ?? "market \(message.b.number)")
        default: return ("kind \(message.kind.number)", "ignored by this version")
        }
    }

    private func name(_ market: UInt16) -> String { self.market(id: market)?.name ?? "market \(market)" }

    private func amount(_ atoms: UInt64, _ token: UInt32) -> String {
        self.token(id: token).map { "\($0.format(atoms)) \($0.symbol)" } ?? "\(atoms) atoms of token \(token)"
    }

    private func price(_ code: UInt32) -> String { code < PriceCode.count ? PriceCode.format(code) : "invalid code \(code)" }
}
