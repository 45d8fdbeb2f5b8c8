import Engine
import Settlement

/// Commands and inbox messages as people and machines read them. Pure. What is not listed is shown by its numbers.
extension Listing {
    /// The kind of `command` and what it says, in words.
    func describe(_ command: Command) -> (kind: String, text: String) {
        switch command {
        case .place(let order): return ("place", describe(order))
        case .placeUntil(let order, let expiryMs): return ("place", "\(describe(order)), until \(Moment.text(milliseconds: expiryMs))")
        case .placeTrigger(let order, let expiryMs, let triggerPriceCode):
            let until = expiryMs == 0 ? "" : ", until \(Moment.text(milliseconds: expiryMs))"
            let direction = order.flags.firesAbove ? TriggerDirection.above : .below
            return ("trigger", "\(describe(order)), when at or \(direction.rawValue) \(price(triggerPriceCode))\(until)")
        case .modify(let market, let orderId, let priceCode, let lots):
            return ("modify", "\(name(market)) order \(orderId) to \(size(lots, market)) at \(price(priceCode))")
        case .cancel(let market, let orderId): return ("cancel", "\(name(market)) order \(orderId)")
        case .cancelByClientId(let market, let clientOrderId): return ("cancel", "\(name(market)) client id \(clientOrderId)")
        case .cancelAll(let market, let sides): return ("cancel all", "\(market == 0 ? "all markets" : name(market)), \(sides.name)")
        case .scheduleCancel(let timeMs): return ("schedule cancel", timeMs == 0 ? "never" : Moment.text(milliseconds: timeMs))
        case .cancelOnDisconnect(let isOn): return ("cancel on disconnect", isOn ? "on" : "off")
        case .disconnected: return ("disconnected", "stated by the sequencer")
        case .useAccount(let account): return ("use account", String(account))
        case .openSubaccount: return ("open sub-account", "")
        case .transfer(let token, let atoms, let toAccount): return ("transfer", "\(amount(atoms, token)) to account \(toAccount)")
        case .createToken(let symbol, let decimals, let supply):
            return ("create token", "\(TokenAmount.format(atoms: supply, decimals: UInt32(decimals))) \(symbol.text)")
        case .withdraw(let token, let atoms): return ("withdraw", amount(atoms, token))
        case .approveAgent(let agent, let expiryMs):
            return ("approve", "\(agent) until \(expiryMs == 0 ? "revoked" : Moment.text(milliseconds: expiryMs))")
        case .revokeAgent(let agent): return ("revoke", agent.hex)
        }
    }

    private func describe(_ order: Command.Order) -> String {
        let client = order.clientOrderId == 0 ? "" : ", client id \(order.clientOrderId)"
        let mode = order.flags.selfTradePrevention
        let prevention = mode == .cancelTaker ? "" : ", \(SelfTradeOption(mode).rawValue)"
        return "\(name(order.market)) \(order.flags.side.name) \(size(order.lots, order.market)) at \(price(order.priceCode)), "
            + "\(OrderType(order.flags.timeInForce).rawValue)\(prevention)\(client)"
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
        case .init(InboxMessage.Kind.feeTierSet):
            return ("fee tier", "\(message.b.number) for 0x" + message.a.hex.suffix(40))
        case .init(InboxMessage.Kind.forced):
            guard let forced = ForcedCommands(message) else { return ("forced", "ignored") }
            let commands = forced.commands?.map { command in
                let (kind, text) = describe(command)
                return "\(kind) \(text)"
            }
            return ("forced", "by \(forced.sender): \(commands?.joined(separator: "; ") ?? "malformed")")
        case .init(InboxMessage.Kind.marketFeesSet):
            let market = UInt16(exactly: message.b.number).map { name($0) } ?? "market \(message.b.number)"
            let fees = message.c.number
            return ("market fees", "\(market): maker \(fees & 0xFFFF), taker \(fees >> 16) basis points")
        default: return ("kind \(message.kind.number)", "ignored by this version")
        }
    }

    func name(_ market: UInt16) -> String { self.market(id: market)?.name ?? "market \(market)" }

    private func size(_ lots: UInt64, _ market: UInt16) -> String {
        self.market(id: market).map { $0.format(lots: lots) } ?? "\(lots) lots"
    }

    /// Only a withdrawal can ask for ``Command/allFree``.
    private func amount(_ atoms: UInt64, _ token: UInt32) -> String {
        if atoms == Command.allFree { return "all free \(self.token(id: token)?.symbol ?? "of token \(token)")" }
        return self.token(id: token).map { "\($0.format(atoms)) \($0.symbol)" } ?? "\(atoms) atoms of token \(token)"
    }

    func price(_ code: UInt32) -> String { code < PriceCode.count ? PriceCode.format(code) : "invalid code \(code)" }
}
