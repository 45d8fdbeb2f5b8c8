import Engine
import Foundation
import Sequencer
import Testing

@testable import Gateway

/// Limits, timeouts and the ends of connections, over real sockets.
@Suite(.serialized) struct ConnectionTests {
    static func closeCode(_ client: GatewayClient, within timeoutMs: Int = 60_000) -> UInt16? {
        let deadline = MonotonicClock.milliseconds() + UInt64(timeoutMs)
        while MonotonicClock.milliseconds() < deadline {
            do throws(GatewayClientError) {
                _ = try client.receive(timeoutMs: 100)
            } catch {
                if case .closed(let code) = error { return code }
                return nil
            }
        }
        return nil
    }

    @Test func answersHTTP() throws {
        let rig = try Rig(isSecure: false)
        #expect(try rig.http("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").contains("\"status\":\"ok\",\"connections\":0,\"block\":1"))
        #expect(try rig.http("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
        #expect(try rig.http("POST / HTTP/1.1\r\nHost: x\r\n\r\n").contains("\r\nAllow: GET\r\n"))
        #expect(try rig.http("GET / HTTP/1.1\r\nHost: x\r\n\r\n").hasPrefix("HTTP/1.1 426 "))
        #expect(try rig.http("bad\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
        #expect(try rig.http("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 10_000)).hasPrefix("HTTP/1.1 431 "))
        #expect(try rig.http(WebSocketUpgradeTests.good.replacingOccurrences(of: "memex.v1", with: "x")).contains("memex.v1"))
    }

    @Test func plainBytesOnATLSPortEndTheConnection() throws {
        let rig = try Rig()
        #expect(try !rig.http("GET / HTTP/1.1\r\nHost: x\r\n\r\n").contains("still open"))
        _ = try rig.client()
    }

    @Test func unfinishedHandshakesTimeOut() throws {
        let rig = try Rig(isSecure: false) { $0.handshakeTimeoutMs = 100 }
        #expect(try rig.http("GET / HTTP/1.1\r\nHost: x\r\n").hasPrefix("HTTP/1.1 408 "))
        let secure = try Rig { $0.handshakeTimeoutMs = 100 }
        #expect(try secure.http("") == "")
    }

    @Test func boundsTheNumberOfConnections() throws {
        let rig = try Rig { $0.connectionsMax = 2 }
        let first = try rig.client()
        let second = try rig.client()
        let error = #expect(throws: GatewayClientError.self) { _ = try rig.client() }
        #expect(error == .refused(WebSocketRefused(status: 503, text: "All 2 connections of this node are taken; try again later.")))
        first.close()
        _ = try rig.client()
        second.close()
    }

    @Test func closeHandshake() throws {
        let rig = try Rig()
        let client = try rig.client()
        client.close()
        #expect(Self.closeCode(client) == 1000)
    }

    @Test func stoppingCloses1001() throws {
        let executor = try FakeExecutor()
        var configuration = GatewayConfiguration(chainId: 1, rollup: Rig.rollup)
        configuration.port = 0
        let gateway = try Gateway(
            configuration, ports: executor.ports, wakeExecutor: {}, books: [:], block: 0,
            logger: .init(label: "test"))
        let client = try GatewayClient(url: "ws://127.0.0.1:\(gateway.port)")
        let stopping = Thread { gateway.stop() }
        stopping.start()
        #expect(Self.closeCode(client) == 1001)
        while !stopping.isFinished { usleep(1000) }
        // Without effect, and without harm.
        gateway.wake()
        gateway.publish(SealedHead(number: 1, timeMs: 1, stateRoot: .zero, hash: .zero))
    }

    @Test func oversizedMessageCloses1009() throws {
        let rig = try Rig()
        let client = try rig.client()
        try client.sendMessage([UInt8](repeating: 1, count: Wire.clientMessageBytesMax))
        guard case .reject = try client.receive(timeoutMs: 5000) else {
            Issue.record("the largest message was not read")
            return
        }
        try client.sendMessage([UInt8](repeating: 1, count: Wire.clientMessageBytesMax + 1))
        #expect(Self.closeCode(client) == 1009)
    }

    /// Raw frames over a WebSocket that the test upgrades by hand.
    static func closeCode(ofFrame frame: [UInt8], _ rig: Rig) throws -> Int? {
        let socket = try ClientSocket(GatewayURL(isSecure: false, host: "127.0.0.1", port: rig.gateway.port), timeoutMs: 2000)
        _ = (Array(WebSocketUpgradeTests.good.utf8) + frame).withUnsafeBytes { socket.send($0) }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while socket.wait(forOutput: false, timeoutMs: 3000) {
            guard case .bytes(let count) = buffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) else { break }
            received += buffer[..<count]
        }
        // The last frame: 0x88, length, code.
        guard let start = received.lastIndex(of: 0x88), received.count >= start + 4 else { return nil }
        return Int(received[start + 2]) << 8 | Int(received[start + 3])
    }

    @Test func textCloses1003AndViolations1002() throws {
        let rig = try Rig(isSecure: false) { $0.closeTimeoutMs = 200 }
        #expect(try Self.closeCode(ofFrame: [0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69], rig) == 1003)
        #expect(try Self.closeCode(ofFrame: [0x82, 0x01, 0x00], rig) == 1002)
        #expect(try Self.closeCode(ofFrame: [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8], rig) == 1000)
    }

    @Test func pingsTheSilentAndDropsTheDead() throws {
        let rig = try Rig {
            $0.pingIntervalMs = 50
            $0.idleTimeoutMs = 1000
        }
        // A client that reads answers pings and lives.
        let alive = try rig.client()
        #expect(try alive.receive(timeoutMs: 2000) == nil)
        #expect(try alive.query(.status).count > 0)
        // One that does not read cannot answer.
        let dead = try rig.client()
        usleep(2_000_000)
        #expect(Self.closeCode(dead) == 1008)
    }

    @Test(arguments: [true, false])
    func dropsSlowReaders(isSecure: Bool) throws {
        let rig = try Rig(isSecure: isSecure) {
            $0.outputBytesMax = 1 << 20
            // A reader so slow that it is not even waited for loses the close frame too.
            $0.closeTimeoutMs = 60_000
        }
        let slow = try rig.client()
        // Each asks for 64 kB that are not read, until the kernel's buffers and the gateway's are full; too many at once are only told that it is busy.
        let deadline = MonotonicClock.milliseconds() + 60_000
        while rig.gateway.openCount == 1, MonotonicClock.milliseconds() < deadline {
            try slow.sendMessage(ClientMessageTests.bookQuery(depth: 4096))
            usleep(200)
        }
        let other = try rig.client()
        #expect(try other.submit([.place(lots: 1)], key: Rig.key()).results.count == 1)
        #expect(Self.closeCode(slow) == 1008)
    }

    /// Which bound drops a client that does not read.
    enum OutputBound: CaseIterable { case hard, soft, total }

    /// Every ping is answered with as many bytes: one who never reads the answers must not fill the gateway's memory with them.
    @Test(arguments: OutputBound.allCases)
    func dropsPingersThatDoNotRead(bound: OutputBound) throws {
        let rig = try Rig(isSecure: false, threads: 2) {
            $0.outputBytesMax = bound == .hard ? 1 << 20 : 32 << 20
            $0.outputBytesTotalMax = bound == .total ? 32 << 20 : 1 << 30
            $0.outputLagMsMax = bound == .soft ? 50 : 60_000
            $0.closeTimeoutMs = 100
        }
        let socket = try ClientSocket(GatewayURL(isSecure: false, host: "127.0.0.1", port: rig.gateway.port), timeoutMs: 2000)
        _ = Array(WebSocketUpgradeTests.good.utf8).withUnsafeBytes { socket.send($0) }
        let ping: [UInt8] = [0x89, 0x80 | 125, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 125)
        let pings = [UInt8]((0..<500).map { _ in ping }.joined())
        var unsent = pings[...]
        var sentCount = 0
        let deadline = MonotonicClock.milliseconds() + 20_000
        flood: while sentCount < 64 << 20, MonotonicClock.milliseconds() < deadline {
            switch unsent.withUnsafeBytes({ socket.send($0) }) {
            case .bytes(let count):
                sentCount += count
                unsent = unsent.count == count ? pings[...] : unsent.dropFirst(count)
                // Some 60 MB a second at most: a gateway that has given up gets the time to hang up.
                usleep(1000)
            case .wouldBlock: usleep(1000)
            case .ended: break flood
            }
        }
        #expect(sentCount < 64 << 20, "the gateway took in \(sentCount) bytes of pings")
        #expect(MonotonicClock.milliseconds() < deadline)
    }

    /// Many connections that come and go leave nothing behind.
    @Test func connectionsComeAndGo() throws {
        let rig = try Rig()
        for round in 0..<60 {
            let client = try rig.client()
            try client.subscribe(.book, market: 1)
            try client.subscribe(.account, owner: ServerMessageTests.address(5))
            if round % 3 == 0 { client.close() }
        }
        let client = try rig.client()
        #expect(try client.submit([.place(lots: 1)], key: Rig.key()).results.count == 1)
    }
}
