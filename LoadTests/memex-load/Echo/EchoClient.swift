import Foundation
import Gateway

/// Sends messages to an echo server over many connections, keeping `depth` of each under way, and checks every byte that comes back.
///
/// What is sent is a block of masked frames over and over, made in advance, so the client costs little but system calls.
final class EchoClient {
    private let connections: [Connection]
    private let queue = ReadinessQueue()
    private let frames: Int
    private let sentFrameBytes: Int
    private let echoedFrameBytes: Int
    private let depth: Int
    /// The block as it is sent, and as it comes back.
    private let outgoing: [UInt8]
    private let expected: [UInt8]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)

    private final class Connection {
        let socket: LoadSocket
        var sentBytes = 0
        var receivedBytes = 0
        var wantsOutput = false

        init(_ socket: LoadSocket) { self.socket = socket }
    }

    /// Opens `connections` WebSockets to a server on this machine, for messages of `messageBytes` (126...65535).
    init(port: UInt16, connections: Int, depth: Int, messageBytes: Int) throws {
        precondition((126...65_535).contains(messageBytes) && depth > 0)
        self.depth = depth
        frames = max(depth, 16)
        sentFrameBytes = messageBytes + 8
        echoedFrameBytes = messageBytes + 4
        var generator = SystemRandomNumberGenerator()
        var outgoing: [UInt8] = []
        var expected: [UInt8] = []
        for _ in 0..<frames {
            let payload = (0..<messageBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
            outgoing += ClientFrame.bytes(payload, mask: UInt32.random(in: 0...UInt32.max, using: &generator))
            expected += [0x82, 126, UInt8(messageBytes >> 8), UInt8(messageBytes & 0xFF)] + payload
        }
        self.outgoing = outgoing
        self.expected = expected
        let tls = try LoadTLS(trust: .insecure)
        let url = GatewayURL(isSecure: false, host: "127.0.0.1", port: port)
        self.connections = try (0..<connections).map { _ in Connection(try LoadSocket(url, tls: tls)) }
        for (number, connection) in self.connections.enumerated() { queue.add(connection.socket.descriptor, number: number) }
    }

    deinit { buffer.deallocate() }

    /// Messages that came back, and the seconds that took: `seconds`, from the first that was sent.
    func measure(seconds: Double) throws -> (count: Int, elapsed: Double) {
        let startNs = MonotonicClock.nanoseconds()
        for index in connections.indices { try send(index) }
        try exchange(untilNs: startNs + UInt64(seconds * 1e9))
        return (echoedCount, Double(MonotonicClock.nanoseconds() - startNs) / 1e9)
    }

    private var echoedCount: Int { connections.reduce(0) { $0 + $1.receivedBytes / echoedFrameBytes } }

    private func exchange(untilNs: UInt64) throws {
        var failure: (any Error)?
        while failure == nil, MonotonicClock.nanoseconds() < untilNs {
            queue.wait(nanoseconds: 100_000_000) { number, isReadable, isWritable in
                do {
                    if isReadable { try receive(number) }
                    if isWritable { try send(number) }
                } catch { failure = error }
            }
        }
        if let failure { throw failure }
    }

    private func receive(_ number: Int) throws {
        let connection = connections[number]
        guard case .bytes(let count) = connection.socket.receive(into: buffer) else { throw LoadFailure("the echo server hung up") }
        var checked = 0
        while checked < count {
            let place = (connection.receivedBytes + checked) % expected.count
            let length = min(count - checked, expected.count - place)
            let isEqual = expected.withUnsafeBytes { memcmp($0.baseAddress! + place, buffer.baseAddress! + checked, length) == 0 }
            guard isEqual else { throw LoadFailure("the echo server sent something else back") }
            checked += length
        }
        connection.receivedBytes += count
        try send(number)
    }

    private func send(_ number: Int) throws {
        let connection = connections[number]
        let allowed = (connection.receivedBytes / echoedFrameBytes + depth) * sentFrameBytes
        var isFull = false
        while connection.sentBytes < allowed, !isFull {
            let place = connection.sentBytes % outgoing.count
            let count = min(allowed - connection.sentBytes, outgoing.count - place)
            let transfer = outgoing.withUnsafeBytes { connection.socket.send(UnsafeRawBufferPointer(rebasing: $0[place..<place + count])) }
            switch transfer {
            case .bytes(let sent): connection.sentBytes += sent
            case .wouldBlock: isFull = true
            case .ended: throw LoadFailure("the echo server hung up")
            }
        }
        if isFull != connection.wantsOutput {
            connection.wantsOutput = isFull
            queue.watch(connection.socket.descriptor, number: number, forOutput: isFull)
        }
    }
}
