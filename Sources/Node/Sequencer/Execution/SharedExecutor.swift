import Glibc
import Synchronization

/// The executor and who may use it: one thread at a time. Its own, while that is awake; while it sleeps, any thread of the gateway that has a little
/// work for it and would have to wake it for that.
///
/// Being woken takes a thread longer than a small group takes altogether, and each command would wait for it twice: for the executor's thread to be woken,
/// and for the gateway's to be woken with the answer.
///
/// Ownership is one word: 0, or the thread that has the executor. Taking it synchronizes with letting it go, so nothing of the executor's needs a lock.
/// No wake-up is lost: the executor's thread looks for work while it still has the executor and has already announced its sleep, and lets go only then; who
/// finds it taken, or leaves something undone, wakes it.
final class SharedExecutor: @unchecked Sendable {
    private let shared: NodeShared
    /// Nil when all threads are done with it.
    private var held: Executor?
    /// Not the journal itself, whose files are closed with the executor.
    private let journalWrites: WriteWatch
    private let clockMs: @Sendable () -> UInt64
    /// Whether other threads than its own may take it.
    private let isLent: Bool
    private let owner = Atomic<UInt>(SharedExecutor.notStarted)
    /// Whether the executor's thread waits for another one to let go.
    private let isAwaited = Atomic<Bool>(false)
    /// Uptime at which the executor's thread wakes by itself. Belongs to whoever has the executor.
    private var wakesAtMs: UInt64 = 0

    /// In place of a thread: nobody may take it.
    private static let notStarted = UInt.max

    /// `isLent`: whether threads of the gateway may do some of its work. Not where that means waiting for a disk.
    init(_ executor: Executor, isLent: Bool, clockMs: @escaping @Sendable () -> UInt64) {
        held = executor
        shared = executor.shared
        journalWrites = executor.journal.writes
        self.isLent = isLent
        self.clockMs = clockMs
    }

    /// To be used by the thread that has it only.
    var executor: Executor {
        guard let held else { preconditionFailure("the executor has ended") }
        return held
    }

    private var parker: Parker { shared.executorParker }

    func nowMs() -> UInt64 { clockMs() }

    // MARK: The executor's thread

    /// The calling thread is the executor's from now on, and has it.
    func begin() {
        let before = owner.exchange(Self.thisThread, ordering: .acquiringAndReleasing)
        precondition(before == Self.notStarted, "the executor has a thread already")
    }

    /// Lets go and sleeps, unless there is something to do. False if the executor is not to be used any more; else the thread has it again.
    func sleep(timeoutMs: Int32) -> Bool {
        wakesAtMs = SystemClock.monotonicMs() + UInt64(timeoutMs)
        var isReleased = false
        parker.park(timeoutMs: timeoutMs) {
            if executor.hasWork || shared.isStopping { return true }
            release()
            isReleased = true
            return false
        }
        return !isReleased || takeBack()
    }

    private func takeBack() -> Bool {
        defer { isAwaited.store(false, ordering: .relaxed) }
        while !take() {
            if shared.failure != nil { return false }
            isAwaited.store(true, ordering: .sequentiallyConsistent)
            parker.park(timeoutMs: 1) { owner.load(ordering: .sequentiallyConsistent) == 0 }
        }
        return true
    }

    /// Closes the executor's files. Only when its thread has ended, or was never begun: it had the executor and keeps it, so nobody can take it any more.
    func end() {
        precondition(owner.load(ordering: .acquiring) != 0)
        held = nil
    }

    // MARK: Threads of the gateway

    /// Does what little waits in the rings if the executor's thread sleeps. False if it is to be woken instead. Whoever calls this has committed
    /// what it wrote; `makeRoom` must read the log.
    ///
    /// Writing to tail and log can wait for the disk, and as long as a thread of the gateway waits, its clients are not even told that the node is busy. So when
    /// others wait for the disk, the executor's thread does.
    func stepInPlace(makeRoom: () -> Void) -> Bool {
        guard isLent, !isAwaited.load(ordering: .relaxed), !journalWrites.isDiskSlow, take() else { return false }
        let isWakeNeeded: Bool
        do {
            let nowMs = clockMs()
            let isAllDone = try executor.stepBriefly(nowMs: nowMs, makeRoom: makeRoom)
            isWakeNeeded = !isAllDone || SystemClock.monotonicMs() + UInt64(executor.sleepMs(nowMs: nowMs)) < wakesAtMs
        } catch {
            // Nobody may use it any more, so it is not let go of.
            shared.fail(error)
            return true
        }
        release()
        if isWakeNeeded || isAwaited.load(ordering: .sequentiallyConsistent) { parker.wake() }
        return true
    }

    // MARK: Ownership

    private static var thisThread: UInt { UInt(pthread_self()) }

    private func take() -> Bool {
        owner.compareExchange(expected: 0, desired: Self.thisThread, ordering: .acquiringAndReleasing).exchanged
    }

    private func release() {
        let before = owner.exchange(0, ordering: .sequentiallyConsistent)
        precondition(before == Self.thisThread, "two threads used the executor at once")
    }
}
