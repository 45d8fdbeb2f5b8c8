import Glibc
import Synchronization

/// A second thread for large jobs. It helps if it finds a core idle and is never waited for before it has begun: the caller works through
/// the pieces itself and takes back the offer when none is left.
///
/// The helper's niceness is 19, so it hardly takes time from a thread of the executor or the gateway that wants the same core.
/// One thread at a time may call `run`.
final class HashingHelper: @unchecked Sendable {
    private enum State {
        static let idle = 0
        static let offered = 1
        static let taken = 2
        static let ended = 3
    }

    private let state = Atomic<Int>(State.idle)
    private let nextPiece = Atomic<Int>(0)
    /// Written only while the state is idle.
    private var pieceCount = 0
    private var work: (_ piece: Int, _ worker: Int) -> Void = { _, _ in }
    private let offers: UnsafeMutablePointer<sem_t>
    private let completions: UnsafeMutablePointer<sem_t>
    private var thread: pthread_t?

    /// Starts the thread. If the system refuses it, the caller's thread does everything.
    init() {
        offers = .allocate(capacity: 1)
        completions = .allocate(capacity: 1)
        sem_init(offers, 0, 0)
        sem_init(completions, 0, 0)
        var started = pthread_t()
        // The thread ends before this object does: see deinit.
        let failed = pthread_create(
            &started, nil,
            { context in
                if let context { Unmanaged<HashingHelper>.fromOpaque(context).takeUnretainedValue().help() }
                return nil
            }, Unmanaged.passUnretained(self).toOpaque())
        if failed == 0 { thread = started }
    }

    deinit {
        if let thread {
            state.store(State.ended, ordering: .releasing)
            sem_post(offers)
            pthread_join(thread, nil)
        }
        sem_destroy(offers)
        sem_destroy(completions)
        offers.deallocate()
        completions.deallocate()
    }

    /// Calls `body` once for each piece below `count`, on this thread as worker 0 and perhaps on the helper as worker 1; returns when all are done.
    func run(count: Int, _ body: (_ piece: Int, _ worker: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            work = body
            pieceCount = count
            nextPiece.store(0, ordering: .relaxed)
            state.store(State.offered, ordering: .releasing)
            if thread != nil { sem_post(offers) }
            takePieces(worker: 0)
            let (tookBack, _) = state.compareExchange(expected: State.offered, desired: State.idle, ordering: .acquiringAndReleasing)
            if !tookBack {
                Self.wait(completions)
                state.store(State.idle, ordering: .relaxed)
            }
            work = { _, _ in }
        }
    }

    private func help() {
        // On Linux this is the niceness of the calling thread alone.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
        while true {
            Self.wait(offers)
            if state.load(ordering: .acquiring) == State.ended { return }
            let (took, _) = state.compareExchange(expected: State.offered, desired: State.taken, ordering: .acquiringAndReleasing)
            // An offer that was taken back leaves its wake-up behind.
            guard took else { continue }
            takePieces(worker: 1)
            sem_post(completions)
        }
    }

    private func takePieces(worker: Int) {
        while true {
            let piece = nextPiece.add(1, ordering: .relaxed).oldValue
            guard piece < pieceCount else { return }
            work(piece, worker)
        }
    }

    private static func wait(_ semaphore: UnsafeMutablePointer<sem_t>) {
        while sem_wait(semaphore) != 0 { precondition(errno == EINTR, "sem_wait: errno \(errno)") }
    }
}
