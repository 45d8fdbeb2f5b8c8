import Engine
import Signing
import SeededRandom
import Testing

@testable import Rollup

/// Bytes that are no batch end in a `BatchError`: no trap, and no access beyond the input, the workspace or the scratch, which all
/// end at a page that may not be touched.
@Suite struct BatchFuzzTests {
    /// Decodes and counts the outcome. What does decode must encode to a batch that decodes to the same.
    static func outcome(_ input: [UInt8], _ room: BatchCodecTests.Room) -> BatchError? {
        let guarded = GuardedBytes(count: input.count)
        guarded.bytes.copyBytes(from: input)
        do throws(BatchError) {
            let decoded = try room.decode(UnsafeRawBufferPointer(guarded.bytes))
            checkEncodes(decoded, input, room)
            return nil
        } catch {
            return error
        }
    }

    private static func checkEncodes(_ decoded: BatchCodecTests.Decoded, _ input: [UInt8], _ room: BatchCodecTests.Room) {
        var encoder = BatchEncoder()
        for (block, envelopes) in zip(decoded.blocks, decoded.envelopes) {
            let header = BlockHeader(
                number: block.number, parentHash: .zero, stateRoot: .zero, commandsRoot: .zero, inboxCursor: 0, timeMs: block.timeMs,
                l1Origin: block.l1Origin)
            #expect(throws: Never.self) {
                try encoder.append(
                    Block(
                        header: header, signature: Signature(r: .zero, s: .zero), messageCount: UInt32(block.messageCount),
                        envelopes: envelopes))
            }
        }
        let again = encoder.bytes()
        // One content has one coding, unless a signer stands twice in the column of signers.
        var signers: Set<Address> = []
        for envelopes in decoded.envelopes { envelopes.forEach { signers.insert($0.signer) } }
        let signerCount = input.withUnsafeBytes { bytes in
            room.workspace.bytes.baseAddress.flatMap { try? BatchReader(bytes, workspace: $0).signerCount }
        }
        #expect(again == input || signers.count != signerCount)
        let decodedAgain = try? again.withUnsafeBytes { try room.decode($0) }
        #expect(decodedAgain == decoded)
    }

    @Test func everyTruncationIsRefused() throws {
        let room = BatchCodecTests.Room()
        let bytes = try BatchCodecTests.encode(BatchCodecTests.blocks(seed: 5, count: 4, envelopesMax: 8))
        for count in 0..<bytes.count { #expect(Self.outcome(Array(bytes[..<count]), room) != nil, "cut at \(count) of \(bytes.count)") }
        #expect(Self.outcome(bytes, room) == nil)
        #expect(Self.outcome(bytes + [0], room) != nil)
    }

    @Test(arguments: UInt64(1)...8)
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed &* 7919)
        let room = BatchCodecTests.Room()
        let original = try BatchCodecTests.encode(BatchCodecTests.blocks(seed: seed, count: 5, envelopesMax: 6))
        var refused = 0
        var accepted = 0
        for _ in 0..<1500 {
            var bytes = original
            for _ in 0...generator.below(4) {
                // Half of the mutations hit the head, where counts and lengths are.
                let position = generator.below(generator.below(2) == 0 ? min(64, bytes.count) : bytes.count)
                switch generator.below(5) {
                case 0: bytes[position] ^= 1 << UInt8(generator.below(8))
                case 1: bytes[position] = [0, 0x7F, 0x80, 0xFF, 1][generator.below(5)]
                case 2: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: position)
                case 3: bytes.remove(at: position)
                default:
                    let from = generator.below(bytes.count)
                    bytes.replaceSubrange(position..<min(bytes.count, position + 8), with: bytes[from..<min(bytes.count, from + 8)])
                }
            }
            if Self.outcome(bytes, room) == nil { accepted += 1 } else { refused += 1 }
        }
        print("batch mutations, seed \(seed): \(refused) refused, \(accepted) decode to something else")
        #expect(refused > 500)
    }

    @Test func noise() {
        var generator = SeededGenerator(seed: 99)
        let room = BatchCodecTests.Room()
        for _ in 0..<1500 {
            var bytes = (0..<generator.below(300)).map { _ in UInt8(truncatingIfNeeded: generator.next() >> UInt64(generator.below(8))) }
            if !bytes.isEmpty { bytes[0] = BatchFormat.version }
            #expect(Self.outcome(bytes, room) != nil)
        }
    }
}
