import Engine

/// Withdrawals and agents: what only an owner's key may do.
extension ReferenceExchange {
    func performAsOwner(_ command: Command, _ account: UInt32, _ index: UInt16) -> RejectCode {
        var event = Event()
        event.kind = Event.Kind.agentChanged
        event.account = account
        event.commandIndex = index
        switch command {
        case .withdraw(let token, let atoms):
            guard decimals[token] != nil else { return .unknownToken }
            let atoms = atoms == .max ? free[Key(account: account, token: token), default: 0] : atoms
            guard atoms > 0 else { return .amountZero }
            guard free[Key(account: account, token: token), default: 0] >= atoms else { return .insufficientBalance }
            free[Key(account: account, token: token)]! -= atoms
            total[token]! -= atoms
            withdrawals.append((account, token, atoms))
            event.kind = Event.Kind.withdrawn
            event.orderId = lastWithdrawal
            event.counterOrderId = UInt64(token)
            event.lots = atoms
        case .approveAgent(let agent, let expiryMs):
            let main = accounts[Int(account) - 1].main
            if self.account(of: agent) != nil || agent == .zero { return .agentAddressTaken }
            if let existing = agents[agent], existing.principal != main { return .agentAddressTaken }
            if agents[agent] == nil, agents.values.count(where: { $0.principal == main }) >= 16 { return .tooManyAgents }
            agents[agent] = Agent(principal: main, expiryMs: expiryMs)
        case .revokeAgent(let agent):
            let main = accounts[Int(account) - 1].main
            guard let existing = agents[agent], existing.principal == main, !existing.isRevoked else { return .unknownAgent }
            agents[agent]!.isRevoked = true
        case .openSubaccount: return openSubaccount(account, index)
        case .transfer(let token, let atoms, let other): return transfer(account, other, token, atoms, index)
        case .createToken(let symbol, let decimals, let supply): return createToken(symbol, decimals, supply, account, index)
        default: preconditionFailure("not an owner's command")
        }
        events.append(event)
        return .none
    }
}
