import Engine

/// Tokens born on the exchange.
extension ReferenceExchange {
    /// The owner of what is burnt: 0x…dEaD, an account that nobody opens.
    static let nobody: UInt32 = 0

    func createToken(_ symbol: TokenSymbol, _ decimals: UInt8, _ supply: UInt64, _ account: UInt32, _ index: UInt16) -> RejectCode {
        let characters = withUnsafeBytes(of: symbol) { Array($0) }
        let used = characters.prefix { $0 != 0 }
        guard !used.isEmpty, used.allSatisfy({ (33...126).contains($0) }), characters.dropFirst(used.count).allSatisfy({ $0 == 0 })
        else { return .symbolInvalid }
        guard supply > 0, supply <= UInt64(Int64.max) else { return .supplyInvalid }
        let born = UInt32(self.decimals.keys.count { $0 >= 2048 })
        guard born < 2048 else { return .capacityExhausted }
        let price = (0..<born / 256).reduce(UInt64(10_000_000)) { price, _ in price * 2 }
        guard free[Key(account: account, token: 1), default: 0] >= price else { return .insufficientBalance }
        free[Key(account: account, token: 1)]! -= price
        total[1]! -= price
        withdrawals.append((Self.nobody, 1, price))

        let id = 2048 + born
        self.decimals[id] = Int(decimals)
        free[Key(account: account, token: id)] = supply
        total[id] = supply
        var event = Event()
        event.kind = Event.Kind.tokenCreated
        event.commandIndex = index
        event.account = account
        event.orderId = lastWithdrawal
        event.counterOrderId = UInt64(id)
        event.lots = supply
        event.remaining = price
        events.append(event)
        return .none
    }
}
