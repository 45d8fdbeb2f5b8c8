import CWslay

/// What a ``WebSocketEndpoint`` tells its owner, from within ``WebSocketEndpoint/receive(_:)``.
package protocol WebSocketEndpointHandler: AnyObject {
    /// A whole binary message; the bytes are valid during the call.
    func receivedMessage(_ message: UnsafeRawBufferPointer)
    /// A pong (RFC 6455, 5.5.3).
    func receivedPong()
}

/// Framing of one WebSocket connection (RFC 6455) over wslay: bytes in, messages out; messages in, bytes out. It owns no socket.
///
/// Text messages close the connection with 1003, messages over the limit with 1009, violations of the protocol with 1002; pings are
/// answered and a close frame is echoed. Everything to be sent collects in ``output`` as whole frames, so that what was not yet
/// sent can be dropped between frames. Data frames cost no heap allocation in either direction. Owned by one thread.
package final class WebSocketEndpoint {
    package enum Role { case server, client }

    /// Frames to be sent.
    package var output = ByteBuffer(capacity: 1024)
    /// Whether a close frame was queued or sent: no data may follow it.
    package private(set) var isClosing = false

    private var events: OpaquePointer?
    private var frames: OpaquePointer?
    private let role: Role
    private let messageBytesMax: Int
    private unowned let handler: any WebSocketEndpointHandler

    /// What ``receive(_:)`` was given and wslay has not yet read.
    private var unread = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The message being put together from its frames.
    private var message = ByteBuffer(capacity: 512)
    /// Whether the rest of the present message is to be ignored.
    private var isDiscarding = false
    /// Whether the present frame belongs to a data message.
    private var isDataFrame = false

    /// `messageBytesMax` bounds a received message, all its fragments together.
    package init(role: Role, messageBytesMax: Int, handler: any WebSocketEndpointHandler) {
        self.role = role
        self.messageBytesMax = messageBytesMax
        self.handler = handler
        let context = Unmanaged.passUnretained(self).toOpaque()
        var callbacks = wslay_event_callbacks()
        callbacks.recv_callback = { context, buffer, count, _, user in
            WebSocketEndpoint.from(user).read(into: buffer, count, context)
        }
        callbacks.send_callback = { _, bytes, count, _, user in
            WebSocketEndpoint.from(user).output.append(UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
        callbacks.genmask_callback = { _, buffer, count, _ in WebSocketEndpoint.drawMask(buffer, count) }
        callbacks.on_frame_recv_start_callback = { _, argument, user in
            guard let argument else { return }
            WebSocketEndpoint.from(user).frameStarted(opcode: argument.pointee.opcode, byteCount: argument.pointee.payload_length)
        }
        callbacks.on_frame_recv_chunk_callback = { _, argument, user in
            guard let argument else { return }
            WebSocketEndpoint.from(user).frameContinued(
                UnsafeRawBufferPointer(start: argument.pointee.data, count: argument.pointee.data_length))
        }
        callbacks.on_msg_recv_callback = { _, argument, user in
            guard let argument else { return }
            WebSocketEndpoint.from(user).messageEnded(opcode: argument.pointee.opcode)
        }
        var frameCallbacks = wslay_frame_callbacks()
        frameCallbacks.send_callback = { bytes, count, _, user in
            WebSocketEndpoint.from(user).output.append(UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
        frameCallbacks.genmask_callback = { buffer, count, _ in WebSocketEndpoint.drawMask(buffer, count) }
        let eventResult =
            role == .server
            ? wslay_event_context_server_init(&events, &callbacks, context)
            : wslay_event_context_client_init(&events, &callbacks, context)
        let frameResult = wslay_frame_context_init(&frames, &frameCallbacks, context)
        precondition(eventResult == 0 && frameResult == 0, "out of memory for a WebSocket connection")
        wslay_event_config_set_no_buffering(events, 1)
        wslay_event_config_set_max_recv_msg_length(events, UInt64(messageBytesMax))
    }

    deinit {
        wslay_event_context_free(events)
        wslay_frame_context_free(frames)
    }

    /// Whether both close frames have passed: the connection may be ended.
    package var isClosed: Bool { wslay_event_get_close_received(events) == 1 && wslay_event_get_close_sent(events) == 1 }
    package var isCloseReceived: Bool { wslay_event_get_close_received(events) == 1 }
    /// Whether no more is read: a close frame came, or the peer broke the protocol.
    package var isReadEnded: Bool { wslay_event_get_read_enabled(events) == 0 }
    /// The peer's close code: 1005 if its frame had none, 1006 if no close frame came.
    package var closeCodeReceived: UInt16 { wslay_event_get_status_code_received(events) }

    /// Processes bytes from the peer; what is to be sent in turn is then in ``output``.
    package func receive(_ bytes: UnsafeRawBufferPointer) {
        guard wslay_event_get_read_enabled(events) == 1 else { return }
        unread = bytes
        let result = wslay_event_recv(events)
        unread = UnsafeRawBufferPointer(start: nil, count: 0)
        guard result == 0 else { return fail() }
        // Not enabled any more: a close frame was received, or wslay queued one because of what was received.
        if wslay_event_get_read_enabled(events) == 0 { isClosing = true }
        flushControlFrames()
    }

    /// Appends a binary message to ``output``. Ignored once the connection is closing.
    package func send(_ message: UnsafeRawBufferPointer) {
        guard !isClosing else { return }
        appendFrame(UInt8(WSLAY_BINARY_FRAME.rawValue), message)
    }

    /// Appends a ping with no payload.
    package func ping() {
        guard !isClosing else { return }
        appendFrame(UInt8(WSLAY_PING.rawValue), UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Appends a close frame (RFC 6455, 7.4) and ignores all data from now on. The second call has no effect.
    package func close(code: UInt16, reason: StaticString) {
        guard !isClosing else { return }
        isClosing = true
        isDiscarding = true
        // The reason must fit a control frame of 125 bytes behind the code.
        _ = wslay_event_queue_close(events, code, reason.utf8Start, min(reason.utf8CodeUnitCount, 122))
        flushControlFrames()
    }

    /// The peer's bytes are no frames. wslay queues a close frame without a code for that; RFC 6455, 7.1.7 wants 1002.
    private func fail() {
        wslay_event_shutdown_read(events)
        wslay_event_shutdown_write(events)
        guard !isClosing else { return }
        isClosing = true
        var payload = UInt16(WSLAY_CODE_PROTOCOL_ERROR.rawValue).bigEndian
        withUnsafeBytes(of: &payload) { appendFrame(UInt8(WSLAY_CONNECTION_CLOSE.rawValue), $0) }
    }

    private func flushControlFrames() {
        guard wslay_event_want_write(events) == 1 else { return }
        _ = wslay_event_send(events)
    }

    private func appendFrame(_ opcode: UInt8, _ payload: UnsafeRawBufferPointer) {
        var frame = wslay_frame_iocb()
        frame.fin = 1
        frame.opcode = opcode
        frame.mask = role == .client ? 1 : 0
        frame.payload_length = UInt64(payload.count)
        frame.data = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        frame.data_length = payload.count
        var sent = wslay_frame_send(frames, &frame)
        // Masking goes through a small buffer of wslay's; the output takes everything.
        while sent > 0, sent < frame.data_length {
            frame.data += sent
            frame.data_length -= sent
            sent = wslay_frame_send(frames, &frame)
        }
        precondition(sent >= 0, "wslay could not frame a message: \(sent)")
    }

    // MARK: Callbacks

    private static func from(_ user: UnsafeMutableRawPointer?) -> WebSocketEndpoint {
        guard let user else { preconditionFailure("wslay lost its context") }
        return Unmanaged<WebSocketEndpoint>.fromOpaque(user).takeUnretainedValue()
    }

    private static func drawMask(_ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int32 {
        var generator = SystemRandomNumberGenerator()
        var mask: UInt64 = generator.next()
        guard let buffer, count <= 8 else { return -1 }
        withUnsafeBytes(of: &mask) { UnsafeMutableRawPointer(buffer).copyMemory(from: $0.baseAddress!, byteCount: count) }
        return 0
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>?, _ count: Int, _ context: OpaquePointer?) -> Int {
        guard let buffer, let base = unread.baseAddress, unread.count > 0 else {
            wslay_event_set_error(context, Int32(WSLAY_ERR_WOULDBLOCK.rawValue))
            return -1
        }
        let taken = min(count, unread.count)
        UnsafeMutableRawPointer(buffer).copyMemory(from: base, byteCount: taken)
        unread = UnsafeRawBufferPointer(rebasing: unread[taken...])
        return taken
    }

    private func frameStarted(opcode: UInt8, byteCount: UInt64) {
        isDataFrame = opcode < 8
        guard isDataFrame else { return }
        if opcode == UInt8(WSLAY_TEXT_FRAME.rawValue) {
            close(code: UInt16(WSLAY_CODE_UNSUPPORTED_DATA.rawValue), reason: "memex.v1 has binary messages only")
        } else if UInt64(message.count) + byteCount > UInt64(messageBytesMax) {
            close(code: UInt16(WSLAY_CODE_MESSAGE_TOO_BIG.rawValue), reason: "the message exceeds the limit stated in hello")
        }
    }

    private func frameContinued(_ bytes: UnsafeRawBufferPointer) {
        guard isDataFrame, !isDiscarding else { return }
        message.append(bytes)
    }

    private func messageEnded(opcode: UInt8) {
        if opcode == UInt8(WSLAY_PONG.rawValue) { handler.receivedPong() }
        guard opcode < 8 else { return }
        if !isDiscarding { handler.receivedMessage(message.bytes) }
        message.removeAll()
    }
}
