import CLibuv
import Engine
import Logging
import Sequencer
import Signing

/// The gateway's event loop: sockets in, rings out, rings in, sockets out. Everything here runs on one thread, which alone may touch it.
///
/// libuv reports what is readable and each connection's bytes are decoded, verified and put on the ring at once. Then, just before the loop
/// would sleep, and amid much input at least every half millisecond or read, ``turn()`` takes what the executor answered, publishes market data, and flushes every connection that has something
/// to say, once.
final class GatewayLoop {
    let configuration: GatewayConfiguration
    var limits: GatewayLimits { configuration.limits }
    let logger: Logger
    let shared: GatewayShared

    /// To and from the executor: this thread is the producer of one and the consumer of the other.
    let toExecutor: ByteRing
    let fromExecutor: ByteRing
    let wakeExecutor: @Sendable () -> Void

    let loop: UnsafeMutablePointer<uv_loop_t>
    let listener = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    /// Owned by ``GatewayShared``, which other threads reach.
    let async: UnsafeMutablePointer<uv_async_t>
    let tlsServer: TLSServer?

    /// Shared by all connections: libuv reads into the one, TLS decrypts into the other, within one callback.
    /// Not larger, because what one read brings is verified before anything else happens: some 100 signatures, 3 ms.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
    let plainBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
    /// The message being written.
    var scratch = ByteBuffer(capacity: 64 << 10)

    var connections: [Connection?] = []
    var freeSlots: [Int] = []
    /// Counts connections ever made, for session names.
    var generation: UInt32 = 0
    /// WebSockets that are open.
    var openCount = 0
    /// Connections with something to flush at the end of the turn.
    var dirty: [Connection] = []
    private var lastTurnNs: UInt64 = 0
    private static let turnIntervalNs: UInt64 = 500_000
    var isStopping = false
    /// Read once a turn, so that within a turn it does not change.
    var isDraining = false
    var stopDeadlineMs: UInt64 = 0
    /// Loop time in milliseconds, read once a callback.
    var nowMs: UInt64 { uv_now(loop) }

    let domain: SigningDomain
    var verifier = SignatureVerifier()
    /// Number of the open block, as far as the executor has told.
    var block: UInt64
    var feeds: MarketFeeds
    var accounts = AccountFeeds()
    var watched = WatchedSessions()
    var blockSubscribers: [Connection] = []
    /// Queries of all clients that the executor has not answered.
    var queryCount = 0
    /// Events of a result that goes over several records.
    var unfinished: [Event] = []

    init(
        configuration: GatewayConfiguration, shared: GatewayShared, toExecutor: ByteRing, fromExecutor: ByteRing,
        wakeExecutor: @escaping @Sendable () -> Void, books: [UInt16: [BookLevel]], block: UInt64, logger: Logger
    ) throws(GatewayError) {
        // A session's name has 16 bits for its slot.
        precondition(configuration.limits.connectionsMax + configuration.limits.refusedConnectionsMax <= 1 << 16)
        self.configuration = configuration
        self.shared = shared
        self.toExecutor = toExecutor
        self.fromExecutor = fromExecutor
        self.wakeExecutor = wakeExecutor
        self.logger = logger
        self.block = block
        domain = SigningDomain(chainId: configuration.chainId, rollup: configuration.rollup)
        feeds = MarketFeeds(books: books)
        do {
            tlsServer = if let files = configuration.tls { try TLSServer(files) } else { nil }
        } catch {
            throw .tls(error)
        }
        loop = .allocate(capacity: 1)
        async = shared.async
        let result = uv_loop_init(loop)
        guard result == 0 else { throw GatewayError("start an event loop", result) }
    }

    deinit {
        listener.deallocate()
        prepare.deallocate()
        timer.deallocate()
        loop.deallocate()
        readBuffer.deallocate()
        plainBuffer.deallocate()
    }

    func markDirty(_ connection: Connection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    /// Takes a turn amid input if the last one was a while ago, so that answers do not wait for everybody's signatures.
    func turnIfDue() {
        guard MonotonicClock.nanoseconds() &- lastTurnNs > Self.turnIntervalNs else { return }
        turn()
    }

    /// Everything between input and sleep.
    func turn() {
        isDraining = shared.isDrainRequested
        let hasMore = drainExecutor()
        stateEndedSessions()
        publishSealedBlocks()
        publishBooks()
        flushAll()
        if hasMore { uv_async_send(async) }
        lastTurnNs = MonotonicClock.nanoseconds()
        if isDraining, !shared.isDrained { shared.setDrained() }
        if shared.isStopRequested, !isStopping { beginStop() }
    }

    func flushAll() {
        // Flushing may end connections but sends nothing to others, so the list does not grow under way.
        for connection in dirty { connection.flush() }
        dirty.removeAll(keepingCapacity: true)
    }

    /// Deadlines of all connections.
    func tick() {
        let now = nowMs
        for case let connection? in connections {
            let age = now &- connection.phaseBeganMs
            switch connection.phase {
            case .opening:
                guard age > limits.handshakeTimeoutMs else { break }
                if connection.tls == nil || connection.tls?.isHandshakeDone == true {
                    connection.respond(HTTPRefusal.timeout.response)
                } else {
                    abandon(connection, flushing: false)
                }
            case .open:
                let silence = now &- connection.lastInputMs
                if silence > limits.idleTimeoutMs {
                    connection.close(code: 1008, reason: "nothing came for too long, not even a pong")
                } else if silence > limits.pingIntervalMs, now &- connection.lastPingMs > limits.pingIntervalMs {
                    connection.lastPingMs = now
                    connection.endpoint?.ping()
                    markDirty(connection)
                }
            case .closing, .draining:
                if age > limits.closeTimeoutMs { abandon(connection, flushing: false) }
            case .gone: break
            }
        }
    }

    /// Sends one message to one connection.
    func send(to connection: Connection, _ write: (inout ByteBuffer) -> Void) {
        scratch.removeAll()
        write(&scratch)
        connection.send(scratch.bytes)
    }

    /// Writes one message and sends it to many.
    func send(to connections: [Connection], _ write: (inout ByteBuffer) -> Void) {
        guard !connections.isEmpty else { return }
        scratch.removeAll()
        write(&scratch)
        for connection in connections { connection.send(scratch.bytes) }
    }

    /// The open connection of a session, or nil if it has gone.
    func connection(session: UInt32) -> Connection? {
        let slot = Int(session & 0xFFFF)
        guard slot < connections.count, let connection = connections[slot], connection.session == session else { return nil }
        return connection
    }
}

/// The gateway could not start.
package enum GatewayError: Error, CustomStringConvertible {
    case tls(OpenSSLFailure)
    /// A call of libuv failed.
    case system(action: String, reason: String)

    init(_ action: String, _ code: Int32) {
        self = .system(action: action, reason: String(cString: uv_strerror(code)))
    }

    package var description: String {
        switch self {
        case .tls(let failure): failure.description
        case .system(let action, let reason): "cannot \(action): \(reason)"
        }
    }
}

/// The settings of all TLS connections of a gateway, shared by reference.
final class TLSServer {
    private let context: TLSContext

    init(_ files: GatewayConfiguration.TLSFiles) throws(OpenSSLFailure) {
        context = try TLSContext.server(certificatePath: files.certificatePath, keyPath: files.keyPath)
    }

    func stream() throws(OpenSSLFailure) -> TLSStream { try TLSStream.server(context) }
}
