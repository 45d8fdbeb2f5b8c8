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
    package private(set) var connection: ClientConnection
    private let url: GatewayURL
    private let trust: TLSContext.Trust

    /// How long a call waits for its answer, in milliseconds.
    package var timeoutMs = 10_000

    /// How often ``submit(_:key:)`` connects again when the connection breaks, waiting longer each time.
    package var reconnectsMax = 0
    /// Commands that the account may still send now, as of the last answer; `UInt32.max` if the gateway does not count.
    package private(set) var quotaRemaining: UInt32 = .max
    /// Batches that were sent and not answered, oldest first.
    var unanswered: [(nonce: UInt64, message: [UInt8])] = []
    /// What was subscribed to.
    var subscriptions: [Kept] = []

    private var kept: [Result<ServerMessage, GatewayClientError>] = []
    private var lastNonce: UInt64 = 0
    var lastRequestId: UInt32 = 0

    /// Connects, verifying the server's certificate as `trust` says, and waits for hello. Before signing, compare
    /// `hello.chainId` and `hello.rollup` with the deployment that you mean.
    package init(
        url: String, trust: TLSContext.Trust = .system, timeoutMs: Int = 10_000
    ) throws(GatewayClientError) {
        self.url = try GatewayURL(url)
        self.trust = trust
        connection = try ClientConnection(self.url, trust: trust, timeoutMs: timeoutMs)
        hello = try Self.hello(from: connection, timeoutMs: timeoutMs)
        self.timeoutMs = timeoutMs
        domain = SigningDomain(chainId: hello.chainId, rollup: hello.rollup)
    }

    /// Opens another connection to the same exchange.
    func connect() throws(GatewayClientError) {
        connection = try ClientConnection(url, trust: trust, timeoutMs: timeoutMs)
        let hello = try Self.hello(from: connection, timeoutMs: timeoutMs)
        guard hello.chainId == self.hello.chainId, hello.rollup == self.hello.rollup else { throw .otherExchange(url) }
        self.hello = hello
    }

    private static func hello(from connection: ClientConnection, timeoutMs: Int) throws(GatewayClientError) -> ServerMessage.Hello {
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        while true {
            guard case .hello(let hello) = try Self.next(connection, deadline: deadline, timeoutMs: timeoutMs) else { continue }
            guard hello.version == Wire.version else { throw .version(hello.version) }
            return hello
        }
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
        try send(CommandsMessage.encode(commands, nonce: nonce, key: key, domain: domain), nonce: nonce)
        return nonce
    }

    /// Sends a commands message, as ``CommandsMessage`` makes it, without waiting for its answer.
    private func send(_ message: [UInt8], nonce: UInt64) throws(GatewayClientError) {
        unanswered.append((nonce, message))
        try sendMessage(message)
    }

    /// Signs and sends a batch and waits for its ack. Commands refused one by one are in the ack's results;
    /// ``GatewayClientError/rejected(_:)`` means that the batch as a whole was refused.
    package func submit(_ commands: [Command], key: PrivateKey) throws(GatewayClientError) -> ServerMessage.Ack {
        let nonce = nextNonce()
        return try submit(CommandsMessage.encode(commands, nonce: nonce, key: key, domain: domain), nonce: nonce)
    }

    /// Sends a commands message, as ``CommandsMessage`` makes it, and waits for its ack.
    package func submit(_ message: [UInt8], nonce: UInt64) throws(GatewayClientError) -> ServerMessage.Ack {
        try send(message, nonce: nonce)
        while true {
            do {
                return try wait { message in
                    switch message {
                    case .ack(let ack) where ack.nonce == nonce: .success(ack)
                    case .reject(let reject) where reject.messageType == Wire.ToServer.commands && reject.nonce == nonce: .failure(reject)
                    default: nil
                    }
                }
            } catch {
                try recover(from: error)
            }
        }
    }

    // MARK: Messages

    /// The next message, or nil if none came within `timeoutMs`. Unknown types are skipped. Throws ``GatewayClientError/historyLost(_:)`` in the place of the
    /// *caught up* that shows it; messages go on after that.
    package func receive(timeoutMs: Int) throws(GatewayClientError) -> ServerMessage? {
        if !kept.isEmpty { return try kept.removeFirst().get() }
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        do {
            while true {
                if let message = try next(deadline: deadline, timeoutMs: timeoutMs) { return try message.get() }
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

    /// Waits for the message that `match` recognizes and keeps the others.
    func wait<Answer>(
        for match: (ServerMessage) -> Result<Answer, ServerMessage.Reject>?
    ) throws(GatewayClientError) -> Answer {
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        while true {
            guard let message = try next(deadline: deadline, timeoutMs: timeoutMs) else { continue }
            switch (try? message.get()).flatMap(match) {
            case .success(let answer): return answer
            case .failure(let reject): throw .rejected(reject)
            case nil: kept.append(message)
            }
        }
    }

    /// The next message, or what it shows to be lost; nil if it was of an unknown type, or came before.
    private func next(deadline: UInt64, timeoutMs: Int) throws(GatewayClientError) -> Result<ServerMessage, GatewayClientError>? {
        guard let message = try Self.next(connection, deadline: deadline, timeoutMs: timeoutMs) else { return nil }
        do throws(HistoryLost) {
            guard try note(message) else { return nil }
        } catch {
            return .failure(.historyLost(error))
        }
        switch message {
        case .ack(let ack): quotaRemaining = ack.quotaRemaining
        case .reject(let reject) where reject.messageType == Wire.ToServer.commands: quotaRemaining = reject.quotaRemaining
        default: break
        }
        return .success(message)
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
