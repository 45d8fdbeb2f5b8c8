import CLinux
import Glibc

/// A file descriptor by which any thread ends another's sleep: eventfd(2).
package struct EventDescriptor: ~Copyable, Sendable {
    /// Readable from ``signal()`` to ``clear()``.
    package let number: Int32

    /// Throws if the process has no descriptor left.
    package init() throws(SystemCallFailed) {
        number = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard number >= 0 else { throw SystemCallFailed("eventfd", errno) }
    }

    deinit { close(number) }

    /// Any thread; it never waits.
    package func signal() {
        var one: UInt64 = 1
        // EAGAIN: 2^64 signals that nobody has cleared.
        while write(number, &one, 8) < 0, errno != EAGAIN {
            precondition(errno == EINTR, "write to an eventfd: errno \(errno)")
        }
    }

    /// Without effect if nothing was signalled.
    package func clear() {
        var count: UInt64 = 0
        while read(number, &count, 8) < 0, errno == EINTR {}
    }
}
