import Engine

/// Which account a key acts for; several accounts of one owner.
extension ReferenceExchange {
    struct Actor {
        var account: UInt32
        var isOwner: Bool
    }

    func isActive(_ agent: Agent?) -> Bool {
        guard let agent, !agent.isRevoked else { return false }
        return agent.expiryMs == 0 || nowMs < agent.expiryMs
    }

    func homeAccount(_ signer: Address) -> Actor? {
        if let own = account(of: signer) { return Actor(account: own, isOwner: true) }
        return isActive(agents[signer]) ? Actor(account: agents[signer]!.principal, isOwner: false) : nil
    }

    /// Commands that came through L1, as message `index` of the inbox.
    func force(_ batch: [Command], sender: Address, index: UInt64) {
        let home = homeAccount(sender)
        var event = Event()
        event.kind = Event.Kind.forced
        event.orderId = index
        event.account = home?.account ?? 0
        if home == nil { event.code = (agents[sender] == nil ? RejectCode.unknownSigner : .agentExpired).rawValue }
        events.append(event)
        _ = apply(batch, signer: sender)
    }

    func use(_ account: UInt32, _ signer: Address, _ actor: inout Actor?, _ index: UInt16) -> RejectCode {
        guard account > 0, account <= accounts.count else { return .notYourAccount }
        let main = accounts[Int(account) - 1].main
        if self.account(of: signer) == main {
            actor = Actor(account: account, isOwner: true)
        } else {
            guard let agent = agents[signer], agent.principal == main else { return .notYourAccount }
            guard isActive(agent) else { return .agentExpired }
            actor = Actor(account: account, isOwner: false)
        }
        addSettingChanged(account, index)
        return .none
    }

    func openSubaccount(_ account: UInt32, _ index: UInt16) -> RejectCode {
        let main = accounts[Int(account) - 1].main
        let others = accounts.count { $0.main == main } - 1
        guard others < 16 else { return .tooManySubaccounts }
        var opened = accounts[Int(main) - 1]
        opened.number = UInt64(others + 1)
        opened.cancelAtMs = 0
        opened.cancelsOnDisconnect = false
        accounts.append(opened)
        var event = Event()
        event.kind = Event.Kind.subaccountOpened
        event.commandIndex = index
        event.account = account
        event.counterAccount = UInt32(accounts.count)
        event.lots = opened.number
        events.append(event)
        return .none
    }

    func transfer(_ account: UInt32, _ other: UInt32, _ token: UInt32, _ atoms: UInt64, _ index: UInt16) -> RejectCode {
        guard other > 0, other <= accounts.count, accounts[Int(other) - 1].main == accounts[Int(account) - 1].main
        else { return .notYourAccount }
        guard decimals[token] != nil else { return .unknownToken }
        guard atoms > 0 else { return .amountZero }
        guard free[Key(account: account, token: token), default: 0] >= atoms else { return .insufficientBalance }
        free[Key(account: account, token: token)]! -= atoms
        free[Key(account: other, token: token), default: 0] += atoms
        var event = Event()
        event.kind = Event.Kind.transferred
        event.commandIndex = index
        event.account = account
        event.counterAccount = other
        event.counterOrderId = UInt64(token)
        event.lots = atoms
        events.append(event)
        return .none
    }

    func setMarketFees(_ market: UInt16, maker: UInt64, taker: UInt64) {
        markets[market]!.makerFee = maker
        markets[market]!.takerFee = taker
    }

    func setFeeTier(_ owner: Address, _ tier: UInt64) {
        let main = openAccount(owner)
        for account in accounts.indices where accounts[account].main == main { accounts[account].feeTier = tier }
    }
}
