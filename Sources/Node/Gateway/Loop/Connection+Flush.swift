import CLibuv

/// From frames to the socket: one encryption and one write for everything that a turn of the loop produced.
extension Connection {
    /// Hands what waits to the socket, as far as it takes it at once; the rest goes when it is writable again.
    func flush() {
        waitsFor = nil
        guard phase != .gone else { return }
        if isOverflowing, phase == .open {
            dropSlowReader()
            waitsFor = nil
        }
        guard !isWriting else { return countOutput() }
        guard encrypt() else { return loop.abandon(self, flushing: false) }
        if !wire.isEmpty, !write() { return loop.abandon(self, flushing: false) }
        countOutput()
        if isFlushed { releaseMemory() }
        if isFinished { finish() }
    }

    /// An idle connection keeps room for a few messages; what a burst took is given back.
    private func releaseMemory() {
        hasUrgentOutput = false
        wire.shrink(to: ByteBuffer.idleBytesMax)
        response.shrink(to: 0)
        endpoint?.releaseMemory()
        tls?.releaseMemory()
    }

    /// Moves response and frames to the wire buffer, through TLS if there is any. False if TLS failed.
    private func encrypt() -> Bool {
        do throws(OpenSSLFailure) {
            try encrypt(&response)
            if let endpoint, response.isEmpty { try encrypt(&endpoint.output) }
            tls?.takeOutput(into: &wire)
            return true
        } catch {
            loop.logger.debug("TLS failed", metadata: ["session": "\(session)", "reason": "\(error)"])
            return false
        }
    }

    private func encrypt(_ plain: inout ByteBuffer) throws(OpenSSLFailure) {
        guard tls != nil else { return plain.move(to: &wire) }
        while !plain.isEmpty {
            guard let count = try tls?.write(plain.bytes), count > 0 else { return }
            plain.consume(count)
        }
    }

    /// False if the connection broke.
    private func write() -> Bool {
        var buffer = wireBuffer
        let count = uv_try_write(stream, &buffer, 1)
        if count > 0 { wire.consume(Int(count)) }
        guard count >= 0 || count == UV_EAGAIN.rawValue else { return false }
        if wire.isEmpty { return true }
        buffer = wireBuffer
        isWriting = true
        let request = writeRequest ?? .allocate(capacity: 1)
        if writeRequest == nil { request.initialize(to: uv_write_t()) }
        writeRequest = request
        let result = uv_write(request, stream, &buffer, 1) { request, status in
            guard let handle = request?.pointee.handle else { return }
            Connection.from(UnsafeMutableRawPointer(handle)).wrote(status: status)
        }
        return result == 0
    }

    private var wireBuffer: uv_buf_t {
        let bytes = wire.bytes
        return uv_buf_init(
            UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: CChar.self)), UInt32(clamping: bytes.count))
    }

    private func wrote(status: Int32) {
        isWriting = false
        guard phase != .gone else { return }
        guard status == 0 else { return loop.abandon(self, flushing: false) }
        wire.consume(min(wire.count, Int(UInt32.max)))
        countOutput()
        if hasUrgentOutput || phase != .open { loop.markUrgent(self) } else { loop.markMarket(self) }
    }

    /// Tries to get a last word out without waiting: a TLS alert.
    func flushLastWord() {
        guard !isWriting else { return }
        tls?.takeOutput(into: &wire)
        guard !wire.isEmpty else { return }
        var buffer = wireBuffer
        _ = uv_try_write(stream, &buffer, 1)
        wire.removeAll()
    }

    /// Ends the sending side and waits for the peer to do the same, so that what was sent last is not lost to a reset.
    private func finish() {
        enter(.draining)
        tls?.shutdown()
        flushLastWord()
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        request.initialize(to: uv_shutdown_t())
        shutdownRequest = request
        _ = uv_shutdown(request, stream) { _, _ in }
    }
}
