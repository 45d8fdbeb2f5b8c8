import Glibc
import Synchronization

/// A second thread for large jobs. It helps if it finds a core idle and is never waited for before it has begun: the caller works through
/// the pieces itself and takes back the offer when none is left.
///
/// It gives way to a thread of the executor or the gateway that wants the same core. If that happens with a piece in its hands, the caller has to
/// wait for that piece, and then does without it for the next `restRuns` jobs: a machine with nothing to spare delays one job in so many.
/// One thread at a time may call `run`.
final class HashingHelper: @unchecked Sendable {
    /// The helper goes awake → asleep and offered → taken → awake, the caller puts `offered` in the place of the first two and takes it back.
    private enum State {
        /// The helper looks for an offer; it wakes from an earlier one at the latest.
        static let awake = 0
        /// The helper waits for `offers`.
        static let asleep = 1
        static let offered = 2
        static let taken = 3
        /// Taken, and the caller waits for `completions`.
        static let awaited = 4
        static let ended = 5
    }

    /// A tenth of a core that another thread wants. Not 19: a thread that gets a hundredth of a core keeps its caller waiting for hundreds of
    /// milliseconds when it loses it in the middle of a piece.
    private static let niceness: Int32 = 10
    /// Several times what a piece takes: a helper that runs is done by then. As long it looks out for the next offer: a job comes in several.
    private static let patienceNanoseconds = 300_000
    /// Jobs done alone after a helper that was not done in time.
    static let restRuns = 64

    private let state = Atomic<Int>(State.awake)
    private let nextPiece = Atomic<Int>(0)
    /// Both written only while the helper has no access: before an offer, and after it was taken back or done.
    private var pieceCount = 0
    private var work: (_ piece: Int, _ worker: Int) -> Void = { _, _ in }
    private var runsToRest = 0
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
            putUp(State.ended)
            pthread_join(thread, nil)
        }
        sem_destroy(offers)
        sem_destroy(completions)
        offers.deallocate()
        completions.deallocate()
    }

    /// Calls `body` once for each piece below `count`, on this thread as worker 0 and perhaps on the helper as worker 1; returns when all are done.
    func run(count: Int, _ body: (_ piece: Int, _ worker: Int) -> Void) {
        guard thread != nil, runsToRest == 0 else {
            runsToRest = max(0, runsToRest - 1)
            for piece in 0..<count { body(piece, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            work = body
            pieceCount = count
            nextPiece.store(0, ordering: .relaxed)
            putUp(State.offered)
            takePieces(worker: 0)
            if !change(from: State.offered, to: State.awake) { awaitHelper() }
            work = { _, _ in }
        }
    }

    /// Offers work or the end to the helper, which is awake or asleep.
    private func putUp(_ offer: Int) {
        if state.exchange(offer, ordering: .acquiringAndReleasing) == State.asleep { sem_post(offers) }
    }

    private func awaitHelper() {
        guard !look(until: { $0 != State.taken }), change(from: State.taken, to: State.awaited) else { return }
        Self.wait(completions)
        runsToRest = Self.restRuns
    }

    private func help() {
        // On Linux this is the niceness of the calling thread alone.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
        while state.load(ordering: .acquiring) != State.ended {
            if change(from: State.offered, to: State.taken) {
                takePieces(worker: 1)
                if state.exchange(State.awake, ordering: .acquiringAndReleasing) == State.awaited { sem_post(completions) }
            }
            if !look(until: { $0 != State.awake }), change(from: State.awake, to: State.asleep) { Self.wait(offers) }
        }
    }

    private func takePieces(worker: Int) {
        while true {
            let piece = nextPiece.add(1, ordering: .relaxed).oldValue
            guard piece < pieceCount else { return }
            work(piece, worker)
        }
    }

    private func change(from expected: Int, to desired: Int) -> Bool {
        state.compareExchange(expected: expected, desired: desired, ordering: .acquiringAndReleasing).exchanged
    }

    /// Looks at the state for `patienceNanoseconds`. Whether `condition` came true.
    private func look(until condition: (Int) -> Bool) -> Bool {
        let start = Self.nanoseconds()
        repeat {
            if condition(state.load(ordering: .acquiring)) { return true }
        } while Self.nanoseconds() - start < Self.patienceNanoseconds
        return false
    }

    private static func nanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func wait(_ semaphore: UnsafeMutablePointer<sem_t>) {
        while sem_wait(semaphore) != 0 { precondition(errno == EINTR, "sem_wait: errno \(errno)") }
    }
}
