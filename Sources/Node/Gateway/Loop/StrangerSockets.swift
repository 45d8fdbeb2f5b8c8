import CLinux
import Glibc

/// The sockets of all who have no ``Standing``, in an `epoll` set apart from libuv's: what comes over them stays in the kernel until there is time for it,
/// however many they are, and a report of theirs never stands before that of a trader's socket. Each watch ends with its report.
struct StrangerSockets: ~Copyable {
    /// Readable while there are reports.
    let descriptor: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private static let reportsMax = 64

    init() throws(GatewayError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .system(action: "watch sockets", reason: String(cString: strerror(errno))) }
        events = .allocate(capacity: Self.reportsMax)
        events.initialize(repeating: epoll_event())
    }

    deinit {
        close(descriptor)
        events.deallocate()
    }

    /// Has one report made, now or when there is something to read. False if the kernel has no memory for it.
    func watch(_ socket: Int32, session: UInt32) -> Bool {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue
        event.data.u64 = UInt64(session)
        // It is known already, unless this is its first time.
        if epoll_ctl(descriptor, EPOLL_CTL_MOD, socket, &event) == 0 { return true }
        guard epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event) != 0 else { return true }
        precondition(errno == ENOMEM || errno == ENOSPC, "epoll_ctl: \(String(cString: strerror(errno)))")
        return false
    }

    func forget(_ socket: Int32) { epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil) }

    /// Takes some reports: the sessions' names. A session may have ended since.
    func takeReports(_ body: (_ session: UInt32) -> Void) {
        let count = epoll_wait(descriptor, events.baseAddress, Int32(events.count), 0)
        guard count > 0 else { return }
        for event in events[..<Int(count)] { body(UInt32(truncatingIfNeeded: event.data.u64)) }
    }
}
