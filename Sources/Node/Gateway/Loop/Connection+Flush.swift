import CLibuv

/// From frames to the socket: one encryption and one write for everything that a turn of the loop produced.
extension Connection {
    /// Hands what waits to the socket, as far as it takes it at once; the rest goes when it is writable again.
    func flush() {
        isDirty = false
        guard phase != .gone, !isWriting else { return }
        guard encrypt() else { return loop.abandon(self, flushing: false) }
        if !wire.isEmpty, !write() { return loop.abandon(self, flushing: false) }
        if isFinished { finish() }
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
        guard tls != nil else {
            wire.append(plain.bytes)
            plain.removeAll()
            return
        }
        while !plain.isEmpty {
            guard let count = try tls?.write(plain.bytes), count > 0 else { return }
            plain.consume(count)
        }
    }

    /// False if the connection broke.
    private func write() -> Bool {
        let stream = UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self)
        var buffer = wireBuffer
        let count = uv_try_write(stream, &buffer, 1)
        if count > 0 { wire.consume(Int(count)) }
        guard count >= 0 || count == UV_EAGAIN.rawValue else { return false }
        if wire.isEmpty {
            // What a burst took is given back; see ``ByteBuffer/shrink(to:)``.
            wire.shrink(to: 64 << 10)
            return true
        }
        buffer = wireBuffer
        isWriting = true
        let result = uv_write(writeRequest, stream, &buffer, 1) { request, status in
            guard let handle = request?.pointee.handle,
                let data = uv_handle_get_data(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self))
            else { return }
            Unmanaged<Connection>.fromOpaque(data).takeUnretainedValue().wrote(status: status)
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
        loop.markDirty(self)
    }

    /// Ends the sending side and waits for the peer to do the same, so that what was sent last is not lost to a reset.
    private func finish() {
        enter(.draining)
        tls?.shutdown()
        tls?.takeOutput(into: &wire)
        if !wire.isEmpty {
            var buffer = wireBuffer
            _ = uv_try_write(UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self), &buffer, 1)
            wire.removeAll()
        }
        _ = uv_shutdown(shutdownRequest, UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self)) { _, _ in }
    }
}
