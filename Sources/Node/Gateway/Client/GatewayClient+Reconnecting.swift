import Engine
import Glibc
import Sequencer

/// Going on after the connection broke.
extension GatewayClient {
    /// A subscription that is to be taken up again.
    struct Kept {
        let channel: Channel
        let market: UInt16
        let owner: Address
        /// Account id, once known; of accounts only.
        var account: UInt32 = 0
        var point = ResumePoint()
    }

    /// Connects again, sends every batch again whose answer did not come (the same bytes: what was applied before is answered as it was then),
    /// and takes all subscriptions up again: books with a new snapshot, accounts with everything that was missed.
    ///
    /// Throws ``GatewayClientError/rejected(_:)`` with code `historyGone` if what was missed is no longer kept: then ask for the state. If the exchange turns
    /// out to have lost what was heard of before, ``receive(timeoutMs:)`` throws ``GatewayClientError/historyLost(_:)`` behind the messages of the replay.
    package func reconnect() throws(GatewayClientError) {
        try connect()
        for batch in unanswered { try sendMessage(batch.message) }
        for index in subscriptions.indices {
            let kept = subscriptions[index]
            let after = subscriptions[index].point.resume(oldest: hello.oldestPosition)
            try changeSubscription(Wire.ToServer.subscribe, kept.channel, kept.market, kept.owner, after: after)
        }
    }

    /// Connects again, after `error` if that says that the connection is lost, waiting longer each time; throws `error` if it is another one, and
    /// the last one after ``reconnectsMax`` attempts.
    func recover(from error: GatewayClientError) throws(GatewayClientError) {
        guard error.isConnectionLost else { throw error }
        var error = error
        for attempt in 0..<reconnectsMax {
            usleep(UInt32(100_000) << UInt32(min(attempt, 6)))
            do {
                return try reconnect()
            } catch let next {
                guard next.isConnectionLost else { throw next }
                error = next
            }
        }
        throw error
    }

    /// Notes what a message means for reconnecting. False if it was heard of before.
    func note(_ message: ServerMessage) throws(HistoryLost) -> Bool {
        switch message {
        case .ack(let ack): forget(nonce: ack.nonce)
        case .reject(let reject) where reject.messageType == Wire.ToServer.commands: forget(nonce: reject.nonce)
        case .subscription(let state):
            let index = subscriptions.firstIndex {
                $0.channel == .account && state.channel == Channel.account.rawValue && $0.market == state.market && $0.owner == state.owner
            }
            guard let index, state.isActive else { break }
            subscriptions[index].account = state.account
            return try subscriptions[index].point.take(message)
        default:
            guard let index = subscription(of: message) else { break }
            return try subscriptions[index].point.take(message)
        }
        return true
    }

    private func forget(nonce: UInt64) {
        if let index = unanswered.firstIndex(where: { $0.nonce == nonce }) { unanswered.remove(at: index) }
    }

    /// The account subscription that a message belongs to.
    private func subscription(of message: ServerMessage) -> Int? {
        switch message {
        case .fill(let fill): subscription(fill.owner, fill.subaccount)
        case .order(let order): subscription(order.owner, order.subaccount)
        case .trigger(let trigger): subscription(trigger.owner, trigger.subaccount)
        case .funds(let funds): subscription(funds.owner, funds.subaccount)
        case .account(let account): subscriptions.firstIndex { $0.account == account.account && $0.account != 0 }
        case .balances(let balances): subscriptions.firstIndex { $0.account == balances.account && $0.account != 0 }
        // There may be no account any more.
        case .caughtUp(let caughtUp):
            subscriptions.firstIndex { $0.channel == .account && $0.account == caughtUp.account && $0.market == caughtUp.subaccount }
        default: nil
        }
    }

    /// By owner and number. An agent's subscription names the agent, but there is only one owner it can mean.
    private func subscription(_ owner: Address, _ subaccount: UInt16) -> Int? {
        let ofNumber = { (kept: Kept) in kept.channel == .account && kept.market == subaccount }
        return subscriptions.firstIndex { ofNumber($0) && $0.owner == owner } ?? subscriptions.firstIndex(where: ofNumber)
    }
}

extension GatewayClientError {
    /// Whether connecting again may help.
    package var isConnectionLost: Bool {
        switch self {
        case .closed, .cannotConnect, .timedOut: true
        default: false
        }
    }
}
