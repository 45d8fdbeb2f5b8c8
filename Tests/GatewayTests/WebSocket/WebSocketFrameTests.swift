import SeededRandom
import Testing

@testable import Gateway

/// Frames at every boundary of their lengths, and close frames, cut at every byte.
@Suite struct WebSocketFrameTests {
    typealias Endpoints = WebSocketEndpointTests

    enum Opcode: UInt8 { case continuation = 0, text, binary, close = 8, ping, pong }

    /// A client's frame, written out by hand.
    static func frame(_ opcode: Opcode, _ payload: [UInt8], mask: UInt32? = 0x0403_0201) -> [UInt8] {
        var bytes = [0x80 | opcode.rawValue]
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case ..<126: bytes.append(maskBit | UInt8(payload.count))
        case ..<65_536: bytes += [maskBit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [maskBit | 127] + withUnsafeBytes(of: UInt64(payload.count).bigEndian) { Array($0) }
        }
        guard let mask else { return bytes + payload }
        let key = withUnsafeBytes(of: mask.littleEndian) { Array($0) }
        return bytes + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
    }

    /// Lengths at every boundary, cut at every byte of the head, and again within the payload.
    @Test(arguments: [0, 1, 125, 126, 4081, 4082, 4095, 4096, 4097, 65_535, 65_536, 100_000])
    func readsFramesHoweverCut(payloadBytes: Int) {
        let payload = (0..<payloadBytes).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let bytes = Self.frame(.binary, payload)
        let headBytes = bytes.count - payloadBytes
        for cut in Array(0...headBytes) + [bytes.count / 2, bytes.count] {
            let pair = Endpoints.Pair(messageBytesMax: 100_000)
            Endpoints.receive(Array(bytes[..<cut]), pair.server)
            Endpoints.receive(Array(bytes[cut...]) + Self.frame(.binary, [7]), pair.server)
            #expect(pair.atServer.messages == [payload, [7]], "\(payloadBytes) bytes cut at \(cut)")
        }
    }

    @Test(arguments: [0, 125, 126, 65_535, 65_536])
    func writesFrames(payloadBytes: Int) {
        let payload = [UInt8](repeating: 9, count: payloadBytes)
        let pair = Endpoints.Pair()
        Endpoints.send(payload, pair.server)
        #expect(Array(pair.server.output.bytes) == Self.frame(.binary, payload, mask: nil))
    }

    /// A client draws a new mask for every frame.
    @Test func masksDiffer() {
        let pair = Endpoints.Pair()
        for _ in 0..<200 { Endpoints.send([1], pair.client) }
        let output = Array(pair.client.output.bytes)
        let masks = Set((0..<200).map { (index: Int) -> [UInt8] in Array(output[index * 7 + 2..<index * 7 + 6]) })
        #expect(masks.count > 195)
        pair.run()
        #expect(pair.atServer.messages == [[UInt8]](repeating: [1], count: 200))
    }

    @Test(
        arguments: [
            [0x82, 0xFE, 0, 125, 0, 0, 0, 0, 0],  // 125 in 16 bits
            [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0],  // 65535 in 64 bits
            [0x82, 0xFF, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],  // highest bit
            [0x89, 0xFE, 0, 126, 0, 0, 0, 0],  // long ping
            [0x82, 0x01, 0], [0x82, 0],  // not masked
            [0x92, 0x80, 0, 0, 0, 0], [0xA2, 0x80, 0, 0, 0, 0], [0xC2, 0x80, 0, 0, 0, 0],  // reserved bits
            [0x83, 0x80, 0, 0, 0, 0], [0x87, 0x80, 0, 0, 0, 0], [0x8B, 0x80, 0, 0, 0, 0], [0x8F, 0x80, 0, 0, 0, 0],  // reserved opcodes
            [0x08, 0x80, 0, 0, 0, 0],  // fragmented close
        ] as [[UInt8]])
    func violations(bytes: [UInt8]) {
        for cut in 0...bytes.count {
            let pair = Endpoints.Pair(messageBytesMax: .max)
            Endpoints.receive(Array(bytes[..<cut]), pair.server)
            Endpoints.receive(Array(bytes[cut...]), pair.server)
            #expect(pair.server.isReadEnded && pair.server.isClosing)
            pair.run()
            #expect(pair.client.closeCodeReceived == 1002)
        }
    }

    /// Endpoints of one thread do not disturb each other, whatever each has received half of.
    @Test func endpointsShareFramers() {
        let framers = WebSocketFramers()
        let collectors = (0..<20).map { _ in Endpoints.Collector() }
        let servers = collectors.map { WebSocketEndpoint(role: .server, messageBytesMax: 10_000, handler: $0, framers: framers) }
        let messages: [[UInt8]] = (0..<20).map { index in
            var generator = SeededGenerator(seed: UInt64(index))
            return (0..<5000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        let streams = messages.map { Self.frame(.binary, $0) + Self.frame(.binary, [1, 2]) }
        for start in stride(from: 0, to: streams[0].count, by: 777) {
            for (index, server) in servers.enumerated() { Endpoints.receive(Array(streams[index][start...].prefix(777)), server) }
        }
        for (index, collector) in collectors.enumerated() { #expect(collector.messages == [messages[index], [1, 2]]) }
    }

    /// The answer to a close frame does not depend on where reads cut it. (wslay 1.1.1 misses bad UTF-8 when it comes in pieces.)
    @Test(
        arguments: [
            ([], 1005), ([3], 1002), ([3, 232], 1000), ([3, 232, 0x68, 0x69], 1000), ([3, 232, 0xE2, 0x82, 0xAC], 1000),
            ([3, 232, 0xE2, 0x82], 1007), ([3, 232, 0xFF], 1007), ([3, 232, 0x61, 0xC0, 0x80], 1007),
            ([0, 0], 1002), ([3, 231], 1002), ([3, 236], 1002), ([3, 237], 1002), ([3, 238], 1002), ([3, 247], 1002), ([7, 208], 1002),
            ([0x0B, 0xB7], 1002), ([0x0B, 0xB8], 3000), ([0x13, 0x87], 4999), ([0x13, 0x88], 1002),
        ] as [([UInt8], UInt16)])
    func judgesCloseFrames(payload: [UInt8], answer: UInt16) {
        let bytes = Self.frame(.close, payload)
        for cut in 0...bytes.count {
            for second in cut...bytes.count {
                let pair = Endpoints.Pair()
                for part in [bytes[..<cut], bytes[cut..<second], bytes[second...]] { Endpoints.receive(Array(part), pair.server) }
                #expect(pair.server.isReadEnded && pair.server.isClosing)
                pair.run()
                #expect(pair.client.closeCodeReceived == answer)
            }
        }
    }

    @Test func restsWhereTheHandlerSays() {
        let pair = Endpoints.Pair()
        pair.atServer.restsAfter = [2, 3]
        let bytes = [1, 2, 3, 4].flatMap { Self.frame(.binary, [$0]) } + Self.frame(.ping, [])
        #expect(Endpoints.receive(bytes, pair.server) == 2)
        #expect(pair.atServer.messages == [[1], [2], [3], [4]])
        #expect(Array(pair.server.output.bytes) == [0x8A, 0])
    }

    @Test func idleEndpointsHoldNoMemory() {
        let pair = Endpoints.Pair(messageBytesMax: 1 << 20)
        let bytes = Self.frame(.binary, [UInt8](repeating: 1, count: 100_000))
        Endpoints.receive(Array(bytes[..<50_000]), pair.server)
        Endpoints.receive(Array(bytes[50_000...]), pair.server)
        Endpoints.send([UInt8](repeating: 1, count: 100_000), pair.server)
        pair.run()
        pair.server.releaseMemory()
        #expect(pair.atServer.messages.count == 1 && pair.server.output.capacity == 0)
    }

    /// Random frames, well-formed and not, cut at random: the same messages and the same end as wslay's own event layer.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func agreesWithWslay(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<400 {
            var stream: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &generator) { stream += Self.randomFrame(&generator) }
            let oracle = WslayOracle(messageBytesMax: 1000)
            oracle.receive(stream)
            let pair = Endpoints.Pair()
            var rest = stream[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...40, using: &generator))
                Endpoints.receive(Array(part), pair.server)
                rest = rest.dropFirst(part.count)
            }
            #expect(pair.atServer.messages == oracle.messages, "seed \(seed), round \(round): \(stream)")
            #expect(pair.atServer.pongs == oracle.pongCount, "seed \(seed), round \(round): \(stream)")
            #expect(pair.server.isClosing == (oracle.closeCode != nil), "seed \(seed), round \(round): \(stream)")
            pair.run()
            if let code = oracle.closeCode { #expect(pair.client.closeCodeReceived == code, "seed \(seed), round \(round): \(stream)") }
        }
    }

    /// Mostly good frames without text (which we refuse as a whole) and with close codes on which both agree.
    private static func randomFrame(_ generator: inout SeededGenerator) -> [UInt8] {
        let size = [0, 1, 2, 60, 125, 126, 600].randomElement(using: &generator)!
        let payload = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var bytes: [UInt8]
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: bytes = frame(.ping, Array(payload.prefix(125)), mask: generator.next())
        case 1: bytes = frame(.pong, Array(payload.prefix(125)), mask: generator.next())
        case 2: bytes = frame(.close, [[], [3, 232], [3, 233, 0x61], [15, 160], [0, 1]].randomElement(using: &generator)!)
        case 3: bytes = frame(.continuation, payload, mask: generator.next())
        default: bytes = frame(.binary, payload, mask: generator.next())
        }
        // A fragment, sometimes; something broken, rarely. Never a text frame.
        if Int.random(in: 0..<4, using: &generator) == 0 { bytes[0] &= 0x7F }
        if Int.random(in: 0..<12, using: &generator) == 0 { bytes[0] |= [0x10, 0x20, 0x40, 0x0B].randomElement(using: &generator)! }
        if Int.random(in: 0..<30, using: &generator) == 0 { bytes[1] &= 0x7F }
        if bytes[0] & 0x0F == 1 { bytes[0] += 1 }
        return bytes
    }
}
