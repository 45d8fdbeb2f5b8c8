/// Agent keys: they trade for all accounts of the owner who approved them, and do nothing else.
///
/// They are counted in the owner's main account, which the agent's `Signer` names as its principal. An address that gets an account of its
/// own, by a deposit, stays the agent that it was; it only has to name the account it means.
extension Exchange {
    /// Whether the key may trade for its principal now.
    func isActiveAgent(_ signer: Signer) -> Bool {
        guard signer.agentState == AgentState.approved else { return false }
        return signer.expiryMs == 0 || pointer(Layout.header, as: StateHeader.self).pointee.blockTimeMs < signer.expiryMs
    }

    /// Lets `agent` trade for the account's owner until block time `expiryMs` (0: for ever). Approving again sets a new expiry.
    mutating func approveAgent(_ agent: Address, expiryMs: UInt64, account: UInt32) -> RejectCode {
        let main = pointer(accountOffset(account), as: Account.self).pointee.mainAccount
        guard !agent.isZero else { return .agentAddressTaken }
        var slot = findSigner(agent)
        if slot == 0 {
            guard pointer(accountOffset(main), as: Account.self).pointee.agentCount < UInt32(Layout.agentsPerAccountMax)
            else { return .tooManyAgents }
            guard canAddSigner else { return .capacityExhausted }
            writableAccount(main).pointee.agentCount += 1
            slot = addSigner(agent)
        } else {
            let current = pointer(signerOffset(slot), as: Signer.self)
            guard current.pointee.account == 0, current.pointee.principal == main else { return .agentAddressTaken }
        }
        let signer = writable(signerOffset(slot), as: Signer.self)
        signer.pointee.principal = main
        signer.pointee.agentState = AgentState.approved
        signer.pointee.expiryMs = expiryMs
        return .none
    }

    /// Ends an agent's right to trade for the account's owner at once.
    mutating func revokeAgent(_ agent: Address, account: UInt32) -> RejectCode {
        let main = pointer(accountOffset(account), as: Account.self).pointee.mainAccount
        let slot = findSigner(agent)
        guard slot != 0 else { return .unknownAgent }
        let current = pointer(signerOffset(slot), as: Signer.self)
        guard current.pointee.principal == main, current.pointee.agentState == AgentState.approved else { return .unknownAgent }
        writable(signerOffset(slot), as: Signer.self).pointee.agentState = AgentState.revoked
        return .none
    }
}
