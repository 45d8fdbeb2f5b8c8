import Engine
import SeededRandom
import Testing

@testable import Gateway
@testable import memex_load

/// How the harness reads what a server sends.
struct FramesTests {
    private func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        if length < 126 { return [0x80 | opcode, UInt8(length)] + payload }
        if length < 65_536 { return [0x80 | opcode, 126, UInt8(length >> 8), UInt8(length & 0xFF)] + payload }
        return [0x80 | opcode, 127] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) } + payload
    }

    @Test func messagesComeOutWholeHoweverTheyArrive() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let payloads = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000].map { count in
            (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + count) }
        }
        let stream = payloads.flatMap { frame(2, $0) } + frame(9, [1, 2]) + frame(8, [0x03, 0xF0])
        for _ in 0..<30 {
            var frames = ServerFrames()
            var messages: [[UInt8]] = []
            var pings: [[UInt8]] = []
            var codes: [UInt16] = []
            var offset = 0
            while offset < stream.count {
                let end = min(stream.count, offset + Int.random(in: 1...20_000, using: &random))
                let bytes = frames.leftover + stream[offset..<end]
                let isGood = bytes.withUnsafeBytes { bytes in
                    frames.take(bytes) {
                        switch $0 {
                        case .message(let message): messages.append(Array(message))
                        case .ping(let payload): pings.append(Array(payload))
                        case .close(let code): codes.append(code)
                        }
                    }
                }
                #expect(isGood)
                offset = end
            }
            #expect(messages == payloads && pings == [[1, 2]] && codes == [1008] && frames.leftover.isEmpty, "seed \(seed)")
        }
    }

    @Test(
        arguments: [[0x02, 1, 0], [0x82, 0x81, 0, 0, 0, 0, 0], [0xC2, 1, 0], [0x81, 1, 65], [0x82, 127, 0xFF, 0, 0, 0, 0, 0, 0, 0]]
            as [[UInt8]])
    func whatTheGatewayNeverSendsIsRefused(bytes: [UInt8]) {
        var frames = ServerFrames()
        #expect(!bytes.withUnsafeBytes { frames.take($0) { _ in } })
    }

    @Test func clientFramesAreMasked() {
        for count in [0, 1, 7, 8, 9, 125, 126, 65_536] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let frame = ClientFrame.bytes(payload, mask: 0x0403_0201)
            let headerBytes = count < 126 ? 2 : count < 65_536 ? 4 : 10
            #expect(Array(frame[headerBytes..<headerBytes + 4]) == [1, 2, 3, 4])
            #expect(frame[(headerBytes + 4)...].enumerated().map { $1 ^ UInt8($0 & 3 + 1) } == payload)
        }
    }

    @Test func acksAreReadAsTheGatewayWritesThem() throws {
        var buffer = ByteBuffer()
        buffer.append(ackOf: 11, sequence: 12, block: 13, position: 14, commandCount: 2)
        for kind in [Event.Kind.placed, Event.Kind.rejected] {
            var event = Event()
            event.kind = kind
            event.lots = 77
            event.code = kind == Event.Kind.rejected ? RejectCode.unknownOrder.rawValue : 0
            buffer.append(result: event)
        }
        buffer.append(rejectedCommand: 1, code: RejectCode.unknownOrder.rawValue)
        let bytes = buffer.bytes
        let view = try #require(AckView(bytes))
        guard case .ack(let ack) = try ServerMessage(decoding: bytes) else {
            Issue.record("no ack")
            return
        }
        #expect(ack.results.count == 2 && view.isFaithful(to: ack) && view.lots(0) == 77)
        #expect(AckView(UnsafeRawBufferPointer(rebasing: bytes[..<60])) == nil)
    }

    @Test func marketDataFindsItsBatchInEitherOrder() {
        var matcher = PositionMatcher()
        #expect(matcher.acked(7, dueNs: 100) == nil)
        #expect(matcher.told(7, timeNs: 150) == 100)
        #expect(matcher.told(7, timeNs: 160) == nil)
        #expect(matcher.told(8, timeNs: 170) == nil)
        #expect(matcher.acked(8, dueNs: 120) == 170)
        #expect(matcher.acked(9, dueNs: 1) == nil)
    }
}
