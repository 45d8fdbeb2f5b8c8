import CLibuv
import Glibc

/// From the socket to messages, as far as the connection's share of time goes.
///
/// While something is left over, the connection waits in one of the loop's lists and its socket is not read: at most one read (16 KiB) and one TLS
/// record (16 KiB) are held, and TCP makes the sender wait.
extension Connection: WebSocketEndpointHandler {
    /// Has the socket watched, by whom its standing says; if nobody can, this is the connection's end.
    func startReading() {
        if standing.isStranger {
            if watch == .byLoop { uv_read_stop(stream) }
            watch = .asStranger
            guard loop.strangerSockets.watch(descriptor, session: session) else { return loop.abandon(self, flushing: false) }
            return
        }
        guard watch != .byLoop else { return }
        watch = .byLoop
        uv_read_start(
            stream,
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
                    connection.received(UnsafeRawBufferPointer(start: buffer.pointee.base, count: count))
                    loop.commitToExecutor()
                    loop.turnIfDue()
                } else if count < 0 {
                    loop.abandon(connection, flushing: false)
                }
            })
    }

    /// A batch of its was acknowledged: from now on it goes before strangers.
    func earnStanding() {
        standing.earn()
        guard watch == .asStranger else { return }
        loop.strangerSockets.forget(descriptor)
        watch = .none
        startReading()
    }

    /// Its turn among the strangers has come: goes on with what was left over, or reads.
    func serveStranger() {
        guard phase != .gone else { return }
        guard !hasLeftover else { return resumeInput() }
        let count = recv(descriptor, loop.readBuffer.baseAddress, loop.readBuffer.count, 0)
        if count > 0 {
            received(UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count]))
        } else if count < 0, errno == EAGAIN || errno == EINTR {
            startReading()
        } else {
            loop.abandon(self, flushing: false)
        }
    }

    private var hasLeftover: Bool { !held.isEmpty || tls?.hasInput == true }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        lastInputMs = loop.nowMs
        budget = InputBudget(isStranger: standing.isStranger)
        if tls == nil {
            take(bytes)
        } else {
            tls?.receive(bytes)
            decrypt()
            tls?.holdInput()
        }
        finishInput()
    }

    /// Goes on with what was left over.
    func resumeInput() {
        guard phase != .gone else { return }
        lastInputMs = loop.nowMs
        budget = InputBudget(isStranger: standing.isStranger)
        if !held.isEmpty { held.consume(process(held.bytes)) }
        if held.isEmpty, tls != nil { decrypt() }
        finishInput()
    }

    private func finishInput() {
        guard phase != .gone else { return }
        standing.spend(budget.spent)
        guard hasLeftover else {
            held.shrink(to: 0)
            return startReading()
        }
        if watch == .byLoop { uv_read_stop(stream) }
        watch = .none
        if standing.isStranger { loop.strangers.append(self) } else { loop.ready.append(self) }
    }

    private func decrypt() {
        while phase != .gone, !budget.isSpent, held.isEmpty {
            let isHandshake = phase == .opening && tls?.isHandshakeDone == false
            let result = tls?.read(into: loop.plainBuffer)
            if isHandshake {
                budget.spend(InputBudget.Cost.handshake)
                loop.markUrgent(self)
            }
            switch result {
            case .bytes(let count):
                budget.spend(InputBudget.Cost.bytes(count))
                take(UnsafeRawBufferPointer(rebasing: loop.plainBuffer[..<count]))
                // Usually a record comes alone; asking for the next costs OpenSSL as much as a small message takes to decode.
                guard tls?.hasInput == true else { return }
            case .wantsInput, nil: return
            case .closed, .failed: return loop.abandon(self, flushing: true)
            }
        }
    }

    /// Processes bytes and keeps what is left of them.
    private func take(_ bytes: UnsafeRawBufferPointer) {
        let taken = process(bytes)
        held.append(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
    }

    /// Returns how many bytes were processed; the rest is to be given again.
    private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch phase {
        case .opening: receivedHead(bytes)
        case .open, .closing: return receivedFrames(bytes)
        case .draining, .gone: break
        }
        return bytes.count
    }

    private func receivedHead(_ bytes: UnsafeRawBufferPointer) {
        head.append(bytes)
        switch WebSocketUpgrade.decide(head.bytes) {
        case .incomplete: break
        case .refuse(let refusal): refuse(refusal)
        case .health: respond(WebSocketUpgrade.healthResponse(connections: loop.shared.openCount, block: loop.block))
        case .accept(let key, let headBytes):
            if let refusal { return refuse(refusal) }
            guard loop.shared.open(countMax: loop.limits.connectionsMax) else {
                return refuse(.full(connections: loop.limits.connectionsMax))
            }
            response.append(text: WebSocketUpgrade.response(key: key))
            endpoint = WebSocketEndpoint(role: .server, messageBytesMax: Wire.clientMessageBytesMax, handler: self, framers: loop.framers)
            enter(.open)
            loop.opened(self)
            head.consume(headBytes)
            take(head.bytes)
            head = ByteBuffer(capacity: 0)
        }
    }

    private func receivedFrames(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let endpoint else { return bytes.count }
        let taken = endpoint.receive(bytes)
        // Answers to pings wait for the reader as well.
        if !endpoint.output.isEmpty { outputGrew(isUrgent: true) }
        if endpoint.isClosing { startedClosing() }
        // The client has answered a close frame of ours: nothing is to be sent, and only a flush ends the connection.
        if endpoint.isReadEnded { loop.markUrgent(self) }
        return taken
    }

    func receivedMessage(_ message: UnsafeRawBufferPointer) -> Bool {
        guard phase == .open else { return true }
        budget.spend(InputBudget.Cost.message + InputBudget.Cost.bytes(message.count))
        loop.received(message, from: self)
        return !budget.isSpent
    }

    func receivedPong() { budget.spend(InputBudget.Cost.message) }
}
