@testable import Engine
import SeededRandom
import Testing

@testable import Rollup

@Suite struct BatchCodecTests {
    /// What a reader made of a batch, in the shape of what went in.
    struct Decoded: Equatable {
        var blocks: [BatchReader.Block] = []
        var envelopes: [EnvelopeList] = []
    }

    /// Workspace and scratch of a reader, guarded.
    struct Room {
        let workspace = GuardedBytes(count: BatchReader.workspaceBytes)
        let scratch = GuardedBytes(count: BatchReader.scratchBytes)

        func decode(_ bytes: UnsafeRawBufferPointer) throws(BatchError) -> Decoded {
            guard let workspace = workspace.bytes.baseAddress, let scratch = scratch.bytes.baseAddress else { return Decoded() }
            var decoded = Decoded()
            var reader = try BatchReader(bytes, workspace: workspace)
            while let block = try reader.nextBlock() {
                decoded.blocks.append(block)
                var list = EnvelopeList()
                for _ in 0..<block.envelopeCount { list.append(try reader.nextEnvelope(into: scratch).bytes) }
                decoded.envelopes.append(list)
            }
            return decoded
        }
    }

    static func blocks(seed: UInt64, count: Int, envelopesMax: Int) -> [Block] {
        var random = RandomBlocks(seed: seed)
        return (0..<count).map { _ in
            let envelopes = random.generator.below(envelopesMax + 1)
            return random.block(envelopes: envelopes)
        }
    }

    static func encode(_ blocks: [Block]) throws -> [UInt8] {
        var encoder = BatchEncoder()
        for block in blocks { try encoder.append(block) }
        let bytes = encoder.bytes()
        #expect(bytes.count <= encoder.byteCountMax)
        #expect(encoder.byteCountMax - bytes.count <= BatchFormat.headBytesMax)
        return bytes
    }

    @Test(arguments: UInt64(1)...24)
    func roundTrip(seed: UInt64) throws {
        let blocks = Self.blocks(seed: seed, count: Int(1 + seed % 9), envelopesMax: seed % 5 == 0 ? 300 : 12)
        let bytes = try Self.encode(blocks)
        let room = Room()
        let decoded = try bytes.withUnsafeBytes { try room.decode($0) }
        #expect(decoded.envelopes == blocks.map(\.envelopes), "seed \(seed)")
        #expect(
            decoded.blocks
                == blocks.map {
                    BatchReader.Block(
                        number: $0.header.number, timeMs: $0.header.timeMs, l1Origin: $0.header.l1Origin,
                        messageCount: UInt64($0.messageCount), envelopeCount: $0.envelopes.count)
                }, "seed \(seed)")
        let last = try bytes.withUnsafeBytes {
            try BatchReader.validate($0, workspace: room.workspace.bytes.baseAddress!, scratch: room.scratch.bytes.baseAddress!)
        }
        #expect(last == decoded.blocks.last)
    }

    @Test func encoderStopsAtTheLimit() throws {
        let blocks = Self.blocks(seed: 9, count: 60, envelopesMax: 30)
        var encoder = BatchEncoder()
        var taken = 0
        while taken < blocks.count, try encoder.appendIfFits(blocks[taken], byteCountMax: 40_000) { taken += 1 }
        #expect(taken > 0 && taken < blocks.count)
        #expect(encoder.bytes() == (try Self.encode(Array(blocks[..<taken]))))
        #expect(encoder.bytes().count <= 40_000)
        #expect(encoder.blockCount == taken)
    }

    /// Few bytes, much work: the counts are bounded, too.
    @Test func encoderStopsAtTooManyCommands() throws {
        var random = RandomBlocks(seed: 4)
        let payload = [Command](repeating: .openSubaccount, count: 512)
        let full = RandomBlocks.envelope(signer: .zero, nonce: 1, signature: [UInt8](repeating: 1, count: 64), commands: payload)
        var encoder = BatchEncoder()
        var envelopes = 0
        while true {
            var block = random.block(envelopes: 0)
            for _ in 0..<48 { full.withUnsafeBytes { block.envelopes.append($0) } }
            guard try encoder.appendIfFits(block) else { break }
            envelopes += 48
        }
        #expect(encoder.commands == envelopes * 512 && encoder.commands == BatchFormat.commandsMax)
        let bytes = encoder.bytes()
        #expect(bytes.count < BatchFormat.bytesMax / 2)
        #expect(try bytes.withUnsafeBytes { try Room().decode($0) }.envelopes.map(\.count).reduce(0, +) == envelopes)
    }

    @Test func encoderRefusesWhatCannotFollow() throws {
        let blocks = Self.blocks(seed: 3, count: 3, envelopesMax: 2)
        var encoder = BatchEncoder()
        try encoder.append(blocks[0])
        let before = encoder.bytes()
        let number = blocks[0].header.number
        #expect(throws: BatchEncodingError.wrongNumber(expected: number + 1, actual: number + 2)) { try encoder.append(blocks[2]) }
        var early = blocks[1]
        early.header.timeMs = blocks[0].header.timeMs - 1
        #expect(throws: BatchEncodingError.timeGoesBack(block: number + 1)) { try encoder.append(early) }
        var malformed = blocks[1]
        let envelope = RandomBlocks.envelope(signer: .zero, nonce: 1, signature: [UInt8](repeating: 1, count: 64), commands: [])
        malformed.envelopes = EnvelopeList()
        (envelope + [9]).withUnsafeBytes { malformed.envelopes.append($0) }
        #expect(throws: BatchEncodingError.malformedPayload(block: number + 1, envelope: 0)) { try encoder.append(malformed) }
        #expect(encoder.bytes() == before)
    }

    @Test func zigzagIsInvertible() {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<1000 {
            let value = generator.integer()
            #expect(BatchFormat.unzigzag(BatchFormat.zigzag(value)) == value)
            let short = UInt32(truncatingIfNeeded: value)
            #expect(BatchFormat.unzigzag(UInt32(BatchFormat.zigzag(short))) == short)
        }
        #expect(BatchFormat.zigzag(UInt64(0)) == 0)
        #expect(BatchFormat.zigzag(UInt64.max) == 1)
        #expect(BatchFormat.zigzag(UInt64(1)) == 2)
        #expect(BatchFormat.zigzag(UInt32.max) == 1)
    }
}
