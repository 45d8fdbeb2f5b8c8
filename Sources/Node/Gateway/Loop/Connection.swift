import CLibuv
import Engine

/// One TCP connection of the gateway and everything it owns. Lives on the loop's thread; libuv's handle keeps it alive until closed.
///
///     opening --101--> open --close frame either way--> closing --all sent, nothing more to read--> draining --> gone
///        \------------- HTTP response that is no upgrade ------------------------------------->/
final class Connection: WebSocketEndpointHandler {
    enum Phase { case opening, open, closing, draining, gone }

    unowned let loop: GatewayLoop
    /// Index in the loop's table.
    let slot: Int
    /// Name of this connection in rings and hello: slot in the low 16 bits, a generation (never 0) above.
    let session: UInt32
    let tcp: UnsafeMutablePointer<uv_tcp_t>
    let writeRequest: UnsafeMutablePointer<uv_write_t>
    let shutdownRequest: UnsafeMutablePointer<uv_shutdown_t>

    var phase = Phase.opening
    var tls: TLSStream?
    var endpoint: WebSocketEndpoint?
    /// The request's head until it is whole.
    var head = ByteBuffer(capacity: 512)
    /// The HTTP response.
    var response = ByteBuffer(capacity: 256)
    /// Bytes on their way to the socket. Frozen while ``isWriting``.
    var wire = ByteBuffer(capacity: 1024)
    var isWriting = false
    /// Whether the loop has this connection in its list of those to flush.
    var isDirty = false

    /// Loop time of the last input, for pings; of the present phase's beginning, for its timeout.
    var lastInputMs: UInt64
    var lastPingMs: UInt64
    var phaseBeganMs: UInt64
    /// Answers that the executor owes.
    var inFlightCount = 0
    /// Those of them that are to queries.
    var queryCount = 0
    var subscriptions: [ClientMessage.Subscription] = []

    init(loop: GatewayLoop, slot: Int, session: UInt32, tcp: UnsafeMutablePointer<uv_tcp_t>, nowMs: UInt64) {
        self.loop = loop
        self.slot = slot
        self.session = session
        self.tcp = tcp
        writeRequest = .allocate(capacity: 1)
        writeRequest.initialize(to: uv_write_t())
        shutdownRequest = .allocate(capacity: 1)
        shutdownRequest.initialize(to: uv_shutdown_t())
        lastInputMs = nowMs
        lastPingMs = nowMs
        phaseBeganMs = nowMs
    }

    deinit {
        tcp.deallocate()
        writeRequest.deallocate()
        shutdownRequest.deallocate()
    }

    func enter(_ next: Phase) {
        guard phase != next else { return }
        phase = next
        phaseBeganMs = loop.nowMs
    }

    // MARK: Input

    /// Bytes from the socket.
    func received(_ bytes: UnsafeMutableRawBufferPointer) {
        lastInputMs = loop.nowMs
        guard tls != nil else { return receivedPlain(bytes) }
        tls?.receive(UnsafeRawBufferPointer(bytes))
        defer { tls?.holdInput() }
        // A handshake may have something to send, or an alert.
        loop.markDirty(self)
        while phase != .gone {
            switch tls?.read(into: loop.plainBuffer) {
            case .bytes(let count): receivedPlain(UnsafeMutableRawBufferPointer(rebasing: loop.plainBuffer[..<count]))
            case .wantsInput, .none: return
            case .closed, .failed: return loop.abandon(self, flushing: true)
            }
        }
    }

    private func receivedPlain(_ bytes: UnsafeMutableRawBufferPointer) {
        switch phase {
        case .opening: receivedHead(UnsafeRawBufferPointer(bytes))
        case .open, .closing: receivedFrames(bytes)
        case .draining, .gone: break
        }
    }

    private func receivedHead(_ bytes: UnsafeRawBufferPointer) {
        head.append(bytes)
        switch WebSocketUpgrade.decide(head.bytes) {
        case .incomplete: break
        case .refuse(let refusal): respond(refusal.response)
        case .health: respond(WebSocketUpgrade.healthResponse(connections: loop.openCount, block: loop.block))
        case .accept(let key, let headBytes):
            guard loop.openCount < loop.limits.connectionsMax else { return respond(HTTPRefusal.full.response) }
            response.append(text: WebSocketUpgrade.response(key: key))
            let endpoint = WebSocketEndpoint(role: .server, messageBytesMax: Wire.clientMessageBytesMax, handler: self)
            self.endpoint = endpoint
            enter(.open)
            loop.opened(self)
            head.consume(headBytes)
            if !head.isEmpty { receivedFrames(head.mutableBytes) }
            head = ByteBuffer(capacity: 0)
        }
    }

    private func receivedFrames(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let endpoint else { return }
        _ = endpoint.receive(bytes)
        // Answers to pings wait for the reader as well.
        if isOutputFull { dropSlowReader() }
        if endpoint.isClosing { startedClosing() }
        if !endpoint.output.isEmpty { loop.markDirty(self) }
    }

    func receivedMessage(_ message: UnsafeRawBufferPointer) -> Bool {
        guard phase == .open else { return true }
        loop.received(message, from: self)
        return true
    }

    func receivedPong() {}

    // MARK: Output

    /// Sends an HTTP response and ends the connection.
    func respond(_ text: String) {
        response.append(text: text)
        enter(.closing)
        loop.markDirty(self)
    }

    /// Sends a binary message, or ends the connection if it does not keep up.
    func send(_ message: UnsafeRawBufferPointer) {
        guard phase == .open, let endpoint else { return }
        endpoint.send(message)
        loop.markDirty(self)
        if isOutputFull { dropSlowReader() }
    }

    private var isOutputFull: Bool {
        phase == .open && (endpoint?.output.count ?? 0) + wire.count > loop.limits.outputBytesMax
    }

    /// Sends a close frame; what was not yet handed to the socket still precedes it.
    func close(code: UInt16, reason: StaticString) {
        guard phase == .open, let endpoint else { return }
        endpoint.close(code: code, reason: reason)
        startedClosing()
        loop.markDirty(self)
    }

    private func dropSlowReader() {
        // Between flushes the output holds whole frames only, so what waits can be dropped without breaking the stream.
        endpoint?.output.removeAll()
        loop.logger.info("slow reader dropped", metadata: ["session": "\(session)"])
        close(code: 1008, reason: "read too slowly: the output limit stated in hello was exceeded")
    }

    /// A close frame was sent or received: no more data in either direction.
    func startedClosing() {
        guard phase == .open else { return }
        enter(.closing)
        loop.closed(self)
    }

    /// Whether everything that can be sent was handed to the socket.
    var isFlushed: Bool { wire.isEmpty && response.isEmpty && (endpoint?.output.isEmpty ?? true) && (tls?.outputCount ?? 0) == 0 }

    /// Whether the last message was exchanged: nothing to send and nothing expected.
    var isFinished: Bool { phase == .closing && isFlushed && (endpoint?.isReadEnded ?? true) }
}
