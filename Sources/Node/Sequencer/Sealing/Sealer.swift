import Logging

/// The sealer's loop: seals closed blocks as they come and writes checkpoints. Used by one thread.
final class Sealer {
    private let core: BlockSealer
    private let queue: SealQueue
    private let shared: NodeShared
    private let configuration: SequencerConfiguration
    private let logger: Logger
    private var checkpointBlock: UInt64
    private var checkpointAtMs = SystemClock.monotonicMs()

    init(
        _ core: BlockSealer, queue: SealQueue, shared: NodeShared, configuration: SequencerConfiguration, checkpointBlock: UInt64,
        logger: Logger
    ) {
        self.core = core
        self.queue = queue
        self.shared = shared
        self.configuration = configuration
        self.checkpointBlock = checkpointBlock
        self.logger = logger
    }

    static func start(_ sealer: sending Sealer) throws -> DedicatedThread {
        let box = Handover(sealer)
        return try DedicatedThread(name: "memex-sealer") { box.value.run() }
    }

    private func run() {
        do {
            while true {
                if let job = queue.pop() {
                    try core.seal(job)
                    queue.recycle(job)
                    shared.announce(core.head)
                    if SystemClock.monotonicMs() - checkpointAtMs >= configuration.checkpointIntervalMs { try checkpoint() }
                } else if shared.isExecutorDone && queue.isEmpty {
                    break
                } else {
                    queue.sealer.park(timeoutMs: -1) { !queue.isEmpty || shared.isExecutorDone }
                }
            }
            try checkpoint()
        } catch {
            shared.fail(error)
        }
    }

    /// Writes the state after the last sealed block, then lets go of what only older checkpoints need.
    private func checkpoint() throws {
        checkpointAtMs = SystemClock.monotonicMs()
        guard let header = core.header, header.number > checkpointBlock else { return }
        let directory = configuration.directory.checkpoints
        try Checkpoint.write(
            directory: directory, tree: core.tree, header: header, sequence: core.sequence, deployment: configuration.deployment)
        try Checkpoint.removeOld(directory: directory, keeping: 2)
        // The journal must still serve the older of the two, should the newer one turn out to be unreadable.
        let kept = try Checkpoint.list(directory)
        if kept.count > 1, let oldest = kept.last { shared.setPruneThroughBlock(oldest.block) }
        checkpointBlock = header.number
        shared.statistics.checkpoints.add(1)
        let tookMs = SystemClock.monotonicMs() - checkpointAtMs
        logger.info("checkpoint written", metadata: ["block": "\(header.number)", "milliseconds": "\(tookMs)"])
    }
}
