import Engine
import Sequencer

/// From the fields of an event to those of the message about it. The owner is filled in when it is sent.
extension AccountMessage {
    /// `taker` is the result of the taker's order if the message is for the taker, nil if it is for the maker.
    static func fill(_ event: Event, taker: Event?, _ position: StreamPosition) -> ServerMessage.Fill {
        ServerMessage.Fill(
            side: taker == nil ? event.sideOfOrder.opposite : event.sideOfOrder, isMaker: taker == nil, market: event.market,
            priceCode: event.priceCode, orderId: taker?.orderId ?? event.counterOrderId,
            clientOrderId: taker?.clientOrderId ?? event.clientOrderId, lots: event.lots, remaining: taker == nil ? event.remaining : 0,
            position: position, commandIndex: event.commandIndex, owner: .zero)
    }

    static func auctionFill(_ event: Event, _ position: StreamPosition) -> ServerMessage.Fill {
        ServerMessage.Fill(
            side: event.sideOfOrder, isMaker: true, isAuction: true, market: event.market, priceCode: event.priceCode,
            orderId: event.orderId, clientOrderId: event.clientOrderId, lots: event.lots, remaining: event.remaining, position: position,
            commandIndex: event.commandIndex, owner: .zero)
    }

    static func order(_ event: Event, _ position: StreamPosition) -> ServerMessage.OrderUpdate {
        let isCancelled = event.kind == Event.Kind.cancelled
        let isReduced = event.kind == Event.Kind.reduced
        let state: OrderState =
            if event.remaining > 0, !isCancelled {
                isReduced ? .reduced : .resting
            } else {
                isCancelled || isReduced ? .cancelled : .done
            }
        return ServerMessage.OrderUpdate(
            state: state, side: event.sideOfOrder, market: event.market, priceCode: event.priceCode, orderId: event.orderId,
            clientOrderId: event.clientOrderId, lots: isCancelled ? event.remaining : event.lots,
            restingLots: isCancelled ? 0 : event.remaining, position: position, commandIndex: event.commandIndex,
            reason: isReduced ? UInt8(truncatingIfNeeded: event.code) : 0, isTrigger: event.isOfTrigger, owner: .zero)
    }

    static func trigger(
        _ event: Event, _ state: TriggerState, code: UInt16 = 0, _ position: StreamPosition
    ) -> ServerMessage.TriggerUpdate {
        ServerMessage.TriggerUpdate(
            state: state, side: event.sideOfOrder, market: event.market, triggerPriceCode: event.priceCode, orderId: event.orderId,
            clientOrderId: event.clientOrderId, lots: event.remaining, limitPriceCode: event.otherPriceCode, code: code,
            position: position, commandIndex: event.commandIndex, owner: .zero)
    }

    static func funds(_ event: Event, _ kind: FundsKind, other: UInt64, _ position: StreamPosition) -> ServerMessage.Funds {
        ServerMessage.Funds(
            kind: kind, token: UInt32(truncatingIfNeeded: event.counterOrderId), atoms: event.lots, withdrawalId: other,
            position: position, owner: .zero)
    }

    static func account(_ event: Event, _ change: AccountChange, _ position: StreamPosition) -> ServerMessage.AccountUpdate {
        let value =
            switch change {
            case .forced: event.orderId
            case .forcedRefused: UInt64(event.commandIndex)
            case .ordersCancelled, .feeTier, .subaccountOpened: event.lots
            }
        return ServerMessage.AccountUpdate(
            change: change, reason: event.code, account: event.account, value: value, position: position,
            opened: change == .subaccountOpened ? event.counterAccount : 0, owner: .zero)
    }
}

extension Event {
    fileprivate var sideOfOrder: Side { side == 0 ? .buy : .sell }
}
