import Foundation
import SeededRandom
import Testing

@testable import Gateway

@Suite struct WebSocketUpgradeTests {
    /// The example of RFC 6455, 1.3.
    @Test func acceptKeyOfTheRFC() {
        #expect(WebSocketKey.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    static let good =
        "GET / HTTP/1.1\r\nHost: localhost:8443\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: other, memex.v1\r\n\r\n"

    static func decide(_ text: String) -> WebSocketUpgrade.Outcome {
        Array(text.utf8).withUnsafeBytes { WebSocketUpgrade.decide($0) }
    }

    @Test func acceptsAndFindsTheEndOfTheHead() {
        let count = Self.good.utf8.count
        #expect(Self.decide(Self.good) == .accept(key: "dGhlIHNhbXBsZSBub25jZQ==", headBytes: count))
        #expect(Self.decide(Self.good + "\u{1}frames") == .accept(key: "dGhlIHNhbXBsZSBub25jZQ==", headBytes: count))
    }

    @Test func everyPrefixIsIncomplete() {
        let bytes = Array(Self.good.utf8)
        for count in 0..<bytes.count {
            #expect(bytes[..<count].withUnsafeBytes { WebSocketUpgrade.decide($0) } == .incomplete)
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1", "GET /other HTTP/1.1", HTTPRefusal.path),
        ("GET / HTTP/1.1", "GET /?a=b HTTP/1.0", .version),
        ("GET / HTTP/1.1", "POST / HTTP/1.1", .method),
        ("GET / HTTP/1.1", "GET / HTTP/1.1\r\nContent-Length: 5", .body),
        ("GET / HTTP/1.1", "GET / HTTP/1.1\r\nTransfer-Encoding: chunked", .body),
        ("GET / HTTP/1.1", "nonsense", .malformed),
        ("GET / HTTP/1.1", "GET http://x/ HTTP/1.1", .malformed),
        ("Host: localhost:8443", "Host : localhost", .malformed),
        ("Host: localhost:8443", " folded: yes", .malformed),
        ("Host: localhost:8443", "X: y", .host),
        ("Host: localhost:8443", "Host: a\r\nHost: b", .host),
        ("Upgrade: websocket", "Upgrade: h2c", .notAnUpgrade),
        ("Connection: keep-alive, Upgrade", "Connection: close", .notAnUpgrade),
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", .webSocketVersion),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short", .key),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ!==", .key),
        ("other, memex.v1", "other, memex.v2", .subprotocol),
        ("\r\nSec-WebSocket-Protocol: other, memex.v1", "", .subprotocol),
    ])
    func refuses(_ found: String, _ replacement: String, _ refusal: HTTPRefusal) throws {
        let range = try #require(Self.good.firstRange(of: found))
        #expect(Self.decide(Self.good.replacingCharacters(in: range, with: replacement)) == .refuse(refusal))
    }

    @Test func limitsTheHead() {
        #expect(Self.decide("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 9000)) == .refuse(.headTooLarge))
        #expect(Self.decide("GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 70) + "\r\n") == .refuse(.headTooLarge))
        #expect(Self.decide(String(repeating: "\r\n", count: 5000)) == .refuse(.malformed))
    }

    /// Whoever has to wait is told for how long, and what would be too much again.
    @Test func refusalsForNowSayWhen() {
        let signatures = HTTPRefusal.tooManyBadSignatures(Rate(perSecond: 10, burst: 200), retryAfterSeconds: 7).response
        for part in ["HTTP/1.1 429 ", "\r\nRetry-After: 7\r\n", "200 signatures at once", "10 a second", "in 7 s"] {
            #expect(signatures.contains(part), "\(part) in \(signatures)")
        }
        let connections = HTTPRefusal.tooManyConnections(open: 4098, allowed: 4096).response
        for part in ["HTTP/1.1 429 ", "\r\nRetry-After: 5\r\n", "has 4098", "may have 4096"] {
            #expect(connections.contains(part), "\(part) in \(connections)")
        }
        #expect(HTTPRefusal.full(connections: 9).response.contains("\r\nRetry-After: 5\r\n"))
    }

    @Test func health() {
        #expect(Self.decide("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") == .health)
        #expect(WebSocketUpgrade.healthResponse(connections: 2, block: 7).hasSuffix("{\"status\":\"ok\",\"connections\":2,\"block\":7}\n"))
    }

    @Test func clientAcceptsWhatTheServerAnswersAndNothingElse() {
        let request = WebSocketUpgradeRequest(authority: "localhost:1", path: "/")
        guard case .accept(let key, _) = Self.decide(request.text) else {
            Issue.record("the server refused the client's own request")
            return
        }
        let response = WebSocketUpgrade.response(key: key)
        func judge(_ text: String, isAtEnd: Bool = false) -> WebSocketUpgradeRequest.Outcome {
            Array(text.utf8).withUnsafeBytes { request.judge($0, isAtEnd: isAtEnd) }
        }
        #expect(judge(response) == .accepted(headBytes: response.utf8.count))
        #expect(judge(String(response.dropLast())) == .incomplete)
        #expect(
            judge(HTTPRefusal.full(connections: 9).response)
                == .refused(WebSocketRefused(status: 503, text: "All 9 connections of this node are taken; try again later."))
        )
        let other = WebSocketUpgrade.response(key: WebSocketKey.random())
        #expect(judge(other) == .refused(WebSocketRefused(status: 101, text: "the server did not agree to a WebSocket with memex.v1")))
        #expect(
            judge("HTTP/1.1 500 No\r\nContent-Length: -5\r\n\r\nbody") == .refused(WebSocketRefused(status: 500, text: "")),
            "whoever answers may be anybody")
        #expect(judge("", isAtEnd: true) == .refused(WebSocketRefused(status: 0, text: "the server hung up during the handshake")))
    }

    /// Whatever comes, the parser answers, and what it accepts has a well-formed key.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let good = Array(Self.good.utf8)
        for _ in 0..<5000 {
            let bytes = mutate(good, &generator)
            switch bytes.withUnsafeBytes({ WebSocketUpgrade.decide($0) }) {
            case .accept(let key, let headBytes):
                #expect(key.utf8.count == 24 && headBytes <= bytes.count, "seed \(seed)")
            case .incomplete, .health: break
            case .refuse(let refusal): #expect((400..<600).contains(refusal.status), "seed \(seed)")
            }
        }
    }
}
