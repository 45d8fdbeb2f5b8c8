import CLinux
import Glibc
import Synchronization

/// Lets one thread sleep until others have work for it, without a system call for them while it is awake.
///
/// The sleeper announces itself, looks for work once more, and only then sleeps; a waker makes its work visible, looks for the announcement,
/// and only then writes the eventfd. A full fence on each side makes it impossible for both to miss the other.
package final class Parker: Sendable {
    private let descriptor: Int32
    private let isParked = Atomic<Bool>(false)

    /// Throws if the process has no descriptor left.
    package init() throws(SystemCallFailed) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw SystemCallFailed("eventfd", errno) }
    }

    deinit { close(descriptor) }

    /// Sleeps until ``wake()``, until `timeoutMs` have passed (negative: no limit), or not at all if `hasWork` says so.
    /// May return early; the caller looks for work in any case. Only one thread may call it.
    package func park(timeoutMs: Int32, unless hasWork: () -> Bool) {
        isParked.store(true, ordering: .sequentiallyConsistent)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if !hasWork() {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, timeoutMs) < 0 {
                // EINTR counts as an early return; the others only a defect here can cause.
                precondition(errno == EINTR || errno == ENOMEM, "poll of an eventfd: errno \(errno)")
            }
        }
        isParked.store(false, ordering: .sequentiallyConsistent)
        var count: UInt64 = 0
        // Not there to be read unless a waker wrote it: EAGAIN is the usual outcome after a timeout.
        while read(descriptor, &count, 8) < 0, errno == EINTR {}
    }

    /// Ends the sleep of the parked thread, if it sleeps or is about to. Call it after the work is visible. Any thread.
    package func wake() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isParked.load(ordering: .sequentiallyConsistent), isParked.exchange(false, ordering: .sequentiallyConsistent) else { return }
        var one: UInt64 = 1
        while write(descriptor, &one, 8) < 0 {
            precondition(errno == EINTR, "write to an eventfd: errno \(errno)")
        }
    }
}
