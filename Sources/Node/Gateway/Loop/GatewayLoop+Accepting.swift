import CLibuv
import CLinux
import Engine
import Glibc
import Sequencer

/// Listening and accepting.
extension GatewayLoop {
    /// Opens the listening socket and the loop's other handles. Returns the port. See ``ListeningSocket`` for the parameters.
    func open(port: UInt16, isShared: Bool, isFirst: Bool) throws(GatewayError) -> UInt16 {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try signal.attach(to: loop)
        try check("prepare turns", uv_prepare_init(loop, prepare))
        try check("stay awake", uv_idle_init(loop, idle))
        try check("make a timer", uv_timer_init(loop, timer))
        try check("make a timer", uv_timer_init(loop, accountTimer))
        receiptSigner?.deliver = { [unowned self] in deliverReceipt($0, $1) }
        let bound = try ListeningSocket.bind(
            listener, in: loop, host: configuration.host, port: port, isShared: isShared, isFirst: isFirst)
        uv_handle_set_data(handle(prepare), context)
        uv_handle_set_data(handle(timer), context)
        uv_handle_set_data(handle(listener), context)
        try check(
            "listen on \(configuration.host):\(bound)",
            uv_listen(UnsafeMutableRawPointer(listener).assumingMemoryBound(to: uv_stream_t.self), 512) { stream, status in
                guard status == 0, let stream else { return }
                // libuv takes no further one until then.
                GatewayLoop.from(UnsafeMutableRawPointer(stream)).isAcceptDue = true
            })
        try check("watch sockets", watchStrangers())
        uv_prepare_start(prepare) { GatewayLoop.from(UnsafeMutableRawPointer($0)).beforePoll() }
        uv_timer_start(timer, { GatewayLoop.from(UnsafeMutableRawPointer($0)).tick() }, tickIntervalMs, tickIntervalMs)
        return bound
    }

    /// Runs until stopped, then frees everything.
    func run() {
        linux_name_thread("memex-gateway")
        linux_take_short_turns()
        stayOnCore()
        // A write to a connection that the peer has reset must return an error, not end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        uv_run(loop, UV_RUN_DEFAULT)
        signal.setEnded()
        uv_loop_close(loop)
    }

    private func stayOnCore() {
        let cores = configuration.cores
        guard !cores.isEmpty else { return }
        // Threads inherit it: those of libuv's pool, which sign receipts, start with its first work, which is this.
        let work = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
        work.initialize(to: uv_work_t())
        uv_queue_work(loop, work, { _ in }, { work, _ in work?.deallocate() })
        if linux_stay_on_core(cores[thread % cores.count]) != 0 { logger.warning("a thread of the gateway could not be kept on its core") }
    }

    /// Takes the connection that libuv has for us.
    func accept() {
        isAcceptDue = false
        shared.statistics.accepted.add()
        let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
        guard uv_tcp_init(loop, tcp) == 0 else { return tcp.deallocate() }
        let server = UnsafeMutableRawPointer(listener).assumingMemoryBound(to: uv_stream_t.self)
        let client = UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self)
        let isAccepted = uv_accept(server, client) == 0
        let live = connections.count - freeSlots.count
        guard isAccepted, !isStopping, live < limits.connectionsMax + limits.refusedConnectionsMax, let (decision, entry) = admit(tcp)
        else {
            shared.statistics.turnedAway.add()
            uv_close(handle(tcp)) { UnsafeMutableRawPointer($0)?.deallocate() }
            return
        }
        uv_tcp_nodelay(tcp, 1)
        let slot = freeSlots.popLast() ?? connections.count
        if slot == connections.count { connections.append(nil) }
        generation = generation == Session.generationMax ? 1 : generation + 1
        let session = Session.name(thread: thread, generation: generation, slot: slot)
        let connection = Connection(
            loop: self, slot: slot, session: session, tcp: tcp, address: entry, refusal: decision)
        connections[slot] = connection
        // Released when the handle is closed.
        uv_handle_set_data(handle(tcp), Unmanaged.passRetained(connection).toOpaque())
        do throws(OpenSSLFailure) {
            if let tlsServer { connection.tls = try tlsServer.stream() }
        } catch {
            logger.warning("connection refused", metadata: ["reason": "\(error)"])
            return abandon(connection, flushing: false)
        }
        connection.startReading()
    }

    /// Counts a connection for its address: why it is not served, if so, and the address's entry. Nil if it is to be closed at once.
    private func admit(_ tcp: UnsafeMutablePointer<uv_tcp_t>) -> (HTTPRefusal?, AddressLimits.Entry)? {
        var storage = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        let address = withUnsafeMutableBytes(of: &storage) { bytes -> ClientAddress? in
            guard let base = bytes.baseAddress, uv_tcp_getpeername(tcp, base.assumingMemoryBound(to: sockaddr.self), &length) == 0 else {
                return nil
            }
            return ClientAddress(base)
        }
        guard let address else { return nil }
        switch shared.addresses.connect(address, at: MonotonicClock.nanoseconds()) {
        case (.serve, let entry?): return (nil, entry)
        case (.explain(let refusal), let entry?): return (refusal, entry)
        default: return nil
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
