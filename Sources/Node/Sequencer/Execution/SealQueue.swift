import Synchronization

/// Closed blocks on their way from the executor to the sealer, and empty jobs on their way back. Bounded: `capacity` blocks.
package final class SealQueue: Sendable {
    /// At full load about half a second, enough for a checkpoint of a small state.
    static let capacity = 64

    private let closed = HandoverRing<SealJob>(capacity: capacity)
    private let free = HandoverRing<SealJob>(capacity: capacity)
    /// Jobs that the executor took, and that the sealer gave back: the rest is in flight.
    private let takenCount = Atomic<Int>(0)
    private let returnedCount = Atomic<Int>(0)
    private let executor: Parker
    let sealer: Parker

    init(executor: Parker, sealer: Parker) {
        self.executor = executor
        self.sealer = sealer
    }

    /// Whether another block may be closed now. Executor's thread.
    var hasRoom: Bool { backlog < Self.capacity }

    /// Blocks closed and not sealed yet. A moment's value for other threads.
    package var backlog: Int {
        let returned = returnedCount.load(ordering: .acquiring)
        return takenCount.load(ordering: .acquiring) - returned
    }

    /// An empty job for the next block. Counts the block that is being closed as in flight. Executor's thread.
    func takeFresh() -> SealJob {
        takenCount.store(takenCount.load(ordering: .relaxed) + 1, ordering: .releasing)
        return free.take() ?? SealJob()
    }

    /// Hands closed blocks, which are in the journal, to the sealer. Executor's thread.
    func push(_ jobs: [SealJob]) {
        for job in jobs {
            let isTaken = closed.tryPut(job)
            precondition(isTaken, "\(Self.capacity) blocks are in flight already")
        }
        sealer.wake()
    }

    /// Sealer's thread, or nobody's any more.
    var isEmpty: Bool { closed.isEmpty }

    /// The oldest closed block, or nil. Sealer's thread.
    func pop() -> SealJob? { closed.take() }

    /// Gives a sealed block's job back. Sealer's thread.
    func recycle(_ job: SealJob) {
        job.removeAll()
        // One that finds no room is not needed.
        _ = free.tryPut(job)
        returnedCount.store(returnedCount.load(ordering: .relaxed) + 1, ordering: .releasing)
        executor.wake()
    }
}
