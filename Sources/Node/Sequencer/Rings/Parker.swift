import Glibc
import Synchronization

/// Lets one thread sleep until others have work for it, without a system call for them while it is awake.
///
/// The sleeper announces itself, looks for work once more, and only then sleeps; a waker makes its work visible, looks for the announcement,
/// and only then signals it. A full fence on each side makes it impossible for both to miss the other.
package final class Parker: Sendable {
    private let event: EventDescriptor
    private let isParked = Atomic<Bool>(false)

    /// Throws if the process has no descriptor left.
    package init() throws(SystemCallFailed) { event = try EventDescriptor() }

    /// Sleeps until ``wake()``, until `timeoutMs` have passed (negative: no limit), or not at all if `hasWork` says so.
    /// May return early; the caller looks for work in any case. Only one thread may call it.
    package func park(timeoutMs: Int32, unless hasWork: () -> Bool) {
        isParked.store(true, ordering: .sequentiallyConsistent)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if !hasWork() {
            var poll = pollfd(fd: event.number, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, timeoutMs) < 0 {
                // EINTR counts as an early return; the others only a defect here can cause.
                precondition(errno == EINTR || errno == ENOMEM, "poll of an eventfd: errno \(errno)")
            }
        }
        isParked.store(false, ordering: .sequentiallyConsistent)
        event.clear()
    }

    /// Ends the sleep of the parked thread, if it sleeps or is about to. Call it after the work is visible. Any thread.
    package func wake() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isParked.load(ordering: .sequentiallyConsistent), isParked.exchange(false, ordering: .sequentiallyConsistent) else { return }
        event.signal()
    }
}
