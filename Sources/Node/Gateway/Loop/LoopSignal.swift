import CLibuv
import Sequencer
import Synchronization

/// How other threads reach one loop of a gateway.
///
/// Waking is cheap while the loop is awake: it announces its sleep, looks for records once more, and only then sleeps; a waker makes its records
/// visible, looks for the announcement, and only then makes a system call. A full fence on each side makes it impossible for both to miss the other.
final class LoopSignal: Sendable {
    private struct State {
        /// Whether the handle takes wake-ups.
        var isAttached = false
        var sealed: [SealedHead] = []
    }

    private let state = Mutex(State())
    private let isAsleep = Atomic<Bool>(false)
    private let drained = Atomic<Bool>(false)
    nonisolated(unsafe) let async: UnsafeMutablePointer<uv_async_t>

    init() {
        async = .allocate(capacity: 1)
        async.initialize(to: uv_async_t())
    }

    deinit { async.deallocate() }

    /// Makes the loop look for records if it sleeps. Any thread; without effect when the loop does not run.
    func wake() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isAsleep.load(ordering: .sequentiallyConsistent), isAsleep.exchange(false, ordering: .sequentiallyConsistent) else { return }
        poke()
    }

    /// Makes the loop take a turn soon, whether it sleeps or not. Any thread.
    func poke() {
        state.withLock { state in
            guard state.isAttached else { return }
            uv_async_send(async)
        }
    }

    /// To be called before the loop blocks; if this returns false there are records, and it must not. Loop's thread.
    func mayFallAsleep(unless hasRecords: () -> Bool) -> Bool {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard hasRecords() else { return true }
        awoke()
        return false
    }

    /// Loop's thread.
    func awoke() {
        guard isAsleep.load(ordering: .relaxed) else { return }
        isAsleep.store(false, ordering: .sequentiallyConsistent)
    }

    func publish(_ block: SealedHead) {
        state.withLock { state in
            guard state.isAttached else { return }
            state.sealed.append(block)
            uv_async_send(async)
        }
    }

    /// The sealed blocks since the last call. Loop's thread.
    func takeSealedBlocks() -> [SealedHead] {
        state.withLock { state in
            guard !state.sealed.isEmpty else { return [] }
            defer { state.sealed.removeAll() }
            return state.sealed
        }
    }

    /// Whether the loop writes nothing to its ring any more.
    var isDrained: Bool { drained.load(ordering: .acquiring) || state.withLock { !$0.isAttached } }
    func setDrained() { drained.store(true, ordering: .releasing) }

    /// From here on wake-ups reach the loop.
    func attach() { state.withLock { $0.isAttached = true } }
    func detach() { state.withLock { $0.isAttached = false } }
}
