/// Numbers of the protocol `memex.v1`; ``Gateway`` documents them byte by byte. All integers are little-endian.
package enum Wire {
    /// Version in hello.
    package static let version: UInt8 = 1
    /// The only signature scheme: EIP-712 `Commands(uint64 nonce,bytes payload)`.
    package static let schemeEIP712: UInt8 = 1
    /// Bytes of a commands message before its payload: type, scheme, zero u16, signer, nonce, signature.
    package static let commandsHeaderBytes = 96
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
    }
}

/// What can be subscribed to.
package enum Channel: UInt8, Sendable, CaseIterable {
    /// Levels of one market: a snapshot, then changes.
    case book = 1
    /// Trades of one market.
    case trades = 2
    /// Fills, orders and funds of one account.
    case account = 3
    /// Sealed blocks.
    case blocks = 4
}

/// The state in which an order update leaves an order.
package enum OrderState: UInt8, Sendable, CaseIterable {
    /// It rests on the book, whole or what was not filled at once.
    case resting = 1
    /// It never rested: filled at once, as far as its time in force allowed; what was not is dropped.
    case done = 2
    /// Its owner took it off the book.
    case cancelled = 3
}
