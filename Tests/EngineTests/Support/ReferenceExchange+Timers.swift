import Engine

/// What happens by itself at a time, or because a session ended.
extension ReferenceExchange {
    /// Everything that is due, earliest first; of one millisecond the orders before the accounts.
    func sweepTimers() {
        while true {
            let order = orders.filter(isExpired).min { $0.expiryMs < $1.expiryMs }
            let account = accounts.indices.filter { accounts[$0].cancelAtMs != 0 && accounts[$0].cancelAtMs <= nowMs }
                .min { accounts[$0].cancelAtMs < accounts[$1].cancelAtMs }
            if let order, order.expiryMs <= account.map({ accounts[$0].cancelAtMs }) ?? .max {
                reduce(order.number, by: order.lots, .expired, 0xFFFF)
            } else if let account {
                accounts[account].cancelAtMs = 0
                cancelAll(UInt32(account + 1), .scheduled)
            } else {
                return
            }
        }
    }

    func scheduleCancel(_ timeMs: UInt64, _ account: UInt32, _ index: UInt16) -> RejectCode {
        guard timeMs == 0 || timeMs > nowMs else { return .expiryPassed }
        accounts[Int(account) - 1].cancelAtMs = timeMs
        addSettingChanged(account, index)
        return .none
    }

    /// The sequencer says that a session of this key ended.
    func disconnect(_ signer: Address) -> RejectCode {
        let own = account(of: signer)
        guard own != nil || agents[signer] != nil else { return .unknownSigner }
        let principal = agents[signer].flatMap { $0.isRevoked ? nil : $0.principal }
        let affected = [own, principal].compactMap { $0 }.flatMap { main in
            accounts.indices.filter { accounts[$0].main == main && accounts[$0].cancelsOnDisconnect }
        }
        for account in affected { cancelAll(UInt32(account + 1), .disconnected) }
        return affected.isEmpty ? .notAllowed : .none
    }

    private func cancelAll(_ account: UInt32, _ reason: Reduction) {
        var event = Event()
        event.kind = Event.Kind.accountCancelled
        event.code = reason.rawValue
        event.account = account
        event.lots = cancelOrders(account, 0, .both, reason, 0xFFFF)
        events.append(event)
    }

    func addSettingChanged(_ account: UInt32, _ index: UInt16) {
        var event = Event()
        event.kind = Event.Kind.settingChanged
        event.account = account
        event.commandIndex = index
        events.append(event)
    }
}
