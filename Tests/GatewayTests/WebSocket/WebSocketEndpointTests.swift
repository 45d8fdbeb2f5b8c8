import SeededRandom
import Testing

@testable import Gateway

@Suite struct WebSocketEndpointTests {
    final class Collector: WebSocketEndpointHandler {
        var messages: [[UInt8]] = []
        var pongs = 0

        /// Messages after which the endpoint is to return.
        var restsAfter: Set<Int> = []

        func receivedMessage(_ message: UnsafeRawBufferPointer) -> Bool {
            messages.append(Array(message))
            return !restsAfter.contains(messages.count)
        }
        func receivedPong() { pongs += 1 }
    }

    /// Two ends, and what each has received.
    struct Pair {
        let atServer = Collector()
        let atClient = Collector()
        let server: WebSocketEndpoint
        let client: WebSocketEndpoint

        init(messageBytesMax: Int = 1000) {
            server = WebSocketEndpoint(role: .server, messageBytesMax: messageBytesMax, handler: atServer)
            client = WebSocketEndpoint(role: .client, messageBytesMax: 1 << 20, handler: atClient)
        }

        /// Carries bytes both ways, `step` at a time, until nothing is left.
        func run(step: Int = .max) {
            while !server.output.isEmpty || !client.output.isEmpty {
                Self.move(from: client, to: server, step: step)
                Self.move(from: server, to: client, step: step)
            }
        }

        private static func move(from: WebSocketEndpoint, to: WebSocketEndpoint, step: Int) {
            let bytes = Array(from.output.bytes.prefix(step))
            from.output.consume(bytes.count)
            WebSocketEndpointTests.receive(bytes, to)
        }
    }

    static func send(_ bytes: [UInt8], _ endpoint: WebSocketEndpoint) { bytes.withUnsafeBytes { endpoint.send($0) } }

    /// Hands over bytes, the rest again after every rest that the endpoint takes.
    @discardableResult static func receive(_ bytes: [UInt8], _ endpoint: WebSocketEndpoint) -> Int {
        var bytes = bytes
        var restCount = 0
        while true {
            let taken = bytes.withUnsafeBytes { endpoint.receive($0) }
            guard taken < bytes.count else { return restCount }
            restCount += 1
            bytes.removeFirst(taken)
        }
    }

    @Test(arguments: [1, 3, 100, Int.max])
    func carriesMessagesBothWays(step: Int) {
        let pair = Pair()
        let messages = [[], [1], [UInt8](repeating: 2, count: 125), [UInt8](repeating: 3, count: 126), [UInt8](repeating: 4, count: 1000)]
        for message in messages {
            Self.send(message, pair.client)
            Self.send(message, pair.server)
        }
        Self.send([UInt8](repeating: 5, count: 70_000), pair.server)
        pair.run(step: step)
        #expect(pair.atServer.messages == messages)
        #expect(pair.atClient.messages == messages + [[UInt8](repeating: 5, count: 70_000)])
    }

    @Test func answersPings() {
        let pair = Pair()
        pair.server.ping()
        pair.run()
        #expect(pair.atServer.pongs == 1)
    }

    @Test func closesWithBothFrames() {
        let pair = Pair()
        pair.server.close(code: 1001, reason: "bye")
        Self.send([1], pair.server)
        pair.run()
        #expect(pair.client.closeCodeReceived == 1001 && pair.server.closeCodeReceived == 1001)
        #expect(pair.server.isClosed && pair.client.isClosed)
        #expect(pair.atClient.messages.isEmpty)
    }

    @Test func textCloses1003() {
        let pair = Pair()
        Self.receive([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69], pair.server)
        pair.run()
        #expect(pair.client.closeCodeReceived == 1003)
        #expect(pair.atServer.messages.isEmpty)
    }

    @Test func largeMessageCloses1009() {
        let pair = Pair()
        Self.send([UInt8](repeating: 1, count: 1001), pair.client)
        pair.run()
        #expect(pair.client.closeCodeReceived == 1009)
        #expect(pair.atServer.messages.isEmpty)
    }

    /// The limit holds for all fragments of a message together.
    @Test func largeFragmentedMessageCloses1009() {
        let pair = Pair()
        let piece = [UInt8](repeating: 0, count: 100)
        Self.receive([0x02, 0x80 | 100, 0, 0, 0, 0] + piece, pair.server)
        for _ in 0..<20 { Self.receive([0x00, 0x80 | 100, 0, 0, 0, 0] + piece, pair.server) }
        pair.run()
        #expect(pair.client.closeCodeReceived == 1009)
        #expect(pair.atServer.messages.isEmpty)
    }

    @Test func joinsFragmentsAroundControlFrames() {
        let pair = Pair()
        Self.receive([0x02, 0x82, 0, 0, 0, 0, 1, 2], pair.server)
        Self.receive([0x89, 0x80, 0, 0, 0, 0], pair.server)
        Self.receive([0x80, 0x81, 0, 0, 0, 0, 3], pair.server)
        #expect(pair.atServer.messages == [[1, 2, 3]])
        #expect(Array(pair.server.output.bytes) == [0x8A, 0])
    }

    @Test(arguments: [
        [0x82, 0x01, 0x00],  // not masked
        [0x83, 0x80, 0, 0, 0, 0],  // unknown opcode
        [0xC2, 0x80, 0, 0, 0, 0],  // reserved bit
        [0x80, 0x80, 0, 0, 0, 0],  // continuation of nothing
        [0x09, 0x80, 0, 0, 0, 0],  // fragmented ping
    ])
    func violationsClose1002(frame: [UInt8]) {
        let pair = Pair()
        Self.receive(frame, pair.server)
        pair.run()
        #expect(pair.client.closeCodeReceived == 1002)
        #expect(pair.server.isReadEnded)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let source = Pair()
            for _ in 0..<4 { Self.send([UInt8](repeating: 1, count: Int.random(in: 0..<200, using: &generator)), source.client) }
            source.client.ping()
            source.client.close(code: 1000, reason: "")
            let pair = Pair()
            Self.receive(mutate(Array(source.client.output.bytes), &generator), pair.server)
            #expect(pair.atServer.messages.allSatisfy { $0.count <= 1000 }, "seed \(seed)")
        }
    }
}
