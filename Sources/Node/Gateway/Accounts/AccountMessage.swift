import Engine
import Sequencer

/// What an account hears of an event, before it is known who listens. Live and in a replay alike.
enum AccountMessage {
    case fill(ServerMessage.Fill)
    case order(ServerMessage.OrderUpdate)
    case trigger(ServerMessage.TriggerUpdate)
    case funds(ServerMessage.Funds)
    case account(ServerMessage.AccountUpdate)

    /// Writes the message as it goes to those who subscribed to `owner`'s account of that number.
    func write(owner: Address, subaccount: UInt16, to buffer: inout ByteBuffer) {
        switch self {
        case .fill(var fill):
            fill.owner = owner
            fill.subaccount = subaccount
            buffer.append(fill: fill)
        case .order(var order):
            order.owner = owner
            order.subaccount = subaccount
            buffer.append(order: order)
        case .trigger(var trigger):
            trigger.owner = owner
            trigger.subaccount = subaccount
            buffer.append(trigger: trigger)
        case .funds(var funds):
            funds.owner = owner
            funds.subaccount = subaccount
            buffer.append(funds: funds)
        case .account(var account):
            account.owner = owner
            buffer.append(account: account)
        }
    }

    /// Passes on, in the order in which they are sent, the messages that `events` (all that one batch or the opening of one block caused) mean for
    /// the accounts for which `isHeard` holds. Accounts are numbered from 1.
    static func all(
        of events: UnsafeBufferPointer<Event>, at position: StreamPosition, isHeard: (UInt32) -> Bool,
        _ body: (_ account: UInt32, AccountMessage) -> Void
    ) {
        for (index, event) in events.enumerated() {
            let isOwn = event.account != 0 && isHeard(event.account)
            let isCounter = event.counterAccount != 0 && event.hasCounterMessage && isHeard(event.counterAccount)
            guard isOwn || isCounter else { continue }
            if isOwn, let message = own(event, at: index, of: events, position) { body(event.account, message) }
            if isCounter { body(event.counterAccount, counter(event, position)) }
        }
    }

    private static func own(
        _ event: Event, at index: Int, of events: UnsafeBufferPointer<Event>, _ position: StreamPosition
    ) -> AccountMessage? {
        switch event.kind {
        case Event.Kind.fill: .fill(fill(event, taker: result(of: event, in: events, from: index), position))
        case Event.Kind.auctionFill: .fill(auctionFill(event, position))
        case Event.Kind.placed, Event.Kind.cancelled, Event.Kind.reduced, Event.Kind.modified: .order(order(event, position))
        case Event.Kind.triggerPlaced: .trigger(trigger(event, .waiting, position))
        case Event.Kind.triggered: .trigger(trigger(event, .fired, position))
        case Event.Kind.rejected where event.commandIndex == 0xFFFF:
            // No command asked for it: an order whose trigger has just fired.
            events[..<index].last { $0.kind == Event.Kind.triggered && $0.account == event.account }
                .map { .trigger(trigger($0, .refused, code: event.code, position)) }
        // Commands that head a block are forced: no ack tells of them.
        case Event.Kind.rejected where position.place == 0: .account(account(event, .forcedRefused, position))
        case Event.Kind.forced: .account(account(event, .forced, position))
        case Event.Kind.deposited: .funds(funds(event, .deposit, other: 0, position))
        case Event.Kind.withdrawn: .funds(funds(event, .withdrawal, other: event.orderId, position))
        case Event.Kind.transferred: .funds(funds(event, .transferOut, other: UInt64(event.counterAccount), position))
        case Event.Kind.tokenCreated: .funds(funds(event, .created, other: event.orderId, position))
        case Event.Kind.accountCancelled: .account(account(event, .ordersCancelled, position))
        case Event.Kind.feeTierChanged: .account(account(event, .feeTier, position))
        case Event.Kind.subaccountOpened: .account(account(event, .subaccountOpened, position))
        default: nil
        }
    }

    private static func counter(_ event: Event, _ position: StreamPosition) -> AccountMessage {
        event.kind == Event.Kind.fill
            ? .fill(fill(event, taker: nil, position)) : .funds(funds(event, .transferIn, other: UInt64(event.account), position))
    }

    /// The result of the order that a fill belongs to; it follows the fill.
    private static func result(of fill: Event, in events: UnsafeBufferPointer<Event>, from index: Int) -> Event? {
        events[index...].first {
            ($0.kind == Event.Kind.placed || $0.kind == Event.Kind.modified) && $0.commandIndex == fill.commandIndex
                && $0.account == fill.account
        }
    }
}

extension Event {
    /// Whether it concerns a second account as well.
    fileprivate var hasCounterMessage: Bool { kind == Kind.fill || kind == Kind.transferred }
}
