import Engine
import Sequencer

/// Who hears what.
extension GatewayLoop {
    func subscribe(_ connection: Connection, _ subscription: ClientMessage.Subscription, after: StreamPosition?) {
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
            guard let key = subscription.account, subscribeAccount(connection, key, after: after) else { return }
        case .blocks:
            confirm(connection, subscription)
            if isNew { blockSubscribers.append(connection) }
        case .receipts:
            guard receiptSigner != nil else {
                return send(to: connection) { $0.append(reject: .unknownChannel, messageType: Wire.ToServer.subscribe) }
            }
            connection.wantsReceipts = true
            confirm(connection, subscription)
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
            if let key = subscription.account { unsubscribeAccount(connection, key) }
        case .blocks: blockSubscribers.removeAll { $0 === connection }
        case .receipts: connection.wantsReceipts = false
        }
    }

    private func confirm(_ connection: Connection, _ subscription: ClientMessage.Subscription) {
        send(to: connection) { $0.append(subscription: subscription, isActive: true, account: 0) }
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
}
