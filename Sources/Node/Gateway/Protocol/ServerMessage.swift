import Engine
import Sequencer

/// A message from the gateway, decoded. Offsets are on the protocol page.
package enum ServerMessage: Equatable, Sendable {
    case hello(Hello)
    case ack(Ack)
    case reject(Reject)
    case subscription(SubscriptionState)
    case queryReply(requestId: UInt32, body: [UInt8])
    case time(clientTime: UInt64, serverTimeMs: UInt64)
    case fill(Fill)
    case order(OrderUpdate)
    case bookSnapshot(BookLevels)
    case bookUpdate(BookLevels)
    case trades(Trades)
    case ticker(Ticker)
    case ordersSnapshot(BookOrders)
    case ordersUpdate(BookOrders)
    case block(SealedHead)
    case funds(Funds)
    case trigger(TriggerUpdate)
    case account(AccountUpdate)
    case marketOpened(MarketOpened)
    case balances(Balances)
    case receipt(BatchReceipt)
    case caughtUp(CaughtUp)

    /// The first message of every connection: whose exchange this is, and what it allows.
    package struct Hello: Equatable, Sendable {
        package static let byteCount = 128

        package var version = Wire.version
        /// Names this connection in the gateway's log.
        package var session: UInt32 = 0
        package var chainId: UInt64 = 0
        package var rollup = Address()
        package var payloadBytesMax: UInt32 = 0
        package var serverTimeMs: UInt64 = 0
        /// The open or last block.
        package var block: UInt64 = 0
        package var commandsPerPayloadMax: UInt16 = 0
        package var subscriptionsMax: UInt16 = 0
        package var pingIntervalSeconds: UInt16 = 0
        package var idleTimeoutSeconds: UInt16 = 0
        /// Command batches and queries that may await their answer.
        package var inFlightMax: UInt32 = 0
        /// Bytes that may wait for a slow reader.
        package var outputBytesMax: UInt32 = 0
        /// EIP-712 domain separator.
        package var domainSeparator = Hash256()
        /// Commands that an account is granted a second; 0: no limit. Cancels do not count.
        package var commandsPerSecond: UInt32 = 0
        /// Commands that it may save up and send at once.
        package var commandBurst: UInt32 = 0
        /// What came after this position can be replayed.
        package var oldestPosition = StreamPosition(rawValue: 0)
        /// Messages that an IP address may send a second; 0: no limit.
        package var messagesPerSecond: UInt32 = 0

        package init() {}
    }

    /// A command batch was admitted, applied and journaled.
    package struct Ack: Equatable, Sendable {
        package var nonce: UInt64
        /// Position among all admitted batches since genesis, from 1.
        package var sequence: UInt64
        package var block: UInt64
        /// Position in the block, from 0.
        package var position: UInt32
        /// Commands that the account may still send now; `UInt32.max` where nothing is counted.
        package var quotaRemaining: UInt32 = .max
        /// One for every command, in order.
        package var results: [CommandResult]

        /// Where it stands in the stream of account messages and trades.
        package var streamPosition: StreamPosition { StreamPosition(block: block, batch: position) }
    }

    /// What became of one command.
    package struct CommandResult: Equatable, Sendable {
        package static let byteCount = 32

        /// `Event.Kind` of a result: see `Event.isResult`.
        package var kind: UInt8
        package var side: UInt8
        /// `RejectCode`; 0 if accepted.
        package var code: UInt16
        package var priceCode: UInt32
        /// Order id, 0 for an order that does not rest; withdrawal id for a withdrawal; account id where the result is about an account.
        package var orderId: UInt64
        /// Placed, modified: filled at once. Cancelled: taken off the book. All cancelled: orders. Withdrawn, transferred: atoms. Sub-account
        /// opened: its number.
        package var lots: UInt64
        /// Placed, modified, trigger placed: lots that rest or wait now.
        package var restingLots: UInt64
        /// Why it was refused; empty if accepted.
        package var text = ""
    }

    /// A batch, or a message, of which nothing was applied.
    package struct Reject: Error, Equatable, Sendable, CustomStringConvertible {
        /// First byte of the refused message.
        package var messageType: UInt8
        /// `RejectCode`.
        package var code: UInt16
        /// Of a refused query, otherwise 0.
        package var requestId: UInt32
        /// Of refused commands, otherwise 0.
        package var nonce: UInt64
        /// Commands that the account may still send now; `UInt32.max` where nothing was counted.
        package var quotaRemaining: UInt32 = .max
        package var text: String

        package var description: String { "\(text) (code \(code))" }
    }

    /// A subscription began or ended.
    package struct SubscriptionState: Equatable, Sendable {
        package static let byteCount = 40

        package var channel: UInt8
        /// For an account the number of the sub-account.
        package var market: UInt16
        package var isActive: Bool
        package var owner: Address
        /// Account id, 0 if there is none yet.
        package var account: UInt32
        /// Of an account: what comes after this will be sent.
        package var position = StreamPosition(rawValue: 0)
    }

    /// A trade of the account subscribed to.
    package struct Fill: Equatable, Sendable {
        package static let byteCount = 80

        /// The account's own side.
        package var side: Side
        package var isMaker: Bool
        /// A trade of the opening auction, at its one price; then both sides are makers.
        package var isAuction = false
        package var market: UInt16
        package var priceCode: UInt32
        /// The account's order; 0 for an order that never rested.
        package var orderId: UInt64
        package var clientOrderId: UInt64
        package var lots: UInt64
        /// Maker: lots of the order that still rest. Taker: 0; the order update that follows has them.
        package var remaining: UInt64
        /// Of what caused the trade.
        package var position: StreamPosition
        /// Of the command that caused the trade.
        package var commandIndex: UInt16
        package var owner: Address
        /// Number of the owner's account, 0 for the main one.
        package var subaccount: UInt16 = 0
    }

    /// An order of the account subscribed to was placed, modified or cancelled, or lost lots otherwise than by a fill.
    package struct OrderUpdate: Equatable, Sendable {
        package static let byteCount = 80

        package var state: OrderState
        package var side: Side
        package var market: UInt16
        package var priceCode: UInt32
        package var orderId: UInt64
        package var clientOrderId: UInt64
        /// Filled at once, or lost.
        package var lots: UInt64
        package var restingLots: UInt64
        package var position: StreamPosition
        package var commandIndex: UInt16
        /// Of an order that is cancelled or reduced: a ``Reduction``; 0 if its owner cancelled it.
        package var reason: UInt8 = 0
        /// Whether it was a trigger order, which never was on the book.
        package var isTrigger = false
        package var owner: Address
        /// Number of the owner's account, 0 for the main one.
        package var subaccount: UInt16 = 0
    }

    /// Funds of the account subscribed to came in or left, to and from L1 or another account of the owner.
    package struct Funds: Equatable, Sendable {
        package static let byteCount = 60

        package var kind: FundsKind
        package var token: UInt32
        package var atoms: UInt64
        /// Id of a withdrawal, or of the other account of a transfer; 0 for a deposit.
        package var withdrawalId: UInt64
        package var position: StreamPosition
        package var owner: Address
        /// Number of the owner's account, 0 for the main one.
        package var subaccount: UInt16 = 0
    }
}
