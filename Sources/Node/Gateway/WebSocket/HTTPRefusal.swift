/// An HTTP request that is not answered with an upgrade, and the sentence that tells its sender why.
package struct HTTPRefusal: Error, Equatable, Sendable {
    package let status: Int
    package let reason: String
    package let sentence: String
    /// A further field of the response, or empty.
    package let field: String

    private init(_ status: Int, _ reason: String, _ sentence: String, field: String = "") {
        self.status = status
        self.reason = reason
        self.sentence = sentence
        self.field = field
    }

    package static let malformed = HTTPRefusal(400, "Bad Request", "This is not an HTTP/1.1 request.")
    package static let version = HTTPRefusal(400, "Bad Request", "Only HTTP/1.1 is spoken here.")
    package static let host = HTTPRefusal(400, "Bad Request", "Send exactly one Host field.")
    package static let body = HTTPRefusal(400, "Bad Request", "Send no body with this request.")
    package static let key = HTTPRefusal(400, "Bad Request", "Sec-WebSocket-Key must be the base64 of 16 random bytes.")
    package static let subprotocol = HTTPRefusal(400, "Bad Request", "Offer the subprotocol memex.v1 in Sec-WebSocket-Protocol.")
    package static let path = HTTPRefusal(404, "Not Found", "The WebSocket endpoint is /, the health check is /healthz.")
    package static let method = HTTPRefusal(405, "Method Not Allowed", "Use GET.", field: "Allow: GET\r\n")
    package static let timeout = HTTPRefusal(408, "Request Timeout", "The request was not complete in time; connect again.")
    package static let notAnUpgrade = HTTPRefusal(
        426, "Upgrade Required", "Open a WebSocket here: send Upgrade: websocket and Connection: Upgrade.",
        field: "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
    package static let webSocketVersion = HTTPRefusal(
        426, "Upgrade Required", "Only version 13 of the WebSocket protocol is spoken here.",
        field: "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
    package static let headTooLarge = HTTPRefusal(
        431, "Request Header Fields Too Large", "The request's head may have 8192 bytes and 64 fields.")

    /// When one is closed, nobody can know.
    package static func tooManyConnections(open: Int, allowed: Int) -> HTTPRefusal {
        HTTPRefusal(
            429, "Too Many Requests",
            "Your address (of IPv6: your network of 64 bits) has \(open) connections, and may have \(allowed); close some first.",
            field: retry(afterSeconds: 5))
    }

    package static func tooManyBadSignatures(_ allowed: Rate, retryAfterSeconds: UInt64) -> HTTPRefusal {
        HTTPRefusal(
            429, "Too Many Requests",
            "Of your address more than \(allowed.burst) signatures at once, or \(allowed.perSecond) a second, did not fit; mend the signing, and connect again in \(retryAfterSeconds) s.",
            field: retry(afterSeconds: retryAfterSeconds))
    }

    package static func full(connections: Int) -> HTTPRefusal {
        HTTPRefusal(
            503, "Service Unavailable", "All \(connections) connections of this node are taken; try again later.",
            field: retry(afterSeconds: 5))
    }

    /// RFC 9110, 10.2.3.
    private static func retry(afterSeconds seconds: UInt64) -> String { "Retry-After: \(seconds)\r\n" }

    /// The whole response; the connection is closed after it.
    package var response: String {
        let body = sentence + "\n"
        return "HTTP/1.1 \(status) \(reason)\r\n\(field)Content-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }
}
