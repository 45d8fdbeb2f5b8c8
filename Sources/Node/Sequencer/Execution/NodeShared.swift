import Synchronization

/// What the node's threads share besides rings and queues.
package final class NodeShared: Sendable {
    package let statistics = NodeStatistics()
    /// Wakes the executor. The gateway calls `wake` after it committed records, and may call it after it made room in the output ring.
    package let executorParker: Parker

    private struct Callbacks {
        var wakeGateway: (@Sendable () -> Void)?
        var blockSealed: (@Sendable (SealedHead) -> Void)?
    }

    private let callbacks = Mutex(Callbacks())
    private let head: Mutex<SealedHead>
    private let gatewayGone = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)

    init(executorParker: Parker, head: SealedHead) {
        self.executorParker = executorParker
        self.head = Mutex(head)
    }

    /// The last sealed block.
    package var sealedHead: SealedHead { head.withLock { $0 } }

    /// `wakeGateway` is called on the executor's thread when the output ring has something new, `blockSealed` on the sealer's thread when a header is signed
    /// and stored. Neither may block.
    package func connect(wakeGateway: (@Sendable () -> Void)?, blockSealed: (@Sendable (SealedHead) -> Void)?) {
        callbacks.withLock { $0 = Callbacks(wakeGateway: wakeGateway, blockSealed: blockSealed) }
    }

    func wakeGateway() {
        let callback = callbacks.withLock { $0.wakeGateway }
        callback?()
    }

    func announce(_ sealed: SealedHead) {
        head.withLock { $0 = sealed }
        let callback = callbacks.withLock { $0.blockSealed }
        callback?(sealed)
    }

    /// Whether nobody reads the output ring any more.
    var isGatewayGone: Bool { gatewayGone.load(ordering: .acquiring) }

    /// Says that nobody reads the output ring any more: results that do not fit it are dropped.
    package func setGatewayGone() {
        gatewayGone.store(true, ordering: .releasing)
        executorParker.wake()
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    func setStopping() {
        stopping.store(true, ordering: .releasing)
        executorParker.wake()
    }
}
