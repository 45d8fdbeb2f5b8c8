import Glibc

/// A connected, non-blocking TCP socket. Each system call is wrapped once; interrupted calls are repeated.
struct ClientSocket: ~Copyable {
    let descriptor: Int32

    enum Transfer: Equatable {
        case bytes(Int)
        case wouldBlock
        /// The peer ended the connection, or it broke.
        case ended
    }

    /// Connects to the first address of `url` that answers, within `timeoutMs` each.
    init(_ url: GatewayURL, timeoutMs: Int32) throws(GatewayClientError) {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(url.host, String(url.port), &hints, &list)
        guard result == 0 else { throw .cannotConnect(url, reason: String(cString: gai_strerror(result))) }
        defer { freeaddrinfo(list) }
        var reason = "no address"
        var next = list
        while let address = next {
            let candidate = socket(
                address.pointee.ai_family, address.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
                address.pointee.ai_protocol)
            if candidate >= 0 {
                let error = Self.connect(candidate, address.pointee, timeoutMs: timeoutMs)
                if error == 0 {
                    var one: Int32 = 1
                    setsockopt(candidate, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
                    descriptor = candidate
                    return
                }
                reason = String(cString: strerror(error))
                Glibc.close(candidate)
            } else {
                reason = String(cString: strerror(errno))
            }
            next = address.pointee.ai_next
        }
        throw .cannotConnect(url, reason: reason)
    }

    deinit { Glibc.close(descriptor) }

    /// 0, or an errno value.
    private static func connect(_ descriptor: Int32, _ address: addrinfo, timeoutMs: Int32) -> Int32 {
        if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return 0 }
        guard errno == EINPROGRESS || errno == EINTR else { return errno }
        guard poll(descriptor, Int16(POLLOUT), timeoutMs: timeoutMs) else { return ETIMEDOUT }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }

    /// Waits for any of `events`; false if `timeoutMs` passed first (or a signal came).
    private static func poll(_ descriptor: Int32, _ events: Int16, timeoutMs: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        return Glibc.poll(&entry, 1, timeoutMs) > 0
    }

    /// Waits until the socket can be read (or written, if `forOutput`); false if `timeoutMs` passed first.
    func wait(forOutput: Bool, timeoutMs: Int32) -> Bool {
        Self.poll(descriptor, Int16(forOutput ? POLLIN | POLLOUT : POLLIN), timeoutMs: timeoutMs)
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        while true {
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .ended
        }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .ended
        }
    }
}
