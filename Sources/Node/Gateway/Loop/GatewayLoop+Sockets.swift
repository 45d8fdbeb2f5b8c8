import CLibuv
import CLinux
import Engine
import Glibc

/// Listening, accepting, reading and closing.
extension GatewayLoop {
    /// Opens the listening socket and the loop's other handles. Returns the port.
    func open() throws(GatewayError) -> UInt16 {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check("watch for wake-ups", uv_async_init(loop, async) { _ in })
        try check("prepare turns", uv_prepare_init(loop, prepare))
        try check("make a timer", uv_timer_init(loop, timer))
        try check("make a socket", uv_tcp_init(loop, listener))
        uv_handle_set_data(handle(prepare), context)
        uv_handle_set_data(handle(timer), context)
        uv_handle_set_data(handle(listener), context)

        var address = sockaddr_storage()
        let port = Int32(configuration.port)
        let result = withUnsafeMutablePointer(to: &address) { storage -> Int32 in
            let raw = UnsafeMutableRawPointer(storage)
            let v4 = uv_ip4_addr(configuration.host, port, raw.assumingMemoryBound(to: sockaddr_in.self))
            let parsed = v4 == 0 ? 0 : uv_ip6_addr(configuration.host, port, raw.assumingMemoryBound(to: sockaddr_in6.self))
            guard parsed == 0 else { return parsed }
            return uv_tcp_bind(listener, raw.assumingMemoryBound(to: sockaddr.self), 0)
        }
        try check("bind \(configuration.host):\(configuration.port)", result)
        try check(
            "listen on \(configuration.host):\(configuration.port)",
            uv_listen(UnsafeMutableRawPointer(listener).assumingMemoryBound(to: uv_stream_t.self), 512) { stream, status in
                guard status == 0, let stream else { return }
                GatewayLoop.from(UnsafeMutableRawPointer(stream)).accept()
            })
        uv_prepare_start(prepare) { GatewayLoop.from(UnsafeMutableRawPointer($0)).turn() }
        let shortest = min(limits.handshakeTimeoutMs, limits.pingIntervalMs, limits.idleTimeoutMs, limits.closeTimeoutMs)
        let interval = max(10, min(1000, shortest / 4))
        uv_timer_start(timer, { GatewayLoop.from(UnsafeMutableRawPointer($0)).tick() }, interval, interval)
        return boundPort()
    }

    /// Runs until stopped, then frees everything.
    func run() {
        linux_name_thread("memex-gateway")
        // A write to a connection that the peer has reset must return an error, not end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        uv_run(loop, UV_RUN_DEFAULT)
        shared.detach()
        uv_loop_close(loop)
    }

    private func accept() {
        let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
        guard uv_tcp_init(loop, tcp) == 0 else { return tcp.deallocate() }
        let server = UnsafeMutableRawPointer(listener).assumingMemoryBound(to: uv_stream_t.self)
        let client = UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self)
        let isAccepted = uv_accept(server, client) == 0
        let live = connections.count - freeSlots.count
        guard isAccepted, !isStopping, live < limits.connectionsMax + limits.refusedConnectionsMax else {
            uv_close(handle(tcp)) { UnsafeMutableRawPointer($0)?.deallocate() }
            return
        }
        uv_tcp_nodelay(tcp, 1)
        let slot = freeSlots.popLast() ?? connections.count
        if slot == connections.count { connections.append(nil) }
        generation = generation == 0xFFFF ? 1 : generation + 1
        let connection = Connection(
            loop: self, slot: slot, session: UInt32(slot) | generation << 16, tcp: tcp, nowMs: nowMs)
        connections[slot] = connection
        // Released when the handle is closed.
        uv_handle_set_data(handle(tcp), Unmanaged.passRetained(connection).toOpaque())
        do throws(OpenSSLFailure) {
            if let tlsServer { connection.tls = try tlsServer.stream() }
        } catch {
            logger.warning("connection refused", metadata: ["reason": "\(error)"])
            return abandon(connection, flushing: false)
        }
        uv_read_start(
            client,
            { handle, _, buffer in
                guard let handle, let buffer else { return }
                let loop = Connection.from(UnsafeMutableRawPointer(handle)).loop
                buffer.pointee = uv_buf_init(
                    loop.readBuffer.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(loop.readBuffer.count))
            },
            { stream, count, buffer in
                guard let stream, let buffer else { return }
                let connection = Connection.from(UnsafeMutableRawPointer(stream))
                let loop = connection.loop
                if count > 0 {
                    connection.received(UnsafeMutableRawBufferPointer(start: buffer.pointee.base, count: count))
                    loop.commitToExecutor()
                    loop.turnIfDue()
                } else if count < 0 {
                    loop.abandon(connection, flushing: false)
                }
            })
    }

    /// Drops a connection now; `flushing` tries to get a last word (a TLS alert) out.
    func abandon(_ connection: Connection, flushing: Bool) {
        guard connection.phase != .gone else { return }
        if connection.phase == .open { closed(connection) }
        if flushing, !connection.isWriting {
            connection.tls?.takeOutput(into: &connection.wire)
            var buffer = uv_buf_init(
                UnsafeMutablePointer(mutating: connection.wire.bytes.baseAddress?.assumingMemoryBound(to: CChar.self)),
                UInt32(clamping: connection.wire.count))
            if !connection.wire.isEmpty {
                _ = uv_try_write(UnsafeMutableRawPointer(connection.tcp).assumingMemoryBound(to: uv_stream_t.self), &buffer, 1)
            }
        }
        connection.enter(.gone)
        connections[connection.slot] = nil
        freeSlots.append(connection.slot)
        uv_close(handle(connection.tcp)) { handle in
            guard let data = uv_handle_get_data(handle) else { return }
            Unmanaged<Connection>.fromOpaque(data).release()
        }
    }

    /// Closes everything in order: the listener at once, connections with 1001.
    func beginStop() {
        isStopping = true
        uv_close(handle(listener)) { _ in }
        for case let connection? in connections {
            if connection.phase == .open {
                connection.close(code: 1001, reason: "the gateway is shutting down")
            } else if connection.phase == .opening {
                abandon(connection, flushing: false)
            }
        }
        flushAll()
        // One more timer cycle carries the close handshakes; then everything goes.
        uv_timer_start(
            timer,
            { timer in
                let loop = GatewayLoop.from(UnsafeMutableRawPointer(timer))
                loop.tick()
                let isDone = loop.connections.allSatisfy { $0 == nil }
                if isDone || loop.nowMs > loop.stopDeadlineMs { loop.finishStop() }
            }, 10, 10)
        stopDeadlineMs = nowMs + min(limits.closeTimeoutMs, 1000)
    }

    private func finishStop() {
        for case let connection? in connections { abandon(connection, flushing: false) }
        uv_close(handle(timer)) { _ in }
        uv_close(handle(prepare)) { _ in }
        // No other thread may send to the handle from here on.
        shared.detach()
        uv_close(handle(async)) { _ in }
    }

    private func boundPort() -> UInt16 {
        var address = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &address) { bytes in
            guard let base = bytes.baseAddress, uv_tcp_getsockname(listener, base.assumingMemoryBound(to: sockaddr.self), &length) == 0
            else { return configuration.port }
            // The port stands at the same place for both families, big-endian.
            return UInt16(bigEndian: base.load(fromByteOffset: 2, as: UInt16.self))
        }
    }

    private func check(_ action: String, _ result: Int32) throws(GatewayError) {
        guard result == 0 else { throw GatewayError(action, result) }
    }

    func handle(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutablePointer<uv_handle_t> {
        pointer.assumingMemoryBound(to: uv_handle_t.self)
    }

    static func from(_ pointer: UnsafeMutableRawPointer?) -> GatewayLoop {
        guard let pointer, let data = uv_handle_get_data(pointer.assumingMemoryBound(to: uv_handle_t.self)) else {
            preconditionFailure("libuv lost its context")
        }
        return Unmanaged<GatewayLoop>.fromOpaque(data).takeUnretainedValue()
    }
}

extension Connection {
    static func from(_ pointer: UnsafeMutableRawPointer) -> Connection {
        guard let data = uv_handle_get_data(pointer.assumingMemoryBound(to: uv_handle_t.self)) else {
            preconditionFailure("libuv lost its context")
        }
        return Unmanaged<Connection>.fromOpaque(data).takeUnretainedValue()
    }
}
