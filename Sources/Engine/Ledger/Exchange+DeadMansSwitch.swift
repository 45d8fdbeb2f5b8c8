/// Two ways to have all orders of an account cancelled when its trader falls silent: at a time that the trader keeps moving on, and when the
/// sequencer says that the trader's session has ended.
extension Exchange {
    /// Has all orders of the account cancelled at the first block whose time is `timeMs` or later; 0: no longer.
    mutating func scheduleCancel(account: UInt32, timeMs: UInt64, commandIndex: UInt16) -> RejectCode {
        guard timeMs == 0 || timeMs > pointer(Layout.header, as: StateHeader.self).pointee.blockTimeMs else { return .expiryPassed }
        setTimer(account: account, dueMs: timeMs)
        emit(Event.Kind.settingChanged, account: account, index: commandIndex)
        return .none
    }

    mutating func setCancelOnDisconnect(_ isOn: Bool, account: UInt32, commandIndex: UInt16) -> RejectCode {
        let flags = pointer(accountOffset(account), as: Account.self).pointee.flags
        let others = flags & ~AccountFlags.cancelOnDisconnect
        writableAccount(account).pointee.flags = isOn ? others | AccountFlags.cancelOnDisconnect : others
        emit(Event.Kind.settingChanged, account: account, index: commandIndex)
        return .none
    }

    /// The sequencer states that a session of this key has ended: cancels all orders of those accounts it trades for, its own and its
    /// principal's, that asked for this.
    ///
    /// Returns why nothing was done (`notAllowed`: none of them asked; then nothing at all changed), or `.none`. Needs no signature, because
    /// it can only take orders off a book whose owner agreed to that.
    package mutating func disconnect(signer: Address) -> RejectCode {
        let slot = findSigner(signer)
        guard slot != 0 else { return .unknownSigner }
        let record = pointer(signerOffset(slot), as: Signer.self).pointee
        var accounts: UInt32 = 0
        if record.account != 0 { accounts += cancelAfterDisconnect(ofOwnerOf: record.account) }
        // Also when its approval has expired: the session may have begun before, and its orders are still there.
        if record.agentState == AgentState.approved { accounts += cancelAfterDisconnect(ofOwnerOf: record.principal) }
        return accounts > 0 ? .none : .notAllowed
    }

    /// Returns how many accounts of the owner of `main` asked for it.
    private mutating func cancelAfterDisconnect(ofOwnerOf main: UInt32) -> UInt32 {
        var accounts: UInt32 = 0
        forEachAccount(ofOwnerOf: main) { exchange, account in
            guard exchange.pointer(exchange.accountOffset(account), as: Account.self).pointee.flags & AccountFlags.cancelOnDisconnect != 0
            else { return }
            accounts += 1
            let (cancelled, kept) = exchange.cancelOrders(of: account, .disconnected)
            // Orders in an opening auction that is being executed have to wait for its end.
            if kept > 0 { exchange.setTimer(account: account, dueMs: exchange.blockTimeMs.addingSaturated(1)) }
            exchange.emitAccountCancelled(.disconnected, account: account, count: cancelled)
        }
        return accounts
    }
}
