/// The server's half of the opening handshake (RFC 6455, 4.2): what to do with a request. Pure.
package enum WebSocketUpgrade {
    /// The subprotocol that a client must offer.
    package static let subprotocol = "memex.v1"
    /// Bytes of a request's head.
    package static let headBytesMax = 8 << 10

    package enum Outcome: Equatable {
        /// The head is not complete yet.
        case incomplete
        /// Answer with ``response(key:)``; frames follow `headBytes` bytes into the input.
        case accept(key: String, headBytes: Int)
        /// `GET /healthz`.
        case health
        case refuse(HTTPRefusal)
    }

    /// Decides from everything that came so far.
    package static func decide(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        switch HTTPHead.parse(bytes, bytesMax: headBytesMax) {
        case .incomplete: .incomplete
        case .malformed: .refuse(.malformed)
        case .tooLarge: .refuse(.headTooLarge)
        case .head(let head): decide(head)
        }
    }

    private static func decide(_ head: HTTPHead) -> Outcome {
        guard head.firstLine.count == 3, !head.firstLine[0].isEmpty, head.firstLine[1].hasPrefix("/") else { return .refuse(.malformed) }
        guard head.firstLine[2] == "HTTP/1.1" else { return .refuse(.version) }
        guard head.single("host") != nil else { return .refuse(.host) }
        let path = head.firstLine[1].prefix { $0 != "?" }
        guard path == "/" || path == "/healthz" else { return .refuse(.path) }
        guard head.firstLine[0] == "GET" else { return .refuse(.method) }
        guard !head.has("transfer-encoding"), head.list("content-length").allSatisfy({ $0 == "0" }) else { return .refuse(.body) }
        if path == "/healthz" { return .health }
        guard head.list("upgrade").contains(where: { $0.lowercased() == "websocket" }),
            head.list("connection").contains(where: { $0.lowercased() == "upgrade" })
        else { return .refuse(.notAnUpgrade) }
        guard head.single("sec-websocket-version") == "13" else { return .refuse(.webSocketVersion) }
        guard let key = head.single("sec-websocket-key"), isKey(key) else { return .refuse(.key) }
        guard head.list("sec-websocket-protocol").contains(subprotocol) else { return .refuse(.subprotocol) }
        return .accept(key: key, headBytes: head.byteCount)
    }

    /// The answer to an accepted request.
    package static func response(key: String) -> String {
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(WebSocketKey.accept(key))\r\nSec-WebSocket-Protocol: \(subprotocol)\r\n\r\n"
    }

    /// The answer to `GET /healthz`.
    package static func healthResponse(connections: Int, block: UInt64) -> String {
        let body = "{\"status\":\"ok\",\"connections\":\(connections),\"block\":\(block)}\n"
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }

    /// Whether a key is the base64 of 16 bytes.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes[22] == UInt8(ascii: "="), bytes[23] == UInt8(ascii: "=") else { return false }
        return bytes[..<22].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
            }
        }
    }
}
