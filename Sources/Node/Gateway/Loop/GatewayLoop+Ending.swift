import CLibuv

/// Ends of connections and of the loop.
extension GatewayLoop {
    /// Drops a connection now; `flushing` tries to get a last word (a TLS alert) out.
    func abandon(_ connection: Connection, flushing: Bool) {
        guard connection.phase != .gone else { return }
        if connection.phase == .open { closed(connection) }
        if flushing { connection.flushLastWord() }
        connection.enter(.gone)
        outputBytes -= connection.countedBytes
        connection.countedBytes = 0
        shared.addresses.disconnect(connection.address)
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
        isAcceptDue = false
        uv_close(handle(listener)) { _ in }
        for case let connection? in connections {
            if connection.phase == .open {
                connection.close(code: 1001, reason: "the gateway is shutting down")
            } else if connection.phase == .opening {
                abandon(connection, flushing: false)
            }
        }
        while let connection = urgentOutput.popFirst() { connection.flush() }
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
        uv_close(handle(accountTimer)) { _ in }
        uv_close(handle(prepare)) { _ in }
        uv_close(handle(idle)) { _ in }
        uv_close(handle(strangersPoll)) { _ in }
        uv_close(handle(signal.poll)) { _ in }
    }
}
