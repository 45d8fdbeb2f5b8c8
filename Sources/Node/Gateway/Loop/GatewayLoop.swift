import CLibuv
import Engine
import Logging
import Sequencer
import Signing

/// One of the gateway's event loops: sockets in, ring out, records in, sockets out. Everything here runs on one thread, which alone may touch it.
///
/// libuv reports what is readable; each connection's bytes are decoded, verified and put on the ring, as far as its share of time goes
/// (``InputBudget``), and what is left waits its turn. Just before the loop would sleep it takes a *turn* (``turn()``).
final class GatewayLoop {
    let configuration: GatewayConfiguration
    var limits: GatewayLimits { configuration.limits }
    let logger: Logger
    let shared: GatewayShared
    let signal: LoopSignal

    /// To and from the executor: this thread is the only one to write to the one and to read the other.
    let toExecutor: ByteRing
    let fromExecutor: EventLogReader
    /// Part of the names of this thread's sessions.
    let thread: Int
    let wakeExecutor: @Sendable () -> Void
    /// Does what little waits on the rings, on this thread; false if the executor must be woken for it.
    let stepExecutor: @Sendable (_ makeRoom: () -> Void) -> Bool
    var steps = InPlaceSteps()
    var polling: BusyPolling
    var watch = LoopWatch()
    var pauseLog = PauseLog()

    let loop: UnsafeMutablePointer<uv_loop_t>
    let listener = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    /// While active, the loop does not sleep.
    let idle = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)
    let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    let tlsServer: TLSServer?

    /// Shared by all connections: libuv reads into the one, TLS decrypts into the other, within one callback.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
    let plainBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
    let framers = WebSocketFramers()
    /// The message being written.
    var scratch = ByteBuffer(capacity: 64 << 10)

    var connections: [Connection?] = []
    var freeSlots: [Int] = []
    /// Counts connections ever made, for session names.
    var generation: UInt32 = 0
    /// WebSockets of this loop that are open.
    var openCount = 0
    /// Connections that have more input than their share of time allowed.
    var ready = Fifo<Connection>()
    /// Those without standing that have input, and whether a new one waits to be accepted.
    var strangers = Fifo<Connection>()
    var isAcceptDue = false
    let strangerSockets: StrangerSockets
    let strangersPoll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
    /// Connections with something to flush: at the end of the turn, and as time allows.
    var urgentOutput = Fifo<Connection>()
    var marketOutput = Fifo<Connection>()
    /// Bytes that wait for all clients of this loop.
    var outputBytes = 0
    /// This loop's share of what may.
    let outputBytesMax: Int

    var lastTurnNs: UInt64 = 0
    /// Whether nothing was taken in since the loop went to sleep.
    var hasSlept = false
    /// Commands that the executor has not answered, and when the last one went to it.
    var awaitedCount = 0
    var lastCommandNs: UInt64 = 0
    /// Set in a turn by whatever should go on soon: the loop will not sleep.
    var isMoreDue = false
    /// Whether a core is left for the executor while all threads of the gateway wait actively.
    let mayWaitActively: Bool
    /// Between two looks at deadlines, in milliseconds.
    var tickIntervalMs: UInt64 {
        max(10, min(1000, min(limits.handshakeTimeoutMs, limits.pingIntervalMs, limits.idleTimeoutMs, limits.closeTimeoutMs) / 4))
    }
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
    var pace: MarketPace
    /// Whether the last round left parts of snapshots that could go on.
    var hasMoreMarketData = false
    /// Everything up to and with this was published.
    var position: StreamPosition
    var collector = EventCollector()
    let history: EventHistory
    var accounts = AccountFeeds()
    var replays = Fifo<AccountReplay>()
    var balances: BalanceSchedule
    /// Questions for balances that the executor has not answered.
    var balanceQuestionCount = 0
    /// Makes a turn when balances that changed again, or receipts, are due.
    let accountTimer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    /// Nil if the gateway signs no receipts.
    let receiptSigner: ReceiptSigner?
    /// Loop time at which a group of receipts was given to it last.
    var receiptsSignedMs: UInt64 = 0
    /// Marks questions of the gateway's own, by their sessions and tags: a tag of 0 looks an account up, this with an id asks for balances.
    var ownSession: UInt32 { UInt32(thread) << 28 }
    static let balancesTag: UInt64 = 1 << 32
    var watched = WatchedSessions()
    /// Who hears of sealed blocks.
    let blocks = Outlet(isConflated: false)
    /// Queries of all clients that the executor has not answered.
    var queryCount = 0

    init(
        configuration: GatewayConfiguration, tlsServer: TLSServer?, shared: GatewayShared, port: ExecutorPort, threadCount: Int,
        wakeExecutor: @escaping @Sendable () -> Void, stepExecutor: @escaping @Sendable (() -> Void) -> Bool,
        books: [UInt16: RecoveredBook], block: UInt64, logger: Logger
    ) throws(GatewayError) {
        // A session's name has 16 bits for its slot.
        precondition(configuration.limits.connectionsMax + configuration.limits.refusedConnectionsMax <= 1 << 16)
        self.configuration = configuration
        self.shared = shared
        toExecutor = port.toExecutor
        fromExecutor = port.fromExecutor
        thread = port.thread
        self.wakeExecutor = wakeExecutor
        self.stepExecutor = stepExecutor
        self.logger = logger
        self.block = block
        signal = try LoopSignal()
        outputBytesMax = configuration.limits.outputBytesTotalMax / threadCount
        polling = BusyPolling(durationUs: configuration.spinUs)
        mayWaitActively = GatewayConfiguration.hasSpareCore(threadCount: threadCount)
        domain = SigningDomain(chainId: configuration.chainId, rollup: configuration.rollup)
        do {
            feeds = try MarketFeeds(books: books, block: block)
        } catch {
            throw .system(action: "keep the books", reason: "\(error)")
        }
        history = fromExecutor.log.makeHistory()
        position = history.lastPosition(from: StreamPosition(openingOf: block), until: fromExecutor.offset)
        pace = MarketPace(intervalMs: configuration.limits.marketDataIntervalMs)
        balances = BalanceSchedule(intervalMs: configuration.limits.balancesIntervalMs)
        receiptSigner = configuration.sequencerKey.map { [domain] in ReceiptSigner(key: $0, domain: domain) }
        self.tlsServer = tlsServer
        strangerSockets = try StrangerSockets()
        loop = .allocate(capacity: 1)
        let result = uv_loop_init(loop)
        guard result == 0 else { throw GatewayError("start an event loop", result) }
    }

    deinit {
        listener.deallocate()
        prepare.deallocate()
        idle.deallocate()
        strangersPoll.deallocate()
        timer.deallocate()
        accountTimer.deallocate()
        loop.deallocate()
        readBuffer.deallocate()
        plainBuffer.deallocate()
    }

    // MARK: Sending

    /// Sends one message to one connection: acks, replies, whatever its client waits for. It leaves with this turn.
    func send(to connection: Connection, _ write: (inout ByteBuffer) -> Void) {
        scratch.removeAll()
        write(&scratch)
        connection.send(scratch.bytes)
    }

    /// Refuses a message. `detail`: see ``RejectDetail``.
    func reject(
        _ connection: Connection, _ code: RejectCode, messageType: UInt8, requestId: UInt32 = 0, nonce: UInt64 = 0,
        quotaRemaining: UInt32 = .max, detail: String = ""
    ) {
        shared.statistics.rejects.add(code.rawValue)
        send(to: connection) {
            $0.append(
                reject: code, messageType: messageType, requestId: requestId, nonce: nonce, quotaRemaining: quotaRemaining, detail: detail)
        }
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
        let slot = Session.slot(of: session)
        guard slot < connections.count, let connection = connections[slot], connection.session == session else { return nil }
        return connection
    }
}
