import Engine
import Sequencer

/// Where an answer stands: right after admitted batch `sequence`, or later inbox messages of `block`.
package struct AnswerPosition: Equatable, Sendable {
    package var sequence: UInt64
    package var block: UInt64
}

/// What ``QueryKind/status`` answers.
package struct ExchangeStatus: Equatable, Sendable {
    package var position: AnswerPosition
    /// Time of the open or last block, in milliseconds since 1970.
    package var blockTimeMs: UInt64
    /// Inbox messages consumed.
    package var inboxCursor: UInt64
    package var withdrawalCount: UInt64
    package var accountCount: UInt32
    package var openOrderCount: UInt32
    /// Last block whose header is signed and stored.
    package var sealedBlock: UInt64
    package var stateRoot: Hash256
    package var blockHash: Hash256

    package init(decoding reply: [UInt8]) throws(MalformedServerMessage) {
        var reader = try AnswerReader(reply, kind: .status)
        position = reader.position
        blockTimeMs = try reader.next()
        inboxCursor = try reader.next()
        withdrawalCount = try reader.next()
        accountCount = try reader.next()
        openOrderCount = try reader.next()
        sealedBlock = try reader.next()
        stateRoot = try reader.next()
        blockHash = try reader.next()
    }
}

/// What ``QueryKind/account`` answers for an address that owns an account or signs for one.
package struct AccountAnswer: Sendable {
    /// A resting order, or one that waits for its trigger.
    package struct OpenOrder: Equatable, Sendable {
        package var orderId: UInt64
        package var clientOrderId: UInt64
        /// Remaining size.
        package var lots: UInt64
        package var priceCode: UInt32
        package var market: UInt16
        package var side: Side
        /// Block time in milliseconds at which it goes; 0: never.
        package var expiryMs: UInt64 = 0
        /// Price code at which it fires; nil of an order on the book.
        package var triggerPriceCode: UInt32?
        /// With which it was placed; nil of an order that was placed before these were kept.
        package var flags: PlaceFlags?
    }

    package var position: AnswerPosition
    package var account: Account
    package var schedule: AccountSchedule
    /// By token id.
    package var balances: [Balance]
    /// Newest first.
    package var orders: [OpenOrder]

    /// Nil if there is no such account.
    package init?(decoding reply: [UInt8]) throws(MalformedServerMessage) {
        var reader = try AnswerReader(reply, kind: .account)
        guard reader.isFound else { return nil }
        position = reader.position
        account = try reader.next()
        schedule = try reader.next()
        let orderCount: UInt32 = try reader.next()
        try reader.skip(4)
        balances = try reader.records(Int(reader.count))
        try reader.expect(Int(orderCount), of: QueryReply.OpenOrder.bytes)
        orders = []
        for _ in 0..<orderCount {
            var order = OpenOrder(
                orderId: try reader.next(), clientOrderId: try reader.next(), lots: try reader.next(), priceCode: try reader.next(),
                market: try reader.next(), side: .buy)
            order.side = (try reader.next() as UInt8) & 1 == 0 ? .buy : .sell
            let isTrigger = (try reader.next() as UInt8) == 1
            order.expiryMs = try reader.next()
            let triggerPriceCode: UInt32 = try reader.next()
            order.triggerPriceCode = isTrigger ? triggerPriceCode : nil
            order.flags = PlaceFlags(rawValue: try reader.next())
            try reader.skip(3)
            orders.append(order)
        }
    }
}

/// One account of ``QueryKind/accounts``.
package struct AccountRecord: BitwiseCopyable, Sendable {
    package var account: Account
    package var schedule: AccountSchedule
}

/// What ``QueryKind/book`` answers for a listed market.
package struct BookAnswer: Equatable, Sendable {
    package var position: AnswerPosition
    /// Best first.
    package var bids: [BookLevel]
    /// Best first.
    package var asks: [BookLevel]

    /// Nil if there is no such market.
    package init?(decoding reply: [UInt8]) throws(MalformedServerMessage) {
        var reader = try AnswerReader(reply, kind: .book)
        guard reader.isFound else { return nil }
        position = reader.position
        let bidCount: UInt32 = try reader.next()
        let askCount: UInt32 = try reader.next()
        try reader.expect(Int(bidCount) + Int(askCount), of: QueryReply.Level.bytes)
        bids = []
        asks = []
        for index in 0..<Int(bidCount) + Int(askCount) {
            let priceCode: UInt32 = try reader.next()
            let side: Side = (try reader.next() as UInt32) & 1 == 0 ? .buy : .sell
            let level = BookLevel(priceCode: priceCode, side: side, lots: try reader.next())
            if index < Int(bidCount) { bids.append(level) } else { asks.append(level) }
        }
    }
}

/// Reads an answer from the front; every read is checked against the end.
struct AnswerReader {
    let position: AnswerPosition
    let count: UInt32
    /// Whether what was asked for exists.
    let isFound: Bool
    private let bytes: [UInt8]
    private var offset = QueryReply.headerBytes

    /// Takes the header; throws if it is not one of an answer to `kind`.
    init(_ bytes: [UInt8], kind: QueryKind) throws(MalformedServerMessage) {
        guard bytes.count >= QueryReply.headerBytes, bytes[QueryReply.kind] == kind.rawValue else {
            throw MalformedServerMessage(type: Wire.ToClient.queryReply, byteCount: bytes.count)
        }
        self.bytes = bytes
        isFound = bytes[QueryReply.isFound] == 1
        (count, position) = bytes.withUnsafeBytes {
            let position = AnswerPosition(
                sequence: $0.loadUnaligned(fromByteOffset: QueryReply.sequence, as: UInt64.self),
                block: $0.loadUnaligned(fromByteOffset: QueryReply.block, as: UInt64.self))
            return ($0.loadUnaligned(fromByteOffset: QueryReply.count, as: UInt32.self), position)
        }
    }

    mutating func next<Value: BitwiseCopyable>() throws(MalformedServerMessage) -> Value {
        try expect(1, of: MemoryLayout<Value>.size)
        defer { offset += MemoryLayout<Value>.size }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }

    mutating func records<Value: BitwiseCopyable>(_ count: Int) throws(MalformedServerMessage) -> [Value] {
        try expect(count, of: MemoryLayout<Value>.size)
        var records: [Value] = []
        for _ in 0..<count { records.append(try next()) }
        return records
    }

    mutating func skip(_ byteCount: Int) throws(MalformedServerMessage) {
        try expect(1, of: byteCount)
        offset += byteCount
    }

    /// Throws unless that much is left.
    func expect(_ count: Int, of byteCount: Int) throws(MalformedServerMessage) {
        guard count * byteCount <= bytes.count - offset else {
            throw MalformedServerMessage(type: Wire.ToClient.queryReply, byteCount: bytes.count)
        }
    }
}
