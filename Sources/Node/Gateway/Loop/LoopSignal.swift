import CLibuv
import Sequencer
import Synchronization

/// How other threads reach one loop of a gateway.
///
/// Waking is cheap while the loop is awake: it announces its sleep, looks for records once more, and only then sleeps; a waker makes its records
/// visible, looks for the announcement, and only then makes a system call. A full fence on each side makes it impossible for both to miss the other.
/// There is no lock, so that the loop never waits for a thread that was stopped, by a busy scheduler, while it held one.
final class LoopSignal: Sendable {
    /// Sealed blocks that wait for the loop: at four blocks a second it has been away for a minute when there is no room.
    private static let sealedMax = 256

    private let isAsleep = Atomic<Bool>(false)
    private let drained = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)
    private let sealed = HandoverRing<SealedHead>(capacity: sealedMax)
    /// Outlives the loop, so that a wake-up that comes late does no harm.
    private let event: EventDescriptor
    nonisolated(unsafe) let poll: UnsafeMutablePointer<uv_poll_t>

    /// Throws if the process has no descriptor left.
    init() throws(GatewayError) {
        do { event = try EventDescriptor() } catch { throw GatewayError("make a wake-up", -error.errorNumber) }
        poll = .allocate(capacity: 1)
        poll.initialize(to: uv_poll_t())
    }

    deinit { poll.deallocate() }

    /// From here on wake-ups end the loop's sleep. Before the loop runs, which must not outlive this.
    func attach(to loop: UnsafeMutablePointer<uv_loop_t>) throws(GatewayError) {
        var result = uv_poll_init(loop, poll, event.number)
        poll.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        if result == 0 {
            result = uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { poll, _, _ in
                guard let signal = poll?.pointee.data else { return }
                Unmanaged<LoopSignal>.fromOpaque(signal).takeUnretainedValue().event.clear()
            }
        }
        guard result == 0 else { throw GatewayError("watch for wake-ups", result) }
    }

    /// Makes the loop look for records if it sleeps. Any thread; without effect when the loop does not run.
    func wake() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isAsleep.load(ordering: .sequentiallyConsistent), isAsleep.exchange(false, ordering: .sequentiallyConsistent) else { return }
        poke()
    }

    /// Makes the loop take a turn soon, whether it sleeps or not. Any thread.
    func poke() { event.signal() }

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

    /// Tells the loop of a sealed block; if too many wait, this one is left out. Only one thread may call it.
    func publish(_ block: SealedHead) {
        if sealed.tryPut(block) { poke() }
    }

    /// The oldest sealed block that was not taken. Loop's thread.
    func takeSealedBlock() -> SealedHead? { sealed.take() }

    /// Whether the loop writes nothing to its ring any more.
    var isDrained: Bool { drained.load(ordering: .acquiring) || ended.load(ordering: .acquiring) }
    func setDrained() { drained.store(true, ordering: .releasing) }

    /// The loop takes no turn any more. Loop's thread.
    func setEnded() { ended.store(true, ordering: .releasing) }
}
