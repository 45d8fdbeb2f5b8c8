/// What happened, in the order in which it happened: 64 bytes, one shape for every kind.
///
/// Every command of an admitted batch yields exactly one result event (`placed`, `cancelled`, `rejected`, `withdrawn`, `agentChanged`,
/// `modified`, `cancelledAll`, `triggerPlaced`, `transferred`, `subaccountOpened`, `settingChanged` or `tokenCreated`) with its `commandIndex`; what else the
/// command causes precedes its result, but for the triggers that it sets off, which follow with `commandIndex` 0xFFFF.
package struct Event: BitwiseCopyable, Sendable {
    package enum Kind {
        /// Result of a place command, or what became of a trigger order that fired. `lots`: filled at once, `remaining`: now resting (0: not
        /// resting), `orderId`: 0 if it never rested. What is in neither was dropped.
        package static let placed: UInt8 = 1
        /// One trade. `account`, `orderId` (0 if the taker never rests: see the `placed` event): taker; `counterAccount`, `counterOrderId`,
        /// `clientOrderId`: maker; `lots` traded; `remaining`: left of the maker's order. `side`: the taker's.
        package static let fill: UInt8 = 2
        /// Result of a cancel. `remaining`: lots taken off the book; `side`, `priceCode`, `clientOrderId` of the order. Of a trigger order as in
        /// `reduced`.
        package static let cancelled: UInt8 = 3
        /// Result of a refused command: `code`. Also, with `commandIndex` 0xFFFF, of the order of a trigger that fired: then with `market`, `side`,
        /// `clientOrderId`, `orderId` (the trigger's), `counterOrderId` 1 and the limit in `priceCode`.
        package static let rejected: UInt8 = 4
        /// A withdrawal record was written. `orderId`: withdrawal id, `counterOrderId`: token, `lots`: atoms. Result of a withdraw command;
        /// also emitted, with `commandIndex` 0xFFFF, for a deposit that could not be credited.
        package static let withdrawn: UInt8 = 5
        /// Result of approving or revoking an agent.
        package static let agentChanged: UInt8 = 6
        /// From the inbox. `counterOrderId`: token, `lots`: atoms, `account`: credited account.
        package static let deposited: UInt8 = 7
        /// From the inbox. `counterOrderId`: token id.
        package static let tokenListed: UInt8 = 8
        /// From the inbox. `market`; `lots`: block time in ms at which it opens, `priceCode`: reference price of the opening auction; both 0 if it
        /// is open.
        package static let marketListed: UInt8 = 9
        /// From the inbox: a message that had no effect.
        package static let inboxIgnored: UInt8 = 10
        /// A resting order lost lots otherwise than by a fill or a cancel command. `code`: a ``Reduction``; `lots`: lost, `remaining`: left
        /// (0: the order is gone); `account`, `orderId`, `side`, `priceCode`, `clientOrderId` of the order. Of a trigger order `priceCode` is
        /// the trigger's and `counterOrderId` is 1.
        package static let reduced: UInt8 = 11
        /// Result of a modify command. `orderId`: the order now (0: not resting), `counterOrderId`: as it was named; `lots`: filled at once,
        /// `remaining`: now resting. A `reduced` event precedes it.
        package static let modified: UInt8 = 12
        /// Result of a cancel-all command. `lots`: number of orders cancelled, each with a `reduced` event before.
        package static let cancelledAll: UInt8 = 13
        /// Result of a place-trigger command. `orderId`, `priceCode`: the trigger's, `otherPriceCode`: the limit, `remaining`: lots, `side`,
        /// `clientOrderId`; `counterOrderId` is 1.
        package static let triggerPlaced: UInt8 = 14
        /// A trigger order fired and is gone. Fields as in `triggerPlaced`; the fills and a `placed` or `rejected` event of the order follow.
        package static let triggered: UInt8 = 15
        /// Result of a transfer. `account`: from, `counterAccount`: to, `counterOrderId`: token, `lots`: atoms.
        package static let transferred: UInt8 = 16
        /// Result of opening a sub-account. `counterAccount`: its id, `lots`: its number.
        package static let subaccountOpened: UInt8 = 17
        /// Result of use-account, schedule-cancel and cancel-on-disconnect commands. `account`: the account from here on.
        package static let settingChanged: UInt8 = 18
        /// One side of one trade of the opening auction. `account`, `orderId`, `side`, `clientOrderId`: the order; `priceCode`: the one price;
        /// `otherPriceCode`: the order's own; `lots` traded, `remaining` left; `counterAccount`, `counterOrderId`: the other side.
        package static let auctionFill: UInt8 = 19
        /// A market's opening auction is over. `priceCode`: the price (`PriceCode.none` if nothing traded), `lots`: traded.
        package static let marketOpened: UInt8 = 20
        /// From the inbox. `account`: main account, `lots`: the tier.
        package static let feeTierChanged: UInt8 = 21
        /// All orders of an account were cancelled by its schedule or because its session ended (`code`: a ``Reduction``). `lots`: how many.
        package static let accountCancelled: UInt8 = 22
        /// From the inbox: forced commands. `orderId`: index of the message, `account`: for which they are to begin with (0: the sender has none);
        /// `code`: why the message was refused as a whole. If it was not, what its commands caused follows, up to the next event of the inbox.
        package static let forced: UInt8 = 23
        /// Result of creating a token. `counterOrderId`: its id, `lots`: its supply in atoms, `remaining`: what it cost, in atoms of ETH, `orderId`: id
        /// of the withdrawal record that burns those.
        package static let tokenCreated: UInt8 = 24
        /// From the inbox. `market`; `lots`: the maker's fee in basis points, `remaining`: the taker's.
        package static let marketFeesChanged: UInt8 = 25
    }

    package var kind: UInt8 = 0
    /// ``Side`` as its raw value.
    package var side: UInt8 = 0
    package var market: UInt16 = 0
    /// ``RejectCode`` as its raw value.
    package var code: UInt16 = 0
    /// Position of the command in its batch or forced message; 0xFFFF for events that no command caused.
    package var commandIndex: UInt16 = 0xFFFF
    package var account: UInt32 = 0
    package var counterAccount: UInt32 = 0
    package var priceCode: UInt32 = 0
    /// A second price, where the kind says so.
    package var otherPriceCode: UInt32 = 0
    package var orderId: UInt64 = 0
    package var counterOrderId: UInt64 = 0
    package var lots: UInt64 = 0
    package var remaining: UInt64 = 0
    package var clientOrderId: UInt64 = 0

    package init() {}
}

/// Why a resting order lost lots otherwise than by a fill or a cancel command.
package enum Reduction: UInt16, Sendable, CaseIterable {
    case modified = 1
    case cancelledAll = 2
    case selfTrade = 3
    case expired = 4
    case scheduled = 5
    case disconnected = 6
    /// The market opened, and the arena had no room for the order's place in continuous trading.
    case noRoom = 7
}
