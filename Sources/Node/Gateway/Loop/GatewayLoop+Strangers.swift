import CLibuv

/// Those who have yet to show that an account is behind them, and new connections: served when all others are, little by little.
extension GatewayLoop {
    /// How long strangers are served before traders' sockets are looked at again. One step of theirs, a handshake of TLS or a signature, may exceed it.
    private static let strangersNs: UInt64 = 100_000

    /// Begins to watch strangers' sockets.
    func watchStrangers() -> Int32 {
        let result = uv_poll_init(loop, strangersPoll, strangerSockets.descriptor)
        guard result == 0 else { return result }
        uv_handle_set_data(handle(strangersPoll), Unmanaged.passUnretained(self).toOpaque())
        return uv_poll_start(strangersPoll, Int32(UV_READABLE.rawValue)) { poll, _, _ in
            let loop = GatewayLoop.from(UnsafeMutableRawPointer(poll))
            loop.strangerSockets.takeReports { session in
                guard let connection = loop.connection(session: session), connection.watch == .asStranger else { return }
                connection.watch = .none
                loop.strangers.append(connection)
            }
        }
    }

    var hasStrangersToServe: Bool { isAcceptDue || !strangers.isEmpty }

    /// A new connection, and as many of those that wait as time allows, in turn.
    func serveStrangers() {
        guard hasStrangersToServe else { return }
        let beganNs = MonotonicClock.nanoseconds()
        polling.tookInput(at: beganNs)
        if isAcceptDue { accept() }
        while MonotonicClock.nanoseconds() &- beganNs < Self.strangersNs, let connection = strangers.popFirst() {
            connection.serveStranger()
            commitToExecutor()
        }
    }
}
