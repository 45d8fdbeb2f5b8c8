import Glibc

/// The transport of a client: socket, TLS and WebSocket, driven by ``pump(timeoutMs:)``. Messages in and out are plain bytes.
///
/// Never blocks but in `pump` and while connecting. Owned by one thread.
package final class ClientConnection {
    private let socket: ClientSocket
    private var tls: TLSStream?
    /// What the socket has not yet taken.
    private var wire = ByteBuffer(capacity: 4096)
    private let inbox: Inbox
    private let endpoint: WebSocketEndpoint
    private let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    private let plainBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    private var isEnded = false
    /// Plaintext that came before the WebSocket was open.
    private var handshakeInput = ByteBuffer(capacity: 512)
    private var isOpen = false

    /// Received messages, each behind its length (u32).
    private final class Inbox: WebSocketEndpointHandler {
        var messages = ByteBuffer(capacity: 4096)

        func receivedMessage(_ message: UnsafeRawBufferPointer) -> Bool {
            messages.append(UInt32(message.count))
            messages.append(message)
            return true
        }

        func receivedPong() {}
    }

    /// Connects and completes the TLS and WebSocket handshakes, within `timeoutMs` each.
    package init(_ url: GatewayURL, trust: TLSContext.Trust, timeoutMs: Int = 5000) throws(GatewayClientError) {
        socket = try ClientSocket(url, timeoutMs: Int32(clamping: timeoutMs))
        inbox = Inbox()
        endpoint = WebSocketEndpoint(role: .client, messageBytesMax: 64 << 20, handler: inbox)
        if url.isSecure {
            do {
                tls = try TLSStream.client(TLSContext.client(trust: trust), host: url.host)
            } catch {
                throw .tls(error)
            }
            tls?.startHandshake()
        }
        try upgrade(url, timeoutMs: timeoutMs)
    }

    deinit {
        readBuffer.deallocate()
        plainBuffer.deallocate()
    }

    /// For `poll` by callers who serve many connections.
    package var fileDescriptor: Int32 { socket.descriptor }
    /// Bytes that wait to be sent.
    package var outputCount: Int { wire.count + endpoint.output.count }

    /// Appends a binary message; it leaves with the next ``pump(timeoutMs:)`` or ``flush()``.
    package func enqueue(_ message: UnsafeRawBufferPointer) { endpoint.send(message) }

    /// Sends what can be sent, waits up to `timeoutMs` for input unless messages wait already, and reads what has come.
    ///
    /// Throws ``GatewayClientError/closed(code:)`` once the connection has ended and all its messages were taken.
    package func pump(timeoutMs: Int) throws(GatewayClientError) {
        try flush()
        if inbox.messages.isEmpty, !isEnded {
            _ = socket.wait(forOutput: !wire.isEmpty, timeoutMs: Int32(clamping: timeoutMs))
        }
        try readSome()
        try flush()
        if inbox.messages.isEmpty, isEnded || endpoint.isReadEnded {
            throw .closed(code: endpoint.closeCodeReceived)
        }
    }

    /// Passes the oldest received message to `body`; false if there is none.
    package func takeMessage(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        guard !inbox.messages.isEmpty else { return false }
        let byteCount = Int(inbox.messages.bytes.loadUnaligned(as: UInt32.self))
        body(UnsafeRawBufferPointer(rebasing: inbox.messages.bytes[4..<4 + byteCount]))
        inbox.messages.consume(4 + byteCount)
        return true
    }

    /// Sends a close frame and waits up to `timeoutMs` for the answer. Messages that come meanwhile are dropped.
    package func close(timeoutMs: Int = 1000) {
        endpoint.close(code: 1000, reason: "")
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        while !endpoint.isCloseReceived, !isEnded {
            let now = MonotonicClock.milliseconds()
            guard now < deadline else { return }
            inbox.messages.removeAll()
            do { try pump(timeoutMs: Int(deadline - now)) } catch { return }
        }
    }

    /// Hands as much as possible to the socket without waiting.
    package func flush() throws(GatewayClientError) {
        if isOpen { try encrypt(&endpoint.output) }
        tls?.takeOutput(into: &wire)
        while !wire.isEmpty, !isEnded {
            switch socket.send(wire.bytes) {
            case .bytes(let count): wire.consume(count)
            case .wouldBlock: return
            case .ended: isEnded = true
            }
        }
    }

    // MARK: Details

    private func encrypt(_ plain: inout ByteBuffer) throws(GatewayClientError) {
        guard tls != nil else {
            wire.append(plain.bytes)
            plain.removeAll()
            return
        }
        do {
            while !plain.isEmpty {
                guard let count = try tls?.write(plain.bytes), count > 0 else { break }
                plain.consume(count)
            }
        } catch {
            throw .tls(error)
        }
    }

    private func readSome() throws(GatewayClientError) {
        while !isEnded {
            switch socket.receive(into: readBuffer) {
            case .wouldBlock: return
            case .ended: isEnded = true
            case .bytes(let count):
                try accept(UnsafeRawBufferPointer(rebasing: readBuffer[..<count]))
                // Less than the buffer holds: the socket is drained, spare the call that would say so.
                if count < readBuffer.count { return }
            }
        }
    }

    private func accept(_ bytes: UnsafeRawBufferPointer) throws(GatewayClientError) {
        guard tls != nil else { return acceptPlain(bytes) }
        tls?.receive(bytes)
        defer { tls?.holdInput() }
        while true {
            switch tls?.read(into: plainBuffer) {
            case .bytes(let count): acceptPlain(UnsafeRawBufferPointer(rebasing: plainBuffer[..<count]))
            case .failed(let failure):
                isEnded = true
                // An alert may be waiting to be sent; nobody is told of its fate.
                tls?.takeOutput(into: &wire)
                _ = socket.send(wire.bytes)
                throw .tls(failure)
            case .closed:
                isEnded = true
                return
            case .wantsInput, nil: return
            }
        }
    }

    private func acceptPlain(_ bytes: UnsafeRawBufferPointer) {
        if isOpen {
            _ = endpoint.receive(bytes)
        } else {
            handshakeInput.append(bytes)
        }
    }

    private func upgrade(_ url: GatewayURL, timeoutMs: Int) throws(GatewayClientError) {
        let request = WebSocketUpgradeRequest(authority: url.authority, path: "/")
        var plain = ByteBuffer(capacity: 512)
        plain.append(text: request.text)
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        while true {
            try encrypt(&plain)
            try flush()
            let now = MonotonicClock.milliseconds()
            guard now < deadline else { throw .timedOut(milliseconds: timeoutMs) }
            if !isEnded { _ = socket.wait(forOutput: !wire.isEmpty, timeoutMs: Int32(clamping: deadline - now)) }
            try readSome()
            switch request.judge(handshakeInput.bytes, isAtEnd: isEnded) {
            case .incomplete: continue
            case .refused(let refused): throw .refused(refused)
            case .accepted(let headBytes):
                isOpen = true
                handshakeInput.consume(headBytes)
                _ = endpoint.receive(handshakeInput.bytes)
                handshakeInput.removeAll()
                return
            }
        }
    }
}
