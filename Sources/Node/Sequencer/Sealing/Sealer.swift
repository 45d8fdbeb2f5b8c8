import Logging

/// The sealer's loop: seals closed blocks as they come, writes checkpoints between them and removes what is no longer needed of the chain. Used by one
/// thread.
final class Sealer {
    private let core: BlockSealer
    private let queue: SealQueue
    private let shared: NodeShared
    private let configuration: SequencerConfiguration
    private let publisher: CheckpointPublisher
    private let pruner: ChainPruner
    private let logger: Logger
    private var isPruningFailing = false
    private var checkpointBlock: UInt64
    private var checkpointAtMs = SystemClock.monotonicMs()

    /// Pages that are written between two blocks: less than a millisecond.
    private static let slicePages = 256
    /// Rows of each table that are removed between two blocks: 0.6 ms where all are as large as they get.
    private static let prunedRows: Int64 = 8

    /// `loaded`: the checkpoint that recovery started from.
    init(
        _ core: BlockSealer, queue: SealQueue, shared: NodeShared, configuration: SequencerConfiguration, loaded: LoadedCheckpoint?,
        logger: Logger
    ) throws {
        self.core = core
        self.queue = queue
        self.shared = shared
        self.configuration = configuration
        self.logger = logger
        pruner = try ChainPruner(core.store)
        publisher = try CheckpointPublisher(loaded, shared: shared, configuration: configuration, logger: logger)
        checkpointBlock = loaded?.head.header.number ?? 0
    }

    static func start(_ sealer: sending Sealer) throws -> DedicatedThread {
        let box = Handover(sealer)
        return try DedicatedThread(name: "memex-sealer") { box.value.run() }
    }

    private func run() {
        do {
            let publishing = try publisher.start()
            defer {
                publisher.end()
                publishing.join()
            }
            while true {
                if let job = queue.pop() {
                    try core.seal(job)
                    queue.recycle(job)
                    shared.announce(core.head)
                    checkpoint(isDue: SystemClock.monotonicMs() - checkpointAtMs >= configuration.checkpointIntervalMs)
                    pruneChain()
                } else if core.state.isCheckpointUnderway {
                    checkpoint(isDue: false)
                } else if shared.isExecutorDone && queue.isEmpty {
                    break
                } else {
                    queue.sealer.park(timeoutMs: -1) { !queue.isEmpty || shared.isExecutorDone }
                }
            }
            finishCheckpoints()
        } catch {
            shared.fail(error)
        }
    }

    /// Not worth ending the node for.
    private func pruneChain() {
        let limits = ChainPruner.Limits(
            finalBatches: shared.finalBatchCount, throughBlock: shared.pruneThroughBlock,
            beforeMs: core.head.timeMs - min(core.head.timeMs, configuration.batchKeepMs))
        do {
            try pruner.step(limits, rowsMax: Self.prunedRows)
            isPruningFailing = false
        } catch {
            if !isPruningFailing { logger.error("the chain cannot be pruned, so that its file grows", metadata: ["reason": "\(error)"]) }
            isPruningFailing = true
        }
    }

    // MARK: Checkpoints

    /// Begins a checkpoint if it is time for one and the last one is done with, and goes on with the one underway.
    private func checkpoint(isDue: Bool) {
        let started = ContinuousClock.now
        do {
            if !core.state.isCheckpointUnderway {
                guard isDue, publisher.isReady, let header = core.header, header.number > checkpointBlock else { return }
                checkpointAtMs = SystemClock.monotonicMs()
                let head = CheckpointHead(header: header, sequence: core.sequence, previous: publisher.previous)
                try core.state.beginCheckpoint(
                    head, directory: configuration.directory.checkpoints, deployment: configuration.deployment)
                checkpointBlock = header.number
            }
            if let finished = try core.state.writeSome(pagesMax: Self.slicePages) { publisher.publish(finished) }
        } catch {
            publisher.noteFailure(error)
        }
        let took = started.duration(to: .now)
        let microseconds = UInt64(took / .microseconds(1))
        let statistics = shared.statistics
        statistics.checkpointMicroseconds.add(microseconds)
        statistics.checkpointSliceMicrosecondsMax.raise(to: microseconds)
    }

    /// Writes the state after the last block, unless a checkpoint has it already, and waits for the disk.
    private func finishCheckpoints() {
        while core.state.isCheckpointUnderway { checkpoint(isDue: false) }
        while !publisher.isReady { shared.sealerParker.park(timeoutMs: -1) { publisher.isReady } }
        checkpoint(isDue: true)
        while core.state.isCheckpointUnderway { checkpoint(isDue: false) }
    }
}
