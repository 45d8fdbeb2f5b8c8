import Synchronization

/// What the node's threads share besides rings and queues.
///
/// Without locks but for a failure: the thread that has the executor must never wait for one that was stopped, by a busy scheduler, while it held a lock.
package final class NodeShared: Sendable {
    package let statistics: NodeStatistics
    /// Wakes the executor's thread. The gateway calls `wake` after it committed records, and may call it after it read much of the log.
    package let executorParker: Parker

    let sealerParker: Parker
    let journalParker: Parker

    private final class Callbacks: Sendable {
        let wakeGateway: (@Sendable () -> Void)?
        let blockSealed: (@Sendable (SealedHead) -> Void)?
        let failed: (@Sendable (any Error) -> Void)?

        init(
            wakeGateway: (@Sendable () -> Void)?, blockSealed: (@Sendable (SealedHead) -> Void)?, failed: (@Sendable (any Error) -> Void)?
        ) {
            self.wakeGateway = wakeGateway
            self.blockSealed = blockSealed
            self.failed = failed
        }
    }

    private let callbacks = AtomicLazyReference<Callbacks>()
    private let head: Latest<SealedHead>
    private let gatewayGone = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    private let executorDone = Atomic<Bool>(false)
    private let newOrders = Atomic<Bool>(true)
    private let pruneBlock = Atomic<UInt64>(0)
    private let finalBatches = Atomic<UInt64>(0)
    private let hasFailed = Atomic<Bool>(false)
    private let firstFailure = Mutex<(any Error)?>(nil)

    init(executorParker: Parker, sealerParker: Parker, journalParker: Parker, statistics: NodeStatistics, head: SealedHead) {
        self.executorParker = executorParker
        self.sealerParker = sealerParker
        self.journalParker = journalParker
        self.statistics = statistics
        self.head = Latest(head)
    }

    /// The last sealed block.
    package var sealedHead: SealedHead { head.value }

    /// `wakeGateway` is called on the thread that has the executor when the log has something new, `blockSealed` on the sealer's thread
    /// when a header is signed and stored, `failed` on either when the node cannot go on. None may block. To be called once.
    package func connect(
        wakeGateway: (@Sendable () -> Void)?, blockSealed: (@Sendable (SealedHead) -> Void)?, failed: (@Sendable (any Error) -> Void)?
    ) {
        let given = Callbacks(wakeGateway: wakeGateway, blockSealed: blockSealed, failed: failed)
        precondition(callbacks.storeIfNil(given) === given, "the node is connected already")
    }

    func wakeGateway() { callbacks.load()?.wakeGateway?() }

    func announce(_ sealed: SealedHead) {
        head.set(sealed)
        callbacks.load()?.blockSealed?(sealed)
    }

    /// Whether nobody follows the log any more.
    var isGatewayGone: Bool { gatewayGone.load(ordering: .acquiring) }

    /// Says that nobody follows the log any more, so that the executor waits for no reader.
    package func setGatewayGone() {
        gatewayGone.store(true, ordering: .releasing)
        executorParker.wake()
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    func setStopping() {
        stopping.store(true, ordering: .releasing)
        executorParker.wake()
    }

    var isExecutorDone: Bool { executorDone.load(ordering: .acquiring) }

    func setExecutorDone() {
        executorDone.store(true, ordering: .releasing)
        sealerParker.wake()
        journalParker.wake()
    }

    /// Whether new orders are taken, or only what ends them and takes funds out: an order that cannot reach L1 in time must not be acknowledged.
    package var takesNewOrders: Bool { newOrders.load(ordering: .relaxed) }

    package func setTakesNewOrders(_ takes: Bool) { newOrders.store(takes, ordering: .relaxed) }

    /// Batches that are final on L1, and ours; 0 until that is known.
    var finalBatchCount: UInt64 { finalBatches.load(ordering: .relaxed) }

    /// Lets go of what is only kept until batches are final: to be called with what a settled block of L1 says, once L1's batches were found to be ours.
    package func setFinalBatchCount(_ count: UInt64) { finalBatches.store(count, ordering: .relaxed) }

    /// Neither the journal nor the blocks to compare with it are needed up to and with this block.
    var pruneThroughBlock: UInt64 { pruneBlock.load(ordering: .acquiring) }

    func setPruneThroughBlock(_ block: UInt64) {
        pruneBlock.store(block, ordering: .releasing)
        journalParker.wake()
    }

    /// The error that made a thread give up, or nil.
    package var failure: (any Error)? { hasFailed.load(ordering: .acquiring) ? firstFailure.withLock { $0 } : nil }

    func fail(_ error: any Error) {
        let isFirst = firstFailure.withLock { failure in
            guard failure == nil else { return false }
            failure = error
            hasFailed.store(true, ordering: .releasing)
            return true
        }
        setStopping()
        sealerParker.wake()
        guard isFirst else { return }
        callbacks.load()?.failed?(error)
    }
}
