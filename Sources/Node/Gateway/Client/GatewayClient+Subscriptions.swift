import Engine
import Sequencer

extension GatewayClient {
    /// Subscribes and waits for the confirmation; a book's snapshot follows among the messages. The market is for books and trades, owner and
    /// sub-account (by number; 0 is the main account) for accounts, as is the position after which everything is sent before it goes on live.
    @discardableResult
    package func subscribe(
        _ channel: Channel, market: UInt16 = 0, owner: Address = .zero, subaccount: UInt16 = 0, after: StreamPosition? = nil
    ) throws(GatewayClientError) -> ServerMessage.SubscriptionState {
        // What was heard of over an earlier subscription is for the caller to compare.
        if let index = subscriptions.firstIndex(where: { $0.channel == channel && $0.market == market | subaccount && $0.owner == owner }) {
            subscriptions[index].point = ResumePoint()
        }
        return try changeSubscription(Wire.ToServer.subscribe, channel, market | subaccount, owner, after: after)
    }

    /// Ends a subscription and waits for the confirmation.
    @discardableResult
    package func unsubscribe(
        _ channel: Channel, market: UInt16 = 0, owner: Address = .zero, subaccount: UInt16 = 0
    ) throws(GatewayClientError) -> ServerMessage.SubscriptionState {
        subscriptions.removeAll { $0.channel == channel && $0.market == market | subaccount && $0.owner == owner }
        return try changeSubscription(Wire.ToServer.unsubscribe, channel, market | subaccount, owner, after: nil)
    }

    @discardableResult
    func changeSubscription(
        _ type: UInt8, _ channel: Channel, _ market: UInt16, _ owner: Address, after: StreamPosition?
    ) throws(GatewayClientError) -> ServerMessage.SubscriptionState {
        let isKept = subscriptions.contains { $0.channel == channel && $0.market == market && $0.owner == owner }
        if type == Wire.ToServer.subscribe, !isKept { subscriptions.append(Kept(channel: channel, market: market, owner: owner)) }
        var message = [UInt8](repeating: 0, count: channel == .account ? after == nil ? 24 : Wire.replayBytes : 4)
        message.withUnsafeMutableBytes { bytes in
            bytes[0] = type
            bytes[1] = channel.rawValue
            bytes.storeBytes(of: market, toByteOffset: 2, as: UInt16.self)
            if channel == .account { bytes.storeBytes(of: owner, toByteOffset: 4, as: Address.self) }
            if let after { bytes.storeBytes(of: after.rawValue, toByteOffset: 24, as: UInt64.self) }
        }
        do {
            try sendMessage(message)
            return try wait { message in
                switch message {
                case .subscription(let state)
                where state.channel == channel.rawValue && state.market == market && state.owner == owner:
                    .success(state)
                case .reject(let reject) where reject.messageType == type: .failure(reject)
                default: nil
                }
            }
        } catch {
            if case .rejected = error, !isKept { subscriptions.removeLast() }
            throw error
        }
    }
}
