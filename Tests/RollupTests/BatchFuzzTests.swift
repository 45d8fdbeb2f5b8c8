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
        for _ in 0..<4000 {
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
        #expect(refused > 1000)
    }

    @Test func noise() {
        var generator = SeededGenerator(seed: 99)
        let room = BatchCodecTests.Room()
        for _ in 0..<4000 {
            var bytes = (0..<generator.below(300)).map { _ in UInt8(truncatingIfNeeded: generator.next() >> UInt64(generator.below(8))) }
            if !bytes.isEmpty { bytes[0] = BatchFormat.version }
            #expect(Self.outcome(bytes, room) != nil)
        }
    }

    /// Bytes that would be a second coding of the same content.
    @Test func otherCodingsAreRefused() throws {
        let room = BatchCodecTests.Room()
        /// A block with one envelope of two commands, from their columns.
        func batch(heads: [UInt8], _ columns: [Int: [UInt8]], signerCount: UInt8 = 1, signer: UInt8 = 0) -> [UInt8] {
            var content: [Int: [UInt8]] = [
                0: [5], 1: [0], 2: [1], 3: [0], 4: [UInt8](repeating: 7, count: 20 * Int(signerCount)), 5: [signer], 6: [0],
                7: [UInt8(heads.count)], 8: heads, 21: [UInt8](repeating: 1, count: 64),
            ]
            content.merge(columns) { $1 }
            var bytes: [UInt8] = [2, 1, 1, 0, 1, UInt8(heads.count), signerCount]
            for column in 0..<BatchFormat.Column.count where BatchFormat.Column.hasLength(column) {
                bytes.append(UInt8(content[column]?.count ?? 0))
            }
            for column in 0..<BatchFormat.Column.count { bytes += content[column] ?? [] }
            return bytes
        }
        let cancels: [Int: [UInt8]] = [9: [3, 4], 13: [2, 2], 14: [1, 1]]
        #expect(Self.outcome(batch(heads: [2, 2], cancels), room) == nil)
        #expect(Self.outcome(batch(heads: [2, 2], cancels.merging([9: [3, 3]]) { $1 }), room) == .notCanonical(column: 9))
        #expect(Self.outcome(batch(heads: [0x82], [:]), room) == .malformedCommand(head: 0x82))
        #expect(Self.outcome(batch(heads: [2, 2], cancels, signerCount: 2, signer: 1), room) == .countTooLarge(2))
        let order: [Int: [UInt8]] = [9: [3], 10: [2], 11: [9]]
        func place(_ head: UInt8, _ columns: [Int: [UInt8]]) -> BatchError? {
            Self.outcome(batch(heads: [head], order.merging(columns) { $1 }), room)
        }
        #expect(place(0x81, [:]) == nil)
        #expect(place(0x01, [12: [2]]) == nil)
        #expect(place(0x01, [12: [0]]) == .notCanonical(column: 12))
        let long: UInt8 = 0x81 | BatchFormat.Head.longFlags
        #expect(place(long, [17: [PlaceFlags(side: .sell, timeInForce: .market).rawValue]]) == nil)
        #expect(place(long, [17: [PlaceFlags(side: .sell, timeInForce: .postOnly).rawValue]]) == .notCanonical(column: 17))
        #expect(place(long, [17: [0x46]]) == .notCanonical(column: 17))
        #expect(place(long | 0x08, [17: [6]]) == .malformedCommand(head: long | 0x08))
        // Block time is 5: a zigzag of 9 is the time 0, which never expires.
        #expect(place(0x84, [18: [8]]) == nil)
        #expect(place(0x84, [18: [9]]) == .notCanonical(column: 18))
        #expect(place(0x85, [17: [0x40], 19: [1]]) == nil)
        #expect(place(0x8D, [17: [0x40], 18: [9], 19: [1]]) == .notCanonical(column: 18))
        #expect(place(0x95, [17: [0x40], 19: [1]]) == .malformedCommand(head: 0x95))
        #expect(place(0x85, [17: [0xC0], 19: [1]]) == .notCanonical(column: 17))
        for type in UInt8(0)..<32 where ![4, 5, 6, 10, 11, 12, 13, 14, 15, 16].contains(type) {
            #expect(Self.outcome(batch(heads: [7 | type << 3], [:]), room) == .malformedCommand(head: 7 | type << 3))
        }
        #expect(Self.outcome(batch(heads: [7 | 10 << 3], [20: [3, 0]]), room) == .malformedCommand(head: 7 | 10 << 3))
        #expect(Self.outcome(batch(heads: [7 | 12 << 3], [20: [2]]), room) == .malformedCommand(head: 7 | 12 << 3))
    }

    /// 512 of the longest commands are more than a payload may have: refused before anything is written behind the scratch.
    @Test func payloadsThatAreTooLongAreRefused() {
        let room = BatchCodecTests.Room()
        func outcome(_ count: Int) -> BatchError? {
            var bytes: [UInt8] = [2, 1, 1, 0, 1]
            var columns = [[UInt8]](repeating: [], count: BatchFormat.Column.count)
            for column in [0, 1, 3, 5, 6] { columns[column] = [0] }
            columns[2] = [1]
            columns[4] = [UInt8](repeating: 7, count: 20)
            BatchColumns.append(varint: UInt64(count), to: &columns[7])
            columns[8] = [0x85] + [UInt8](repeating: 0xC5, count: count - 1)
            columns[9] = [1]
            for column in [10, 11, 17, 19] { columns[column] = [UInt8](repeating: 0, count: count) }
            columns[21] = [UInt8](repeating: 1, count: 64)
            BatchColumns.append(varint: UInt64(count), to: &bytes)
            bytes.append(1)
            for column in 0..<BatchFormat.Column.count where BatchFormat.Column.hasLength(column) {
                BatchColumns.append(varint: UInt64(columns[column].count), to: &bytes)
            }
            return Self.outcome(bytes + columns.flatMap { $0 }, room)
        }
        let most = Layout.payloadBytesMax / Command.bytesMax
        #expect(outcome(most) == nil)
        #expect(outcome(most + 1) == .payloadTooLong(bytes: (most + 1) * Command.bytesMax))
        #expect(outcome(512) == .payloadTooLong(bytes: (most + 1) * Command.bytesMax))
    }

    @Test func namedErrors() {
        let room = BatchCodecTests.Room()
        #expect(Self.outcome([], room) == .empty)
        #expect(Self.outcome([1], room) == .unknownVersion(1))
        #expect(Self.outcome([2], room) == .malformedHead)
        // Counts: first block 1, one block, the rest 0; 19 lengths of 0, then nothing: the block's own values are missing.
        let empty = [UInt8](repeating: 0, count: 19)
        #expect(Self.outcome([2, 1, 1, 0, 0, 0, 0] + empty, room) == .columnTooShort(column: 0))
        #expect(Self.outcome([2, 0, 1, 0, 0, 0, 0] + empty, room) == .blocksOutOfRange(first: 0, count: 1))
        #expect(Self.outcome([2, 1, 0, 0, 0, 0, 0] + empty, room) == .blocksOutOfRange(first: 1, count: 0))
        #expect(Self.outcome([2, 1, 1, 0, 0, 0, 1] + empty, room) == .countTooLarge(1))
        #expect(Self.outcome([2, 1, 1, 0, 0, 1, 0] + empty, room) == .wrongLength(expected: 1, actual: 0))
        var lengths = empty
        lengths[0...3] = [1, 1, 1, 1]
        let head: [UInt8] = [2, 1, 1, 0, 0, 0, 0]
        #expect(Self.outcome(head + lengths + [5, 0, 0, 0], room) == nil)
        #expect(Self.outcome(head + lengths + [5, 1, 0, 0], room) == .countMismatch(column: 1))
        #expect(Self.outcome(head + lengths + [5, 0, 1, 0], room) == .countMismatch(column: 2))
        lengths[0] = 2
        #expect(Self.outcome(head + lengths + [0x85, 0, 0, 0, 0], room) == .malformedVarint(column: 0))
        #expect(Self.outcome(head + lengths + [5, 0, 0, 0, 0], room) == .columnTooLong(column: 0, unread: 1))
        lengths[0] = 10
        let maximum = [UInt8](repeating: 0xFF, count: 9)
        #expect(Self.outcome(head + lengths + maximum + [1, 0, 0, 0], room) == nil)
        #expect(Self.outcome(head + lengths + maximum + [2, 0, 0, 0], room) == .malformedVarint(column: 0))
    }
}
