@testable import Gateway

/// A connection of which nothing is left but what it was sent; tests say how it reads.
final class FakeListener: MarketListener, WebSocketEndpointHandler {
    let slot: Int
    var isLagging = false
    /// What waits, until ``read()``.
    private var output = ByteBuffer(capacity: 64)
    /// Bytes that wait although they were read; to be set by tests.
    var otherWaitingBytes = 0
    private var messages: [ServerMessage] = []
    private var endpoint: WebSocketEndpoint!
    /// Calls of ``sendMarketData(frames:)``.
    private(set) var sendCount = 0

    init(slot: Int) {
        self.slot = slot
        endpoint = WebSocketEndpoint(role: .client, messageBytesMax: Wire.serverMessageBytesMax, handler: self)
    }

    var waitingBytes: Int { output.count + otherWaitingBytes }

    func sendMarketData(frames: UnsafeRawBufferPointer) {
        sendCount += 1
        output.append(frames)
    }

    /// What was sent since the last call.
    func read() throws -> [ServerMessage] {
        messages = []
        let bytes = Array(output.bytes)
        output.removeAll()
        let count = bytes.withUnsafeBytes { endpoint.receive($0) }
        guard count == bytes.count, !endpoint.isClosing else { throw MalformedServerMessage(type: 0, byteCount: bytes.count) }
        return messages
    }

    func receivedMessage(_ message: UnsafeRawBufferPointer) -> Bool {
        if let message = try? ServerMessage(decoding: message) { messages.append(message) } else { endpoint.close(code: 1002, reason: "") }
        return true
    }

    func receivedPong() {}
}

extension MarketFeeds {
    /// A turn without slices. Returns whether parts of snapshots could go on.
    mutating func publish() -> Bool {
        let canGoOn = publish { _ in }
        _ = deliver { true }
        return canGoOn
    }
}
