import Engine
import Sequencer
import Signing

/// A blocking client of one gateway, for tools and tests: one connection, one thread.
///
///     let client = try GatewayClient(url: "wss://localhost:8443", trust: .file("server.pem"))
///     let ack = try client.submit([.place(market: 1, side: .buy, …)], key: key)
///
/// While it waits for an answer it keeps everything else that comes; ``receive(timeoutMs:)`` hands that out in order. The
/// server ends the connection of a client that makes no call for longer than `hello.idleTimeoutSeconds`.
package final class GatewayClient {
    /// What the server said of itself.
    package private(set) var hello = ServerMessage.Hello()
    /// The domain in which commands are signed: chain id and contract from ``hello``.
    package let domain: SigningDomain
    /// The transport, for callers who drive many connections themselves.
    package let connection: ClientConnection

    /// How long a call waits for its answer, in milliseconds.
    package var timeoutMs = 10_000

    private var kept: [ServerMessage] = []
    private var lastNonce: UInt64 = 0
    private var lastRequestId: UInt32 = 0

    /// Connects, verifying the server's certificate as `trust` says, and waits for hello. Before signing, compare
    /// `hello.chainId` and `hello.rollup` with the deployment that you mean.
    package init(
        url: String, trust: TLSContext.Trust = .system, timeoutMs: Int = 10_000
    ) throws(GatewayClientError) {
        connection = try ClientConnection(GatewayURL(url), trust: trust, timeoutMs: timeoutMs)
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        while true {
            guard let message = try Self.next(connection, deadline: deadline, timeoutMs: timeoutMs) else { continue }
            guard case .hello(let hello) = message else { continue }
            guard hello.version == Wire.version else { throw .version(hello.version) }
            self.hello = hello
            break
        }
        self.timeoutMs = timeoutMs
        domain = SigningDomain(chainId: hello.chainId, rollup: hello.rollup)
    }

    // MARK: Commands

    /// A nonce that this client has not used: the present time in milliseconds, or one more than the last.
    package func nextNonce() -> UInt64 {
        lastNonce = max(WallClock.milliseconds(), lastNonce + 1)
        return lastNonce
    }

    /// Signs and sends a batch without waiting for its answer. Returns the nonce, which the ack or reject will name.
    @discardableResult
    package func send(_ commands: [Command], key: PrivateKey, nonce: UInt64? = nil) throws(GatewayClientError) -> UInt64 {
        let nonce = nonce ?? nextNonce()
        try sendMessage(CommandsMessage.encode(commands, nonce: nonce, key: key, domain: domain))
        return nonce
    }

    /// Signs and sends a batch and waits for its ack. Commands refused one by one are in the ack's results;
    /// ``GatewayClientError/rejected(_:)`` means that the batch as a whole was refused.
    package func submit(_ commands: [Command], key: PrivateKey) throws(GatewayClientError) -> ServerMessage.Ack {
        let nonce = try send(commands, key: key)
        return try wait { message in
            switch message {
            case .ack(let ack) where ack.nonce == nonce: .success(ack)
            case .reject(let reject) where reject.messageType == Wire.ToServer.commands && reject.nonce == nonce: .failure(reject)
            default: nil
            }
        }
    }

    // MARK: Subscriptions and queries

    /// Subscribes and waits for the confirmation; a book's snapshot follows among the messages. The market is for books and trades, owner and
    /// sub-account (by number; 0 is the main account) for accounts.
    @discardableResult
    package func subscribe(
        _ channel: Channel, market: UInt16 = 0, owner: Address = .zero, subaccount: UInt16 = 0
    ) throws(GatewayClientError) -> ServerMessage.SubscriptionState {
        try changeSubscription(Wire.ToServer.subscribe, channel, market | subaccount, owner)
    }

    /// Ends a subscription and waits for the confirmation.
    @discardableResult
    package func unsubscribe(
        _ channel: Channel, market: UInt16 = 0, owner: Address = .zero, subaccount: UInt16 = 0
    ) throws(GatewayClientError) -> ServerMessage.SubscriptionState {
        try changeSubscription(Wire.ToServer.unsubscribe, channel, market | subaccount, owner)
    }

    /// Asks the executor and waits for the reply, whose layout depends on `kind`. For an account `market` is the sub-account's number.
    package func query(
        _ kind: QueryKind, market: UInt16 = 0, depth: UInt16 = 0, owner: Address = .zero
    ) throws(GatewayClientError) -> [UInt8] {
        lastRequestId &+= 1
        let requestId = lastRequestId
        var message = [UInt8](repeating: 0, count: 8 + QueryLayout.bytes)
        message.withUnsafeMutableBytes { bytes in
            bytes[0] = Wire.ToServer.query
            bytes.storeBytes(of: requestId, toByteOffset: 4, as: UInt32.self)
            bytes[8 + QueryLayout.kind] = kind.rawValue
            bytes.storeBytes(of: market, toByteOffset: 8 + QueryLayout.market, as: UInt16.self)
            bytes.storeBytes(of: depth, toByteOffset: 8 + QueryLayout.depth, as: UInt16.self)
            bytes.storeBytes(of: owner, toByteOffset: 8 + QueryLayout.address, as: Address.self)
        }
        try sendMessage(message)
        return try wait { message in
            switch message {
            case .queryReply(requestId, let body): .success(body)
            case .reject(let reject) where reject.messageType == Wire.ToServer.query && reject.requestId == requestId: .failure(reject)
            default: nil
            }
        }
    }

    /// The server's time in milliseconds since 1970.
    package func serverTimeMs() throws(GatewayClientError) -> UInt64 {
        let clientTime = MonotonicClock.nanoseconds()
        var message = [UInt8](repeating: 0, count: 16)
        message.withUnsafeMutableBytes {
            $0[0] = Wire.ToServer.time
            $0.storeBytes(of: clientTime, toByteOffset: 8, as: UInt64.self)
        }
        try sendMessage(message)
        return try wait { message in
            guard case .time(clientTime, let serverTimeMs) = message else { return nil }
            return .success(serverTimeMs)
        }
    }

    // MARK: Messages

    /// The next message, or nil if none came within `timeoutMs`. Unknown types are skipped.
    package func receive(timeoutMs: Int) throws(GatewayClientError) -> ServerMessage? {
        if !kept.isEmpty { return kept.removeFirst() }
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        do {
            while true {
                if let message = try Self.next(connection, deadline: deadline, timeoutMs: timeoutMs) { return message }
            }
        } catch .timedOut {
            return nil
        }
    }

    /// Sends the bytes of one message.
    package func sendMessage(_ message: [UInt8]) throws(GatewayClientError) {
        message.withUnsafeBytes { connection.enqueue($0) }
        try connection.flush()
    }

    /// Ends the connection in order.
    package func close() { connection.close() }

    private func changeSubscription(
        _ type: UInt8, _ channel: Channel, _ market: UInt16, _ owner: Address
    ) throws(GatewayClientError) -> ServerMessage.SubscriptionState {
        var message = [UInt8](repeating: 0, count: channel == .account ? 24 : 4)
        message.withUnsafeMutableBytes { bytes in
            bytes[0] = type
            bytes[1] = channel.rawValue
            bytes.storeBytes(of: market, toByteOffset: 2, as: UInt16.self)
            if channel == .account { bytes.storeBytes(of: owner, toByteOffset: 4, as: Address.self) }
        }
        try sendMessage(message)
        return try wait { message in
            switch message {
            case .subscription(let state)
            where state.channel == channel.rawValue && state.market == market && state.owner == owner:
                .success(state)
            case .reject(let reject) where reject.messageType == type: .failure(reject)
            default: nil
            }
        }
    }

    /// Waits for the message that `match` recognizes and keeps the others.
    private func wait<Answer>(
        for match: (ServerMessage) -> Result<Answer, ServerMessage.Reject>?
    ) throws(GatewayClientError) -> Answer {
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        while true {
            guard let message = try Self.next(connection, deadline: deadline, timeoutMs: timeoutMs) else { continue }
            switch match(message) {
            case .success(let answer): return answer
            case .failure(let reject): throw .rejected(reject)
            case nil: kept.append(message)
            }
        }
    }

    /// The next message off the connection; nil if it was of an unknown type.
    private static func next(
        _ connection: ClientConnection, deadline: UInt64, timeoutMs: Int
    ) throws(GatewayClientError) -> ServerMessage? {
        while true {
            var result: Result<ServerMessage?, MalformedServerMessage> = .success(nil)
            let isTaken = connection.takeMessage { bytes in
                do throws(MalformedServerMessage) {
                    result = .success(try ServerMessage(decoding: bytes))
                } catch {
                    result = .failure(error)
                }
            }
            if isTaken {
                switch result {
                case .success(let message): return message
                case .failure(let malformed): throw .malformed(malformed)
                }
            }
            let now = MonotonicClock.milliseconds()
            guard now < deadline else { throw .timedOut(milliseconds: timeoutMs) }
            try connection.pump(timeoutMs: Int(deadline - now))
        }
    }
}
