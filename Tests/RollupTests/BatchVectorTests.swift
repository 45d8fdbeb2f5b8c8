import Engine
import Foundation
import Signing
import Testing

@testable import Rollup

/// A batch that independent code (Tests/Contracts/reference_batch.py) wrote from the table beside ``BatchFormat``.
@Suite struct BatchVectorTests {
    private struct Vector: Decodable {
        struct Block: Decodable {
            var number: UInt64
            var timeMs: UInt64
            var l1Origin: UInt64
            var messages: UInt32
            var envelopes: [String]
        }

        var blocks: [Block]
        var bytes: String
    }

    @Test func theSameBytesAsTheReference() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Vectors/batch.json")
        let vector = try JSONDecoder().decode(Vector.self, from: Data(contentsOf: file))
        var kinds: Set<UInt8> = []
        let blocks = try vector.blocks.map { block in
            var envelopes = EnvelopeList()
            for text in block.envelopes { try Hex.decode(text).withUnsafeBytes { envelopes.append($0) } }
            envelopes.forEach { envelope in
                var offset = 0
                while offset < envelope.payload.count {
                    let type = envelope.payload[offset]
                    kinds.insert(type)
                    offset += max(1, Command.byteCount(type: type))
                }
            }
            let header = BlockHeader(
                number: block.number, parentHash: .zero, stateRoot: .zero, commandsRoot: .zero, inboxCursor: 0, timeMs: block.timeMs,
                l1Origin: block.l1Origin)
            return Block(header: header, signature: Signature(r: .zero, s: .zero), messageCount: block.messages, envelopes: envelopes)
        }
        #expect(kinds == Set(1...17))
        let bytes = try Hex.decode(vector.bytes)
        #expect(try BatchCodecTests.encode(blocks) == bytes)
        let decoded = try bytes.withUnsafeBytes { try BatchCodecTests.Room().decode($0) }
        #expect(decoded.envelopes == blocks.map(\.envelopes))
        #expect(decoded.blocks.map(\.timeMs) == vector.blocks.map(\.timeMs))
        #expect(decoded.blocks.map(\.messageCount) == vector.blocks.map { UInt64($0.messages) })
    }
}
