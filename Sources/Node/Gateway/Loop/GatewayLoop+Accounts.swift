import Engine
import Sequencer

/// What the subscribers to an account hear, in the order of events.
extension GatewayLoop {
    func publishAccounts(_ events: UnsafeBufferPointer<Event>, position: StreamPosition) {
        for (index, event) in events.enumerated() {
            switch event.kind {
            case Event.Kind.fill:
                for feed in accounts.feeds(of: event.account) {
                    sendFill(event, taker: result(of: event, in: events, from: index), position: position, to: feed)
                }
                for feed in accounts.feeds(of: event.counterAccount) {
                    sendFill(event, taker: nil, position: position, to: feed)
                }
            case Event.Kind.auctionFill:
                for feed in accounts.feeds(of: event.account) { sendAuctionFill(event, position: position, to: feed) }
            case Event.Kind.placed, Event.Kind.cancelled, Event.Kind.reduced, Event.Kind.modified:
                for feed in accounts.feeds(of: event.account) { sendOrder(event, position: position, to: feed) }
            case Event.Kind.triggerPlaced, Event.Kind.triggered:
                let state = event.kind == Event.Kind.triggered ? TriggerState.fired : .waiting
                for feed in accounts.feeds(of: event.account) { sendTrigger(event, state, position: position, to: feed) }
            case Event.Kind.rejected where event.commandIndex == 0xFFFF:
                // No command asked for it: an order whose trigger has just fired.
                guard let fired = events[..<index].last(where: { $0.kind == Event.Kind.triggered && $0.account == event.account })
                else { break }
                for feed in accounts.feeds(of: event.account) {
                    sendTrigger(fired, .refused, code: event.code, position: position, to: feed)
                }
            case Event.Kind.deposited:
                for feed in accounts.feeds(of: event.account) { sendFunds(event, .deposit, position: position, to: feed) }
            case Event.Kind.withdrawn:
                for feed in accounts.feeds(of: event.account) { sendFunds(event, .withdrawal, position: position, to: feed) }
            case Event.Kind.transferred:
                for feed in accounts.feeds(of: event.account) { sendFunds(event, .transferOut, position: position, to: feed) }
                for feed in accounts.feeds(of: event.counterAccount) {
                    sendFunds(event, .transferIn, position: position, to: feed)
                }
            case Event.Kind.accountCancelled: sendAccount(event, .ordersCancelled, position: position)
            case Event.Kind.feeTierChanged: sendAccount(event, .feeTier, position: position)
            case Event.Kind.subaccountOpened:
                sendAccount(event, .subaccountOpened, position: position)
                accounts.lookUpUnresolved()
            default: break
            }
        }
    }

    /// The result of the order that a fill belongs to; it follows the fill.
    private func result(of fill: Event, in events: UnsafeBufferPointer<Event>, from index: Int) -> Event? {
        events[index...].first {
            ($0.kind == Event.Kind.placed || $0.kind == Event.Kind.modified) && $0.commandIndex == fill.commandIndex
                && $0.account == fill.account
        }
    }

    /// `taker` is the result of the taker's order if the message is for the taker, nil if it is for the maker.
    private func sendFill(_ event: Event, taker: Event?, position: StreamPosition, to feed: AccountFeeds.Feed) {
        let takerSide: Side = event.side == 0 ? .buy : .sell
        let fill = ServerMessage.Fill(
            side: taker == nil ? takerSide.opposite : takerSide, isMaker: taker == nil, market: event.market, priceCode: event.priceCode,
            orderId: taker?.orderId ?? event.counterOrderId, clientOrderId: taker?.clientOrderId ?? event.clientOrderId, lots: event.lots,
            remaining: taker == nil ? event.remaining : 0, position: position, commandIndex: event.commandIndex,
            owner: feed.owner)
        send(to: feed.subscribers) { $0.append(fill: fill) }
    }

    private func sendAuctionFill(_ event: Event, position: StreamPosition, to feed: AccountFeeds.Feed) {
        let fill = ServerMessage.Fill(
            side: event.side == 0 ? .buy : .sell, isMaker: true, isAuction: true, market: event.market, priceCode: event.priceCode,
            orderId: event.orderId, clientOrderId: event.clientOrderId, lots: event.lots, remaining: event.remaining, position: position,
            commandIndex: event.commandIndex, owner: feed.owner)
        send(to: feed.subscribers) { $0.append(fill: fill) }
    }

    private func sendOrder(_ event: Event, position: StreamPosition, to feed: AccountFeeds.Feed) {
        let isCancelled = event.kind == Event.Kind.cancelled
        let isReduced = event.kind == Event.Kind.reduced
        let state: OrderState =
            if event.remaining > 0, !isCancelled {
                isReduced ? .reduced : .resting
            } else {
                isCancelled || isReduced ? .cancelled : .done
            }
        let order = ServerMessage.OrderUpdate(
            state: state, side: event.side == 0 ? .buy : .sell, market: event.market, priceCode: event.priceCode, orderId: event.orderId,
            clientOrderId: event.clientOrderId, lots: isCancelled ? event.remaining : event.lots,
            restingLots: isCancelled ? 0 : event.remaining, position: position, commandIndex: event.commandIndex,
            reason: isReduced ? UInt8(truncatingIfNeeded: event.code) : 0, isTrigger: event.isOfTrigger, owner: feed.owner)
        send(to: feed.subscribers) { $0.append(order: order) }
    }

    private func sendTrigger(
        _ event: Event, _ state: TriggerState, code: UInt16 = 0, position: StreamPosition, to feed: AccountFeeds.Feed
    ) {
        let trigger = ServerMessage.TriggerUpdate(
            state: state, side: event.side == 0 ? .buy : .sell, market: event.market, triggerPriceCode: event.priceCode,
            orderId: event.orderId, clientOrderId: event.clientOrderId, lots: event.remaining, limitPriceCode: event.otherPriceCode,
            code: code, position: position, commandIndex: event.commandIndex, owner: feed.owner)
        send(to: feed.subscribers) { $0.append(trigger: trigger) }
    }

    func sendFunds(_ event: Event, _ kind: FundsKind, position: StreamPosition, to feed: AccountFeeds.Feed) {
        let other: UInt64 =
            switch kind {
            case .deposit: 0
            case .withdrawal: event.orderId
            case .transferIn: UInt64(event.account)
            case .transferOut: UInt64(event.counterAccount)
            }
        let funds = ServerMessage.Funds(
            kind: kind, token: UInt32(truncatingIfNeeded: event.counterOrderId), atoms: event.lots, withdrawalId: other,
            position: position, owner: feed.owner)
        send(to: feed.subscribers) { $0.append(funds: funds) }
    }

    private func sendAccount(_ event: Event, _ change: AccountChange, position: StreamPosition) {
        for feed in accounts.feeds(of: event.account) {
            let update = ServerMessage.AccountUpdate(
                change: change, reason: change == .ordersCancelled ? event.code : 0, account: event.account, value: event.lots,
                position: position, opened: change == .subaccountOpened ? event.counterAccount : 0, owner: feed.owner)
            send(to: feed.subscribers) { $0.append(account: update) }
        }
    }
}
