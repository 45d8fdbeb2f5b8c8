/// The client's half of the opening handshake (RFC 6455, 4.1). Pure.
package struct WebSocketUpgradeRequest {
    package let key: String
    package let text: String

    package enum Outcome: Equatable {
        case incomplete
        /// Frames follow `headBytes` bytes into the input.
        case accepted(headBytes: Int)
        case refused(WebSocketRefused)
    }

    /// A request for the endpoint at `path` of `authority` (host and port).
    package init(authority: String, path: String, key: String = WebSocketKey.random()) {
        self.key = key
        text =
            "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: \(WebSocketUpgrade.subprotocol)\r\n\r\n"
    }

    /// Judges everything that the server has answered so far; `isAtEnd` if no more will come.
    package func judge(_ bytes: UnsafeRawBufferPointer, isAtEnd: Bool) -> Outcome {
        let head: HTTPHead
        switch HTTPHead.parse(bytes, bytesMax: 16 << 10) {
        case .incomplete:
            return isAtEnd ? .refused(WebSocketRefused(status: 0, text: "the server hung up during the handshake")) : .incomplete
        case .malformed, .tooLarge: return .refused(WebSocketRefused(status: 0, text: "the server does not speak HTTP/1.1"))
        case .head(let parsed): head = parsed
        }
        guard head.firstLine.count >= 2, let status = Int(head.firstLine[1]) else {
            return .refused(WebSocketRefused(status: 0, text: "the server does not speak HTTP/1.1"))
        }
        guard status == 101 else {
            let bodyBytes = max(0, Int(head.single("content-length") ?? "0") ?? 0)
            let available = bytes.count - head.byteCount
            guard isAtEnd || available >= min(bodyBytes, 4096) else { return .incomplete }
            let body = String(decoding: bytes[head.byteCount...].prefix(min(bodyBytes, 4096)), as: UTF8.self)
            return .refused(WebSocketRefused(status: status, text: String(body.prefix { $0 != "\n" })))
        }
        guard head.single("sec-websocket-accept") == WebSocketKey.accept(key),
            head.list("upgrade").contains(where: { $0.lowercased() == "websocket" }),
            head.single("sec-websocket-protocol") == WebSocketUpgrade.subprotocol
        else { return .refused(WebSocketRefused(status: status, text: "the server did not agree to a WebSocket with memex.v1")) }
        return .accepted(headBytes: head.byteCount)
    }
}

/// The server did not open a WebSocket.
package struct WebSocketRefused: Error, Equatable, Sendable, CustomStringConvertible {
    /// The HTTP status, or 0 if there was none.
    package let status: Int
    package let text: String

    package var description: String { status == 0 ? text : "the server answered HTTP \(status): \(text)" }
}
