import Engine
import Sequencer

/// Who hears what.
extension GatewayLoop {
    func subscribe(_ connection: Connection, _ subscription: ClientMessage.Subscription, after: StreamPosition?) {
        let isNew = !connection.subscriptions.contains(subscription)
        guard !isNew || connection.subscriptions.count < limits.subscriptionsMax else {
            return reject(
                connection, .tooManySubscriptions, messageType: Wire.ToServer.subscribe, detail: "These are \(limits.subscriptionsMax).")
        }
        switch subscription.channel {
        case .book, .trades, .ticker, .orders:
            guard feeds.subscribe(connection, subscription.channel, subscription.market) else {
                return reject(
                    connection, .unknownMarket, messageType: Wire.ToServer.subscribe, detail: "The market is \(subscription.market).")
            }
            // What it begins with follows at the end of the turn.
            confirm(connection, subscription)
        case .account:
            guard let key = subscription.account, subscribeAccount(connection, key, after: after) else { return }
        case .blocks:
            confirm(connection, subscription)
            if isNew { blocks.subscribers.add(connection, ticket: 0, standing: .live) }
        case .receipts:
            guard receiptSigner != nil else {
                return reject(connection, .unknownChannel, messageType: Wire.ToServer.subscribe, detail: "This one signs none.")
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
        case .book, .trades, .ticker, .orders: feeds.unsubscribe(connection, subscription.channel, subscription.market)
        case .account:
            if let key = subscription.account { unsubscribeAccount(connection, key) }
        case .blocks: blocks.subscribers.remove(connection)
        case .receipts: connection.wantsReceipts = false
        }
    }

    private func confirm(_ connection: Connection, _ subscription: ClientMessage.Subscription) {
        send(to: connection) { $0.append(subscription: subscription, isActive: true, account: 0) }
    }
}
