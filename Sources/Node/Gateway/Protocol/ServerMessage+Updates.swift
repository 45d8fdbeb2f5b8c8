import Engine
import Sequencer

/// What an account or a market has to tell besides orders and fills.
extension ServerMessage {
    /// A trigger order of the account subscribed to was placed or has fired.
    package struct TriggerUpdate: Equatable, Sendable {
        package static let byteCount = 80

        package var state: TriggerState
        package var side: Side
        package var market: UInt16
        package var triggerPriceCode: UInt32
        package var orderId: UInt64
        package var clientOrderId: UInt64
        package var lots: UInt64
        /// The price of the order that it places.
        package var limitPriceCode: UInt32
        /// Why that order was refused: a `RejectCode`.
        package var code: UInt16
        package var position: StreamPosition
        package var commandIndex: UInt16
        package var owner: Address
        /// Number of the owner's account, 0 for the main one.
        package var subaccount: UInt16 = 0
    }

    /// Something happened to the account subscribed to as a whole.
    package struct AccountUpdate: Equatable, Sendable {
        package static let byteCount = 56

        package var change: AccountChange
        /// Of cancelled orders: a ``Reduction``. Of forced commands: a `RejectCode`, 0 if the message as a whole was taken.
        package var reason: UInt16
        package var account: UInt32
        /// Number of orders; tier; number of the sub-account; index of the message in L1's inbox; index of the command in the message.
        package var value: UInt64
        package var position: StreamPosition
        /// Id of the account that was opened, else 0.
        package var opened: UInt32
        package var owner: Address
    }

    /// A market's opening auction is over; continuous trading begins.
    package struct MarketOpened: Equatable, Sendable {
        package static let byteCount = 24

        package var market: UInt16
        /// `PriceCode.none` if nothing was traded.
        package var priceCode: UInt32
        package var lots: UInt64
        package var block: UInt64
    }
}
