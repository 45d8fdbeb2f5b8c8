import Engine
import Logging
import Proof
import Rollup
import Synchronization

/// A node's core: recovers what its files hold, then runs executor, sealer and the journal's mover until it is stopped.
///
/// Each thread of the gateway has one of `ports`; the inbox watcher pushes to `inbox`.
package final class Sequencer: Sendable {
    /// One for each of `gatewayThreads`.
    package let ports: [ExecutorPort]
    /// What the ports read; also what clients missed.
    package let log: EventLog
    package let inbox: InboxQueue
    package let shared: NodeShared
    package let configuration: SequencerConfiguration
    /// Block of the checkpoint that recovery started from; 0 for genesis.
    package let recoveredFromCheckpoint: UInt64
    /// Batches admitted since genesis, as recovered.
    package let recoveredSequence: UInt64
    private let logger: Logger
    private let sealing: SealQueue
    private let sharedExecutor: SharedExecutor
    private let parts: Mutex<Parts>

    private enum Parts {
        case ready(Handover<Sealer>, JournalMover)
        case running([DedicatedThread])
        case stopped
    }

    /// Recovers. Throws ``StoreRefused``, ``RecoveryRefused``, ``SQLiteFailed``, ``SystemCallFailed`` or `ReservationFailed`.
    package init(_ configuration: SequencerConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        let statistics = NodeStatistics()
        let recovery = try Recovery(configuration, statistics: statistics, logger: logger)
        recoveredSequence = recovery.producer.sequence
        recoveredFromCheckpoint = recovery.loaded?.head.header.number ?? 0
        let log = recovery.refill.log
        self.log = log
        ports = try (0..<configuration.gatewayThreads).map { thread in
            ExecutorPort(thread: thread, toExecutor: try ByteRing(capacity: configuration.inputRingBytes), fromExecutor: log.makeReader())
        }
        shared = NodeShared(
            executorParker: try Parker(), sealerParker: try Parker(), journalParker: recovery.journal.parker, statistics: statistics,
            head: recovery.sealer.head)
        let header = recovery.producer.exchange.header
        let l1Origin = recovery.producer.open?.l1Origin ?? recovery.sealer.header?.l1Origin ?? 0
        inbox = InboxQueue(nextIndex: header.inboxCursor, l1Block: l1Origin, parker: shared.executorParker)
        sealing = SealQueue(executor: shared.executorParker, sealer: shared.sealerParker)
        let executor = Executor(
            producer: recovery.producer, journal: recovery.journal, inputs: ports.map(\.toExecutor), log: log,
            answers: recovery.refill.answers, inbox: inbox, sealing: sealing, shared: shared, configuration: configuration.executor,
            l1Origin: l1Origin)
        let sealer = try Sealer(
            recovery.sealer, queue: sealing, shared: shared, configuration: configuration, loaded: recovery.loaded, logger: logger)
        let clock = SteadyClock(notBeforeMs: executor.lastBlockTimeMs, logger: logger)
        sharedExecutor = SharedExecutor(
            executor, isLent: configuration.durability == .process, clockMs: configuration.clockMs ?? { clock.nowMs() })
        parts = Mutex(.ready(Handover(sealer), JournalMover(recovery.journal, log: log, shared: shared, logger: logger)))
    }

    /// Blocks closed and not sealed yet.
    package var sealBacklog: Int { sealing.backlog }

    /// Reads the exchange as it was recovered. Only before ``start()``.
    package func withExchange<Result>(_ body: (borrowing Exchange) throws -> Result) rethrows -> Result {
        try parts.withLock { parts in
            guard case .ready = parts else { preconditionFailure("the exchange belongs to the executor now") }
            return try body(sharedExecutor.executor.producer.exchange)
        }
    }

    /// Fetches memory that the first orders would wait for. Only before ``start()``; for nodes that serve traders.
    package func populateMemory() {
        parts.withLock { parts in
            guard case .ready = parts else { preconditionFailure("the exchange belongs to the executor now") }
            let executor = sharedExecutor.executor
            executor.producer.populateMemory()
            executor.answers.populate()
            for port in ports { port.toExecutor.populate() }
        }
    }

    /// Starts the threads. Connect the callbacks of `shared` before.
    package func start() throws {
        try parts.withLock { parts in
            guard case .ready(let sealer, let mover) = parts else { preconditionFailure("a sequencer starts once") }
            let others = [try mover.start(), try Sealer.start(sealer.value)]
            parts = .running([try ExecutorThread.start(sharedExecutor, logger: logger)] + others)
        }
    }

    /// Does what little waits in the rings on the calling thread, one of the gateway's, if the executor's thread sleeps: sooner done than that is woken.
    /// False: wake it (``wakeExecutor()``). To be called after a commit; `makeRoom` is called if the log is full and must read from it.
    package func stepInPlace(makeRoom: () -> Void) -> Bool { sharedExecutor.stepInPlace(makeRoom: makeRoom) }

    /// Ends the sleep of the executor's thread. Any thread, after a commit.
    package func wakeExecutor() { shared.executorParker.wake() }

    /// Drains the input rings, closes and seals the open block, writes a checkpoint, empties the journal's tail, and ends the threads. Nothing may be written to the rings any more;
    /// all ports should go on reading, or else call `shared.setGatewayGone()` before. Throws what made a thread give up, if anything did.
    package func stop() throws {
        shared.setStopping()
        let running = parts.withLock { parts in
            let before = parts
            parts = .stopped
            return before
        }
        if case .running(let threads) = running { for thread in threads { thread.join() } }
        sharedExecutor.end()
        if let failure = shared.failure { throw failure }
    }
}
