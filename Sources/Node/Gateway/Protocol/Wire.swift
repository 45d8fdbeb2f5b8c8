/// Numbers of the protocol `memex.v1`; ``Gateway`` documents them byte by byte. All integers are little-endian.
package enum Wire {
    /// Version in hello.
    package static let version: UInt8 = 1
    /// The only signature scheme: EIP-712 `Commands(uint64 nonce,bytes payload)`.
    package static let schemeEIP712: UInt8 = 1
    /// Bytes of a commands message before its payload: type, scheme, zero u16, signer, nonce, signature.
    package static let commandsHeaderBytes = 96
    /// Bytes of a subscribe message that asks for a replay.
    package static let replayBytes = 32
    /// Bytes of the largest message that a client may send: a full payload and its header.
    package static let clientMessageBytesMax = (16 << 10) + commandsHeaderBytes
    /// Bytes of the largest message that a client must be ready to receive.
    package static let serverMessageBytesMax = 1 << 20

    /// First byte of a message to the server.
    package enum ToServer {
        package static let commands: UInt8 = 0x01
        package static let subscribe: UInt8 = 0x02
        package static let unsubscribe: UInt8 = 0x03
        package static let query: UInt8 = 0x04
        package static let time: UInt8 = 0x05
    }

    /// First byte of a message to the client.
    package enum ToClient {
        package static let hello: UInt8 = 0x80
        package static let ack: UInt8 = 0x81
        package static let reject: UInt8 = 0x82
        package static let subscription: UInt8 = 0x83
        package static let queryReply: UInt8 = 0x84
        package static let time: UInt8 = 0x85
        package static let fill: UInt8 = 0x86
        package static let order: UInt8 = 0x87
        package static let bookSnapshot: UInt8 = 0x88
        package static let bookUpdate: UInt8 = 0x89
        package static let trades: UInt8 = 0x8A
        package static let block: UInt8 = 0x8B
        package static let funds: UInt8 = 0x8C
        package static let trigger: UInt8 = 0x8D
        package static let account: UInt8 = 0x8E
        package static let marketOpened: UInt8 = 0x8F
        package static let ticker: UInt8 = 0x90
        package static let ordersSnapshot: UInt8 = 0x91
        package static let ordersUpdate: UInt8 = 0x92
        package static let balances: UInt8 = 0x93
        package static let receipt: UInt8 = 0x94
        package static let caughtUp: UInt8 = 0x95
    }
}

/// What can be subscribed to.
package enum Channel: UInt8, Sendable, CaseIterable {
    /// Levels of one market: a snapshot, then changes.
    case book = 1
    /// Trades of one market.
    case trades = 2
    /// Fills, orders, triggers and funds of one account.
    case account = 3
    /// Sealed blocks.
    case blocks = 4
    /// Best prices and last price of one market.
    case ticker = 5
    /// Single orders of one market: a snapshot, then changes.
    case orders = 6
    /// Receipts of the connection's own batches.
    case receipts = 7
}

/// The state in which an order update leaves an order.
package enum OrderState: UInt8, Sendable, CaseIterable {
    /// It rests on the book, whole or what was not filled at once.
    case resting = 1
    /// It never rested: filled at once, as far as its time in force allowed; what was not is dropped.
    case done = 2
    /// It is off the book: by its owner's cancel command, or for a ``Reduction``.
    case cancelled = 3
    /// It lost lots for a ``Reduction``, and still rests.
    case reduced = 4
}

/// What became of a trigger order.
package enum TriggerState: UInt8, Sendable, CaseIterable {
    /// It waits for its trigger price.
    case waiting = 1
    /// It has fired and is gone: its order's own messages follow.
    case fired = 2
    /// The order that it placed when it fired was refused.
    case refused = 3
}

/// How funds of an account changed other than by trades.
package enum FundsKind: UInt8, Sendable, CaseIterable {
    case deposit = 1
    case withdrawal = 2
    /// From, and to, another account of the same owner.
    case transferIn = 3
    case transferOut = 4
    /// The whole supply of a token that the account created. What it paid for that was withdrawn, to be burnt.
    case created = 5
}

/// What happened to an account as a whole.
package enum AccountChange: UInt8, Sendable, CaseIterable {
    /// All its orders were cancelled, by its schedule or because its session ended.
    case ordersCancelled = 1
    case feeTier = 2
    /// Its owner opened one more account.
    case subaccountOpened = 3
    /// A message with forced commands reached the exchange through L1. What its commands caused follows.
    case forced = 4
    /// A forced command was refused.
    case forcedRefused = 5
}
