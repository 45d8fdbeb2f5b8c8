import CLinux
import Foundation

/// `epoll`, level-triggered, each call wrapped once. Descriptors carry a number of the caller's.
struct ReadinessQueue: ~Copyable {
    private let descriptor: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>

    init(capacity: Int = 256) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(descriptor >= 0, "epoll_create1: \(String(cString: strerror(errno)))")
        events = .allocate(capacity: capacity)
        events.initialize(repeating: epoll_event())
    }

    deinit {
        close(descriptor)
        events.deallocate()
    }

    func add(_ socket: Int32, number: Int) { control(EPOLL_CTL_ADD, socket, number, forOutput: false) }

    /// Watches for room to write, too, or no longer.
    func watch(_ socket: Int32, number: Int, forOutput: Bool) { control(EPOLL_CTL_MOD, socket, number, forOutput: forOutput) }

    func remove(_ socket: Int32) { epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil) }

    private func control(_ operation: Int32, _ socket: Int32, _ number: Int, forOutput: Bool) {
        var event = epoll_event()
        event.events = forOutput ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue
        event.data.u64 = UInt64(number)
        let result = epoll_ctl(descriptor, operation, socket, &event)
        precondition(result == 0, "epoll_ctl: \(String(cString: strerror(errno)))")
    }

    /// Waits up to `nanoseconds` (0: not at all) and tells what is ready. Returns how many descriptors were.
    @discardableResult
    @inline(__always)
    func wait(nanoseconds: Int, _ body: (_ number: Int, _ isReadable: Bool, _ isWritable: Bool) -> Void) -> Int {
        let count = linux_epoll_wait_nanoseconds(descriptor, events.baseAddress, Int32(events.count), nanoseconds)
        guard count > 0 else { return 0 }
        for index in 0..<Int(count) {
            let ready = events[index].events
            // Errors and hang-ups show when the socket is read.
            body(Int(events[index].data.u64), ready & ~EPOLLOUT.rawValue != 0, ready & EPOLLOUT.rawValue != 0)
        }
        return Int(count)
    }
}
