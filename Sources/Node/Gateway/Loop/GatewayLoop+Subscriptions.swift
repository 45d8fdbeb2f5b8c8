import Engine
import Sequencer

/// Who hears what.
extension GatewayLoop {
    func subscribe(_ connection: Connection, _ subscription: ClientMessage.Subscription) {
        let isNew = !connection.subscriptions.contains(subscription)
        guard !isNew || connection.subscriptions.count < limits.subscriptionsMax else {
            return send(to: connection) { $0.append(reject: .tooManySubscriptions, messageType: Wire.ToServer.subscribe) }
        }
        switch subscription.channel {
        case .book, .trades:
            guard let feed = feeds[subscription.market] else {
                return send(to: connection) { $0.append(reject: .unknownMarket, messageType: Wire.ToServer.subscribe) }
            }
            confirm(connection, subscription)
            if subscription.channel == .book {
                sendSnapshot(of: feed, to: connection)
                if isNew { feed.bookSubscribers.append(connection) }
            } else if isNew {
                feed.tradeSubscribers.append(connection)
            }
        case .account:
            // Each message may wait for an answer of the executor: one who sends them faster than it answers must not fill memory.
            guard accounts[subscription.account] != nil || accounts.waitingCount < limits.lookUpsWaitingMax else {
                return send(to: connection) { $0.append(reject: .busy, messageType: Wire.ToServer.subscribe) }
            }
            let feed = accounts.add(subscription.account)
            if isNew { feed.subscribers.append(connection) }
            if feed.account != 0 {
                confirm(connection, subscription, account: feed.account)
            } else {
                // Confirmed once the executor has said whether the account exists.
                feed.unconfirmed.append(connection)
                accounts.lookUp(feed)
            }
        case .blocks:
            confirm(connection, subscription)
            if isNew { blockSubscribers.append(connection) }
        case .receipts: return send(to: connection) { $0.append(reject: .unknownChannel, messageType: Wire.ToServer.subscribe) }
        }
        if isNew { connection.subscriptions.append(subscription) }
    }

    func unsubscribe(_ connection: Connection, _ subscription: ClientMessage.Subscription) {
        if let index = connection.subscriptions.firstIndex(of: subscription) {
            connection.subscriptions.remove(at: index)
            removeSubscriber(connection, subscription)
        }
        send(to: connection) { $0.append(subscription: subscription, isActive: false, account: 0) }
    }

    func removeSubscriber(_ connection: Connection, _ subscription: ClientMessage.Subscription) {
        switch subscription.channel {
        case .book: feeds[subscription.market]?.bookSubscribers.removeAll { $0 === connection }
        case .trades: feeds[subscription.market]?.tradeSubscribers.removeAll { $0 === connection }
        case .account:
            guard let feed = accounts[subscription.account] else { return }
            feed.subscribers.removeAll { $0 === connection }
            feed.unconfirmed.removeAll { $0 === connection }
            accounts.removeIfUnused(feed)
        case .blocks: blockSubscribers.removeAll { $0 === connection }
        case .receipts: break
        }
    }

    private func confirm(_ connection: Connection, _ subscription: ClientMessage.Subscription, account: UInt32 = 0) {
        send(to: connection) { $0.append(subscription: subscription, isActive: true, account: account) }
    }

    func sendSnapshot(of feed: MarketFeeds.Feed, to connection: Connection) {
        let levels = feed.book.snapshot(depth: limits.snapshotLevelsMax)
        send(to: connection) { buffer in
            buffer.append(
                levelsOf: Wire.ToClient.bookSnapshot, market: feed.market, count: UInt32(levels.count), sequence: feed.sequence,
                block: block)
            for level in levels { buffer.append(level: level) }
        }
    }

    /// The executor's answer to a ``lookUp(_:)``.
    func answeredLookup(account: UInt32, owner: Address) {
        guard let feed = accounts.answered(account: account, owner: owner) else { return }
        let subscription = ClientMessage.Subscription(channel: .account, owner: feed.key.address, subaccount: feed.key.subaccount)
        if feed.account != 0 {
            // Those who were told that there is no account yet hear of it now.
            for connection in feed.subscribers { confirm(connection, subscription, account: feed.account) }
            feed.unconfirmed.removeAll()
            for (event, block) in accounts.unclaimedDeposits where event.account == feed.account {
                sendFunds(event, .deposit, position: StreamPosition(openingOf: block), to: feed)
            }
        } else {
            for connection in feed.unconfirmed { confirm(connection, subscription) }
            feed.unconfirmed.removeAll()
        }
        accounts.dropDepositsIfSettled()
    }
}

extension ClientMessage.Subscription {
    /// The account that a subscription to the account channel is about.
    fileprivate var account: AccountFeeds.Key { AccountFeeds.Key(owner, subaccount: subaccount) }
}
