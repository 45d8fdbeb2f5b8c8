/// Tokens born on the exchange: the whole supply goes to the creator at once and never changes. L1 learns of one when somebody shows it the cell.
///
/// Invariants: their ids run from ``Layout/bornTokensStart`` without a gap, so that an id says where a token comes from; a cell is
/// written once and is the same under every later root, so that L1 can create the ERC-20 of a token once, under any of them.
extension Exchange {
    /// What the next token costs, in atoms of ETH; nil if there is no id left.
    package var tokenPriceAtoms: UInt64? {
        let count = schedule.bornTokenCount
        guard count < UInt32(Layout.tokenCapacity) - Layout.bornTokensStart else { return nil }
        return Layout.tokenPriceAtoms << UInt64(count / Layout.tokensPerPrice)
    }

    /// Creates a token whose supply is all the account's. The price leaves the exchange by a withdrawal record to nobody: it is burnt, and the
    /// balances of ETH still add up to what L1 holds for them.
    mutating func createToken(
        _ symbol: TokenSymbol, decimals: UInt8, supply: UInt64, account: UInt32, commandIndex: UInt16
    ) -> RejectCode {
        guard symbol.isValid, decimals <= Layout.tokenDecimalsMax else { return .symbolInvalid }
        guard supply > 0, supply <= Layout.tokenAtomsMax else { return .supplyInvalid }
        guard let price = tokenPriceAtoms, canOpenBalances(pages: 1) else { return .capacityExhausted }
        guard freeAtoms(account: account, token: Layout.etherToken) >= price else { return .insufficientBalance }

        // From here on nothing fails.
        writableBalance(account: account, token: Layout.etherToken).pointee.free -= price
        writable(tokenTotalOffset(Layout.etherToken), as: UInt64.self).pointee -= price
        let burnt = recordWithdrawal(owner: .burn, token: Layout.etherToken, amount: price)

        let schedule = writable(Layout.scheduleHeader, as: ScheduleHeader.self)
        let id = Layout.bornTokensStart + schedule.pointee.bornTokenCount
        schedule.pointee.bornTokenCount += 1
        let token = writable(tokenOffset(id), as: Token.self)
        token.pointee.id = id
        token.pointee.supply = supply
        token.pointee.decimals = UInt32(decimals)
        token.pointee.symbol = symbol
        writable(tokenTotalOffset(id), as: UInt64.self).pointee = supply
        openBalance(account: account, token: id)
        writableBalance(account: account, token: id).pointee.free = supply

        var event = Event()
        event.kind = Event.Kind.tokenCreated
        event.commandIndex = commandIndex
        event.account = account
        event.orderId = burnt
        event.counterOrderId = UInt64(id)
        event.lots = supply
        event.remaining = price
        emit(event)
        return .none
    }
}
