import CWslay

/// What a ``WebSocketEndpoint`` tells its owner, from within ``WebSocketEndpoint/receive(_:)``.
package protocol WebSocketEndpointHandler: AnyObject {
    /// A whole binary message; the bytes are valid during the call. False makes ``WebSocketEndpoint/receive(_:)`` return behind this message.
    func receivedMessage(_ message: UnsafeRawBufferPointer) -> Bool
    /// A pong (RFC 6455, 5.5.3).
    func receivedPong()
}

/// One end of a WebSocket connection (RFC 6455) as a transformer of bytes: bytes in, messages out; messages in, bytes out. It owns no socket.
///
/// Text messages close the connection with 1003, messages over the limit with 1009, violations of the protocol with 1002; pings are
/// answered and a close frame is echoed. Everything to be sent collects in ``output`` as whole frames, so that what was not yet
/// sent can be dropped between frames. wslay makes and reads the frames (``WebSocketFramer``); a message that comes in one piece is handed on from its
/// buffer, only others are put together here. An idle endpoint holds no memory but its own. Owned by one thread.
package final class WebSocketEndpoint {
    package enum Role { case server, client }

    /// Frames to be sent.
    package var output = ByteBuffer(capacity: 0)
    /// Code of the close frame that was sent, ``WebSocketClose/noCode`` if it had none; nil if none was sent.
    package private(set) var closeCodeSent: UInt16?
    /// Whether a close frame was sent: no data may follow it.
    package var isClosing: Bool { closeCodeSent != nil }
    package private(set) var isCloseReceived = false
    /// Whether no more is read: a close frame came, or the peer broke the protocol.
    package private(set) var isReadEnded = false
    /// The peer's close code: 1005 if its frame had none, 1006 if no close frame came.
    package private(set) var closeCodeReceived = WebSocketClose.abnormal

    private let role: Role
    private let messageBytesMax: Int
    private unowned let handler: any WebSocketEndpointHandler
    private let framers: WebSocketFramers
    /// Kept while it holds a part of a frame.
    private var framer: WebSocketFramer?
    /// The message, or the control frame, of which something is still to come; a control frame may stand between the fragments of a message.
    private var message = ByteBuffer(capacity: 0)
    private var control = ByteBuffer(capacity: 0)
    private var isWithinMessage = false

    /// `messageBytesMax` bounds a received message, all its fragments together. Endpoints of one thread should share `framers`.
    package init(
        role: Role, messageBytesMax: Int, handler: any WebSocketEndpointHandler, framers: WebSocketFramers = WebSocketFramers()
    ) {
        self.role = role
        self.messageBytesMax = messageBytesMax
        self.handler = handler
        self.framers = framers
    }

    /// Whether both close frames have passed: the connection may be ended.
    package var isClosed: Bool { isClosing && isCloseReceived }

    /// Processes bytes from the peer; what is to be sent in turn is then in ``output``.
    ///
    /// Returns how many bytes it took: all, unless the handler asked for a rest. Give the others again.
    package func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard !isReadEnded, bytes.count > 0 else { return bytes.count }
        let framer = framer ?? framers.take()
        framer.receive(bytes)
        var isMore = true
        while isMore, !isReadEnded {
            switch framer.next() {
            case .part(let part): isMore = received(part)
            case .wantsInput:
                // Kept as long as it holds something.
                self.framer = framer.isIdle ? nil : framer
                framers.giveBack(framer)
                return bytes.count
            case .violation: fail(WebSocketClose.protocolError)
            }
        }
        self.framer = nil
        framers.giveBack(framer)
        // A rest is taken between frames, so what is left lies at the end of these bytes.
        return isReadEnded ? bytes.count : bytes.count - framer.restCount
    }

    /// Appends a binary message to ``output``. Ignored once the connection is closing.
    package func send(_ message: UnsafeRawBufferPointer) {
        guard !isClosing else { return }
        append(WSLAY_BINARY_FRAME, message)
    }

    /// Appends what consists of whole frames already. Ignored once the connection is closing.
    package func append(frames: UnsafeRawBufferPointer) {
        guard !isClosing else { return }
        output.append(frames)
    }

    /// Appends a ping with no payload.
    package func ping() {
        guard !isClosing else { return }
        append(WSLAY_PING, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Appends a close frame (RFC 6455, 7.4) and ignores all data from now on. The second call has no effect.
    package func close(code: UInt16, reason: StaticString) {
        guard !isClosing else { return }
        closeCodeSent = code
        WebSocketClose.withPayload(code: code, reason: reason) { append(WSLAY_CONNECTION_CLOSE, $0) }
    }

    /// Gives back memory that a burst took, as far as it is not in use.
    package func releaseMemory() {
        output.shrink(to: ByteBuffer.idleBytesMax)
        message.shrink(to: 0)
    }

    private func append(_ opcode: wslay_opcode, _ payload: UnsafeRawBufferPointer) {
        framers.sender.append(opcode: UInt8(opcode.rawValue), payload, isMasked: role == .client, to: &output)
    }

    // MARK: Receiving

    /// A part of a frame. Returns whether to go on.
    private func received(_ part: WebSocketFramer.Part) -> Bool {
        if part.isFirst {
            // No extension was agreed on, and only a client masks.
            guard part.reserved == 0, part.isMasked == (role == .server) else { return fail(WebSocketClose.protocolError) }
        }
        switch UInt32(part.opcode) {
        case WSLAY_PING.rawValue, WSLAY_PONG.rawValue, WSLAY_CONNECTION_CLOSE.rawValue: return receivedControl(part)
        case WSLAY_BINARY_FRAME.rawValue, WSLAY_TEXT_FRAME.rawValue, WSLAY_CONTINUATION_FRAME.rawValue: return receivedData(part)
        default: return fail(WebSocketClose.protocolError)
        }
    }

    private func receivedData(_ part: WebSocketFramer.Part) -> Bool {
        if part.isFirst {
            // A continuation goes on with a message, anything else begins one.
            guard (UInt32(part.opcode) == WSLAY_CONTINUATION_FRAME.rawValue) == isWithinMessage else {
                return fail(WebSocketClose.protocolError)
            }
            isWithinMessage = true
            if UInt32(part.opcode) == WSLAY_TEXT_FRAME.rawValue {
                close(code: WebSocketClose.unsupportedData, reason: "memex.v1 has binary messages only")
            } else if part.payloadBytes > UInt64(messageBytesMax - message.count) {
                close(code: WebSocketClose.messageTooBig, reason: "the message exceeds the limit stated in hello")
            }
        }
        let isEnd = part.isLast && part.isFinal
        if isEnd { isWithinMessage = false }
        guard !isClosing else {
            message.removeAll()
            return true
        }
        if part.isFirst, isEnd, message.isEmpty { return handler.receivedMessage(part.bytes) }
        message.append(part.bytes)
        guard isEnd else { return true }
        defer { message.removeAll() }
        return handler.receivedMessage(message.bytes)
    }

    private func receivedControl(_ part: WebSocketFramer.Part) -> Bool {
        if part.isFirst, part.isLast {
            receivedControl(part.opcode, part.bytes)
        } else {
            control.append(part.bytes)
            guard part.isLast else { return true }
            receivedControl(part.opcode, control.bytes)
            control = ByteBuffer(capacity: 0)
        }
        return true
    }

    private func receivedControl(_ opcode: UInt8, _ payload: UnsafeRawBufferPointer) {
        switch UInt32(opcode) {
        case WSLAY_PING.rawValue: if !isClosing { append(WSLAY_PONG, payload) }
        case WSLAY_PONG.rawValue: handler.receivedPong()
        default:
            switch WebSocketClose.judge(payload) {
            case .violation(let code): _ = fail(code)
            case .code(let code):
                closeCodeReceived = code
                isCloseReceived = true
                isReadEnded = true
                close(code: code, reason: "")
            }
        }
    }

    /// The peer broke the protocol: says so, and hears no more.
    @discardableResult private func fail(_ code: UInt16) -> Bool {
        isReadEnded = true
        close(code: code, reason: "")
        return false
    }
}
