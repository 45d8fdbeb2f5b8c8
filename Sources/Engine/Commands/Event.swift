/// What happened, in the order in which it happened: 64 bytes, one shape for every kind.
///
/// Every command of an admitted batch yields exactly one result event (`placed`, `cancelled`, `withdrawn`,
/// `agentChanged` or `rejected`) with its `commandIndex`; the fills of an order precede its result.
package struct Event: BitwiseCopyable, Sendable {
    package enum Kind {
        /// Result of a place command. `lots`: filled at once, `remaining`: now resting (0: not resting),
        /// `orderId`: 0 if it never rested, `amount`: 0.
        package static let placed: UInt8 = 1
        /// One trade. `account`, `orderId` (0 if the taker never rests: see the `placed` event): taker; `counterAccount`, `counterOrderId`,
        /// `clientOrderId`: maker; `lots` traded; `remaining`: left of the maker's order. `side`: the taker's.
        package static let fill: UInt8 = 2
        /// Result of a cancel. `remaining`: lots taken off the book; `side`, `priceCode`, `clientOrderId` of the order.
        package static let cancelled: UInt8 = 3
        /// Result of a refused command: `code`.
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
        /// From the inbox. `market`.
        package static let marketListed: UInt8 = 9
        /// From the inbox: a message that had no effect.
        package static let inboxIgnored: UInt8 = 10
    }

    package var kind: UInt8 = 0
    /// ``Side`` as its raw value.
    package var side: UInt8 = 0
    package var market: UInt16 = 0
    /// ``RejectCode`` as its raw value.
    package var code: UInt16 = 0
    /// Position of the command in its batch; 0xFFFF for events that no command caused.
    package var commandIndex: UInt16 = 0xFFFF
    package var account: UInt32 = 0
    package var counterAccount: UInt32 = 0
    package var priceCode: UInt32 = 0
    package var reserved: UInt32 = 0
    package var orderId: UInt64 = 0
    package var counterOrderId: UInt64 = 0
    package var lots: UInt64 = 0
    package var remaining: UInt64 = 0
    package var clientOrderId: UInt64 = 0

    package init() {}
}
