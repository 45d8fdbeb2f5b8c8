import COpenSSL

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
/// sent can be dropped between frames. A message that lies whole in the received bytes is unmasked where it lies and handed on from there; only
/// what is cut by the end of the bytes, or by its sender, is copied. An idle endpoint holds no memory but its own. Owned by one thread.
///
/// (wslay, which the tests compare it with, keeps two buffers of 4 KiB a connection, and takes a call and a copy a part of a frame.)
package final class WebSocketEndpoint {
    package enum Role { case server, client }

    /// Frames to be sent.
    package var output = ByteBuffer(capacity: 0)
    /// Whether a close frame was sent: no data may follow it.
    package private(set) var isClosing = false
    package private(set) var isCloseReceived = false
    /// Whether no more is read: a close frame came, or the peer broke the protocol.
    package private(set) var isReadEnded = false
    /// The peer's close code: 1005 if its frame had none, 1006 if no close frame came.
    package private(set) var closeCodeReceived = WebSocketClose.abnormal

    private let role: Role
    private let messageBytesMax: Int
    private unowned let handler: any WebSocketEndpointHandler

    /// The frame whose payload is being received, and how much of it has come.
    private var frame: WebSocketFrame?
    private var payloadCount = 0
    /// A head of which only the beginning has come.
    private var head = ByteBuffer(capacity: 0)
    /// The message, unmasked, of which something is still to come.
    private var message = ByteBuffer(capacity: 0)
    private var isWithinMessage = false
    /// A control frame that came in pieces; it may stand between the fragments of a message.
    private var control = ByteBuffer(capacity: 0)
    /// Random bytes for the masks of a client's frames.
    private var masks = ByteBuffer(capacity: 0)

    /// `messageBytesMax` bounds a received message, all its fragments together.
    package init(role: Role, messageBytesMax: Int, handler: any WebSocketEndpointHandler) {
        self.role = role
        self.messageBytesMax = messageBytesMax
        self.handler = handler
    }

    /// Whether both close frames have passed: the connection may be ended.
    package var isClosed: Bool { isClosing && isCloseReceived }

    /// Processes bytes from the peer, which it overwrites; what is to be sent in turn is then in ``output``.
    ///
    /// Returns how many bytes it took: all, unless the handler asked for a rest. Give the others again, unchanged.
    package func receive(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        var taken = 0
        while !isReadEnded {
            if frame == nil {
                guard taken < bytes.count else { break }
                taken += receiveHead(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
                continue
            }
            let (count, isMore) = receivePayload(UnsafeMutableRawBufferPointer(rebasing: bytes[taken...]))
            taken += count
            if !isMore { return taken }
        }
        return isReadEnded ? bytes.count : taken
    }

    /// Appends a binary message to ``output``. Ignored once the connection is closing.
    package func send(_ message: UnsafeRawBufferPointer) {
        guard !isClosing else { return }
        WebSocketFrame.append(.binary, message, mask: nextMask(), to: &output)
    }

    /// Appends what consists of whole frames already. Ignored once the connection is closing.
    package func append(frames: UnsafeRawBufferPointer) {
        guard !isClosing else { return }
        output.append(frames)
    }

    /// Appends a ping with no payload.
    package func ping() {
        guard !isClosing else { return }
        WebSocketFrame.append(.ping, UnsafeRawBufferPointer(start: nil, count: 0), mask: nextMask(), to: &output)
    }

    /// Appends a close frame (RFC 6455, 7.4) and ignores all data from now on. The second call has no effect.
    package func close(code: UInt16, reason: StaticString) {
        guard !isClosing else { return }
        isClosing = true
        WebSocketClose.append(code: code, reason: reason, mask: nextMask(), to: &output)
    }

    /// Gives back memory that a burst took, as far as it is not in use.
    package func releaseMemory() {
        output.shrink(to: ByteBuffer.idleBytesMax)
        message.shrink(to: 0)
        head.shrink(to: 0)
    }

    // MARK: Frames

    /// Takes bytes of a head; sets ``frame`` once it is whole. Returns how many.
    private func receiveHead(_ bytes: UnsafeRawBufferPointer) -> Int {
        let isMasked = role == .server
        guard !head.isEmpty else {
            switch WebSocketFrame.parse(bytes, isMasked: isMasked) {
            case .frame(let whole):
                begin(whole)
                return whole.headBytes
            case .violation: fail(WebSocketClose.protocolError)
            case .incomplete: head.append(bytes)
            }
            return bytes.count
        }
        // Byte by byte, since what follows the head is the payload's. Rare: the end of what was read fell into a head.
        for taken in 1...bytes.count {
            head.append(bytes[taken - 1])
            switch WebSocketFrame.parse(head.bytes, isMasked: isMasked) {
            case .incomplete: continue
            case .frame(let whole): begin(whole)
            case .violation: fail(WebSocketClose.protocolError)
            }
            head.removeAll()
            return taken
        }
        return bytes.count
    }

    @inline(__always)
    private func begin(_ next: WebSocketFrame) {
        frame = next
        payloadCount = 0
        guard !next.isControl else { return }
        // A continuation goes on with a message, anything else begins one.
        guard (next.opcode == .continuation) == isWithinMessage else { return fail(WebSocketClose.protocolError) }
        if next.opcode == .text {
            close(code: WebSocketClose.unsupportedData, reason: "memex.v1 has binary messages only")
        } else if next.payloadBytes > messageBytesMax - message.count {
            close(code: WebSocketClose.messageTooBig, reason: "the message exceeds the limit stated in hello")
        }
        isWithinMessage = true
    }

    /// Takes bytes of the payload of ``frame``. Returns how many, and whether to go on.
    private func receivePayload(_ bytes: UnsafeMutableRawBufferPointer) -> (count: Int, isMore: Bool) {
        guard let frame else { return (0, false) }
        let count = min(bytes.count, frame.payloadBytes - payloadCount)
        let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
        let isWhole = payloadCount == 0 && count == frame.payloadBytes
        let isDropped = isClosing && !frame.isControl
        if !isDropped { WebSocketFrame.apply(frame.mask, offset: payloadCount, to: part) }
        payloadCount += count
        let isEnd = payloadCount == frame.payloadBytes
        if isEnd { self.frame = nil }
        guard !frame.isControl else {
            if isWhole {
                received(frame.opcode, UnsafeRawBufferPointer(part))
            } else {
                control.append(UnsafeRawBufferPointer(part))
                guard isEnd else { return (count, false) }
                received(frame.opcode, control.bytes)
                control.removeAll()
            }
            return (count, isEnd)
        }
        let isMessageEnd = isEnd && frame.isFinal
        if isMessageEnd { isWithinMessage = false }
        guard !isDropped else {
            message.removeAll()
            return (count, isEnd)
        }
        if isWhole, frame.isFinal, message.isEmpty { return (count, handler.receivedMessage(UnsafeRawBufferPointer(part))) }
        message.append(UnsafeRawBufferPointer(part))
        guard isMessageEnd else { return (count, isEnd) }
        let isMore = handler.receivedMessage(message.bytes)
        message.removeAll()
        return (count, isMore)
    }

    private func received(_ opcode: WebSocketFrame.Opcode, _ payload: UnsafeRawBufferPointer) {
        switch opcode {
        case .ping: if !isClosing { WebSocketFrame.append(.pong, payload, mask: nextMask(), to: &output) }
        case .pong: handler.receivedPong()
        default: receivedClose(payload)
        }
    }

    private func receivedClose(_ payload: UnsafeRawBufferPointer) {
        switch WebSocketClose.judge(payload) {
        case .violation(let code): fail(code)
        case .code(let code):
            closeCodeReceived = code
            isCloseReceived = true
            isReadEnded = true
            close(code: code, reason: "")
        }
    }

    /// The peer broke the protocol: says so, and hears no more.
    private func fail(_ code: UInt16) {
        isReadEnded = true
        close(code: code, reason: "")
    }

    /// A new mask for every frame of a client (RFC 6455, 5.3), none for a server's.
    @inline(__always)
    private func nextMask() -> UInt32? {
        guard role == .client else { return nil }
        if masks.isEmpty {
            let byteCount = 256
            precondition(RAND_bytes(masks.reserve(byteCount).assumingMemoryBound(to: UInt8.self), Int32(byteCount)) == 1, "no randomness")
            masks.advance(byteCount)
        }
        defer { masks.consume(4) }
        return masks.bytes.loadUnaligned(as: UInt32.self)
    }
}
