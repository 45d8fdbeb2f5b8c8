import Engine
import Sequencer

/// A message from a client, checked for shape: lengths, reserved bytes, known numbers. Pure; a view into the received bytes.
package enum ClientMessage {
    /// An envelope (``EnvelopeLayout``) of which nothing but the size is known yet.
    case commands(envelope: UnsafeRawBufferPointer)
    /// With a position, of an account: everything behind it first.
    case subscribe(Subscription, after: StreamPosition?)
    case unsubscribe(Subscription)
    /// A query for the executor (``QueryLayout``).
    case query(requestId: UInt32, body: UnsafeRawBufferPointer)
    case time(clientTime: UInt64)

    /// A channel and what it is about.
    package struct Subscription: Equatable, Sendable {
        package let channel: Channel
        /// For the channels of a market; 0 otherwise.
        package let market: UInt16
        /// For account; zero otherwise.
        package let owner: Address
        /// For account: 0 is the main account, then the owner's others in order of opening.
        package let subaccount: UInt16

        package init(channel: Channel, market: UInt16 = 0, owner: Address = .zero, subaccount: UInt16 = 0) {
            self.channel = channel
            self.market = market
            self.owner = owner
            self.subaccount = subaccount
        }
    }

    /// Why a message could not be read, and what of it the answer should name.
    package struct Malformed: Error, Equatable {
        package let code: RejectCode
        /// First byte of the message, 0 if it is empty.
        package let type: UInt8
        package var requestId: UInt32 = 0
        package var nonce: UInt64 = 0
    }

    /// Decodes one message.
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> ClientMessage {
        guard bytes.count > 0 else { throw Malformed(code: .malformedMessage, type: 0) }
        switch bytes[0] {
        case Wire.ToServer.commands: return try decodeCommands(bytes)
        case Wire.ToServer.subscribe:
            guard bytes.count == Wire.replayBytes, bytes[1] == Channel.account.rawValue else {
                return .subscribe(try decodeSubscription(bytes), after: nil)
            }
            let subscription = try decodeSubscription(UnsafeRawBufferPointer(rebasing: bytes[..<24]))
            return .subscribe(subscription, after: StreamPosition(rawValue: load(bytes, 24)))
        case Wire.ToServer.unsubscribe: return .unsubscribe(try decodeSubscription(bytes))
        case Wire.ToServer.query: return try decodeQuery(bytes)
        case Wire.ToServer.time:
            guard bytes.count == 16, isZero(bytes, 1..<8) else { throw Malformed(code: .malformedMessage, type: bytes[0]) }
            return .time(clientTime: load(bytes, 8))
        default: throw Malformed(code: .unknownMessageType, type: bytes[0])
        }
    }

    private static func decodeCommands(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> ClientMessage {
        guard bytes.count >= Wire.commandsHeaderBytes else { throw Malformed(code: .malformedMessage, type: bytes[0]) }
        let nonce: UInt64 = load(bytes, 24)
        guard bytes[1] == Wire.schemeEIP712, isZero(bytes, 2..<4) else {
            throw Malformed(code: .malformedMessage, type: bytes[0], nonce: nonce)
        }
        guard bytes.count > Wire.commandsHeaderBytes else {
            throw Malformed(code: .malformedPayload, type: bytes[0], nonce: nonce)
        }
        guard bytes.count <= Wire.clientMessageBytesMax else {
            throw Malformed(code: .messageTooLarge, type: bytes[0], nonce: nonce)
        }
        return .commands(envelope: UnsafeRawBufferPointer(rebasing: bytes[4...]))
    }

    private static func decodeSubscription(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> Subscription {
        guard bytes.count >= 4 else { throw Malformed(code: .malformedMessage, type: bytes[0]) }
        guard let channel = Channel(rawValue: bytes[1]) else { throw Malformed(code: .unknownChannel, type: bytes[0]) }
        let market: UInt16 = load(bytes, 2)
        switch channel {
        case .book, .trades, .ticker, .orders:
            guard bytes.count == 4 else { break }
            return Subscription(channel: channel, market: market)
        case .account:
            guard bytes.count == 24, let base = bytes.baseAddress else { break }
            return Subscription(channel: channel, owner: Address(loadingFrom: base + 4), subaccount: market)
        case .blocks, .receipts:
            guard bytes.count == 4, market == 0 else { break }
            return Subscription(channel: channel)
        }
        throw Malformed(code: .malformedMessage, type: bytes[0])
    }

    private static func decodeQuery(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> ClientMessage {
        guard bytes.count >= 8, isZero(bytes, 1..<4) else { throw Malformed(code: .malformedMessage, type: bytes[0]) }
        let requestId: UInt32 = load(bytes, 4)
        guard bytes.count == 8 + QueryLayout.bytes, isZero(bytes, 9..<10), isZero(bytes, 14..<16) else {
            throw Malformed(code: .malformedMessage, type: bytes[0], requestId: requestId)
        }
        // Balances by account id are the gateway's own question.
        guard let kind = QueryKind(rawValue: bytes[8]), kind != .balances else {
            throw Malformed(code: .unknownQuery, type: bytes[0], requestId: requestId)
        }
        return .query(requestId: requestId, body: UnsafeRawBufferPointer(rebasing: bytes[8...]))
    }

    private static func load<Integer: FixedWidthInteger & BitwiseCopyable>(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Integer {
        Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        range.allSatisfy { bytes[$0] == 0 }
    }
}
