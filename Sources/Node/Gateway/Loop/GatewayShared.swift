import CLibuv
import Synchronization
import Sequencer

/// What other threads may touch of a running gateway.
package final class GatewayShared: Sendable {
    private struct State {
        /// Nil once the loop no longer takes wake-ups.
        nonisolated(unsafe) var async: UnsafeMutablePointer<uv_async_t>?
        var sealed: [SealedHead] = []
    }

    private let state: Mutex<State>
    private let stopRequested = Atomic<Bool>(false)
    private let drainRequested = Atomic<Bool>(false)
    private let drained = Atomic<Bool>(false)
    nonisolated(unsafe) let async: UnsafeMutablePointer<uv_async_t>

    init() {
        async = .allocate(capacity: 1)
        async.initialize(to: uv_async_t())
        state = Mutex(State(async: nil))
    }

    deinit { async.deallocate() }

    /// Makes the loop take a turn soon. Any thread; without effect when the loop does not run.
    func wake() {
        state.withLock { state in
            guard let async = state.async else { return }
            uv_async_send(async)
        }
    }

    func publish(_ block: SealedHead) {
        state.withLock { state in
            guard let async = state.async else { return }
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

    var isStopRequested: Bool { stopRequested.load(ordering: .acquiring) }

    func requestStop() {
        stopRequested.store(true, ordering: .releasing)
        wake()
    }

    /// Whether the ring to the executor may not be written any more.
    var isDrainRequested: Bool { drainRequested.load(ordering: .acquiring) }

    func requestDrain() {
        drainRequested.store(true, ordering: .releasing)
        wake()
    }

    /// Whether the loop has seen the request: from then on nothing is written.
    var isDrained: Bool { drained.load(ordering: .acquiring) || state.withLock { $0.async == nil } }

    func setDrained() { drained.store(true, ordering: .releasing) }

    /// From here on wake-ups reach the loop.
    func attach() { state.withLock { $0.async = async } }

    func detach() { state.withLock { $0.async = nil } }
}
