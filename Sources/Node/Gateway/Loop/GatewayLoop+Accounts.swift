import Engine
import Sequencer

/// Who hears of which account, and what, in the order of events.
extension GatewayLoop {
    func publishAccounts(_ events: UnsafeBufferPointer<Event>, position: StreamPosition) {
        AccountMessage.all(of: events, at: position, isHeard: { accounts.isHeard($0) }) { account, message in
            balances.touch(account)
            for feed in accounts.feeds(of: account) where !feed.subscribers.isEmpty {
                send(to: feed.subscribers) { message.write(owner: feed.owner, subaccount: feed.key.subaccount, to: &$0) }
            }
        }
        guard accounts.hasUnresolved else { return }
        if events.contains(where: { $0.kind == Event.Kind.deposited || $0.kind == Event.Kind.subaccountOpened }) {
            accounts.lookUpUnresolved(at: position)
        }
    }

    /// Subscribes `connection`, or begins anew what it has, behind `after` if that is given.
    func subscribeAccount(_ connection: Connection, _ key: AccountFeeds.Key, after: StreamPosition?) -> Bool {
        // Each message may wait for an answer of the executor: one who sends them faster than it answers must not fill memory.
        func refuse(_ code: RejectCode, _ detail: String) -> Bool {
            reject(connection, code, messageType: Wire.ToServer.subscribe, detail: detail)
            return false
        }
        guard accounts[key] != nil || accounts.waitingCount < limits.lookUpsWaitingMax else {
            return refuse(.busy, RejectDetail.waiting("subscriptions to accounts", allowed: limits.lookUpsWaitingMax))
        }
        guard after == nil || replays.count < limits.replaysMax else {
            return refuse(.busy, RejectDetail.waiting("replays", allowed: limits.replaysMax))
        }
        if let after, history.cursor(after: after) == nil {
            return refuse(.historyGone, RejectDetail.oldest(fromExecutor.log.oldestPosition))
        }
        let feed = accounts.add(key)
        leave(feed, connection)
        if feed.account != 0 {
            confirm(connection, feed, after: after)
            join(connection, feed, after: after)
        } else {
            feed.asking.append((connection, after))
            accounts.lookUp(feed)
        }
        return true
    }

    func unsubscribeAccount(_ connection: Connection, _ key: AccountFeeds.Key) {
        guard let feed = accounts[key] else { return }
        leave(feed, connection)
        accounts.removeIfUnused(feed)
    }

    /// The executor's answer to a ``lookUp(_:)``.
    func answeredLookUp(account: UInt32, owner: Address) {
        guard let (feed, unknownSince) = accounts.answered(account: account, owner: owner) else { return }
        let (asking, expecting) = (feed.asking, feed.expecting)
        feed.asking.removeAll()
        for (connection, after) in asking {
            confirm(connection, feed, after: after ?? unknownSince)
            if feed.account != 0 {
                join(connection, feed, after: after, unknownSince: unknownSince)
            } else {
                if after != nil { sendCaughtUp(connection, feed) }
                feed.expecting.append(connection)
            }
        }
        guard feed.account != 0 else { return accounts.removeIfUnused(feed) }
        // Those who were told that there is no account yet hear of it now, and of everything since.
        feed.expecting.removeAll()
        for connection in expecting {
            confirm(connection, feed, after: unknownSince)
            join(connection, feed, after: nil, unknownSince: unknownSince)
        }
    }

    /// Live from here on, after everything behind `after` if that is given, or else behind `unknownSince`.
    private func join(
        _ connection: Connection, _ feed: AccountFeeds.Feed, after: StreamPosition?, unknownSince: StreamPosition? = nil
    ) {
        if let after { return startReplay(connection, feed, after: after, isAnnounced: true) }
        if let unknownSince { return startReplay(connection, feed, after: unknownSince, isAnnounced: false) }
        joinLive(connection, feed)
    }

    /// Everything before is with the connection: from here on it hears of what happens.
    func joinLive(_ connection: Connection, _ feed: AccountFeeds.Feed) {
        feed.subscribers.append(connection)
        balances.touch(feed.account)
    }

    private func leave(_ feed: AccountFeeds.Feed, _ connection: Connection) {
        feed.subscribers.removeAll { $0 === connection }
        feed.asking.removeAll { $0.connection === connection }
        feed.expecting.removeAll { $0 === connection }
        endReplays { $0.connection === connection && $0.feed === feed }
    }

    /// Tells a subscriber which account it is, if there is one, and after which position everything will be sent.
    private func confirm(_ connection: Connection, _ feed: AccountFeeds.Feed, after: StreamPosition?) {
        let subscription = ClientMessage.Subscription(channel: .account, owner: feed.key.address, subaccount: feed.key.subaccount)
        send(to: connection) { $0.append(subscription: subscription, isActive: true, account: feed.account, position: after ?? position) }
    }

    func sendCaughtUp(_ connection: Connection, _ feed: AccountFeeds.Feed) {
        let caughtUp = ServerMessage.CaughtUp(
            channel: Channel.account.rawValue, subaccount: feed.key.subaccount, account: feed.account, position: position)
        send(to: connection) { $0.append(caughtUp: caughtUp) }
    }
}
