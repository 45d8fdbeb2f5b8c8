import Synchronization

/// Closed blocks on their way from the executor to the sealer, and empty jobs on their way back. Bounded: `capacity` blocks.
package final class SealQueue: Sendable {
    private struct State {
        var closed: [SealJob] = []
        var free: [SealJob] = []
        /// Jobs that the executor or the sealer holds for a closed block, or that wait in `closed`.
        var inFlight = 0
    }

    /// At full load about half a second, enough for a checkpoint of a small state.
    static let capacity = 64

    private let state = Mutex(State())
    private let executor: Parker
    let sealer: Parker

    init(executor: Parker, sealer: Parker) {
        self.executor = executor
        self.sealer = sealer
    }

    /// Whether another block may be closed now.
    var hasRoom: Bool { state.withLock { $0.inFlight < Self.capacity } }

    /// Blocks closed and not sealed yet.
    package var backlog: Int { state.withLock { $0.inFlight } }

    /// An empty job for the next block. Counts the block that is being closed as in flight.
    func takeFresh() -> SealJob {
        state.withLock { state in
            state.inFlight += 1
            return state.free.popLast() ?? SealJob()
        }
    }

    /// Hands closed blocks, which are in the journal, to the sealer.
    func push(_ jobs: [SealJob]) {
        state.withLock { $0.closed.append(contentsOf: jobs) }
        sealer.wake()
    }

    var isEmpty: Bool { state.withLock { $0.closed.isEmpty } }

    /// The oldest closed block, or nil.
    func pop() -> SealJob? {
        state.withLock { $0.closed.isEmpty ? nil : $0.closed.removeFirst() }
    }

    /// Gives a sealed block's job back.
    func recycle(_ job: SealJob) {
        job.removeAll()
        state.withLock { state in
            state.free.append(job)
            state.inFlight -= 1
        }
        executor.wake()
    }
}
