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

    @Test func sizesStayWithinTheirBounds() throws {
        for seed in UInt64(100)..<160 {
            for block in Self.blocks(seed: seed, count: 3, envelopesMax: 20) {
                var bound = BatchFormat.headBytesMax + BatchFormat.blockBytesMax
                block.envelopes.forEach { bound += BatchFormat.envelopeBytesMax(payloadBytes: $0.payload.count) }
                #expect(try Self.encode([block]).count <= bound)
            }
        }
    }

    /// The worst of every kind of command, so that no kind hides behind the others.
    @Test func everyKindStaysWithinItsBound() throws {
        func order(_ index: Int, _ flags: PlaceFlags) -> Command.Order {
            let isEven = index % 2 == 0
            return Command.Order(
                market: isEven ? 50_000 : 50_000 + 4096, flags: flags, priceCode: isEven ? 1 << 31 : 0, lots: .max,
                clientOrderId: isEven ? 1 << 63 : .max)
        }
        let flags = PlaceFlags(side: .sell, timeInForce: .market, selfTradePrevention: .decrement)
        let orderIds: [UInt64] = [UInt64(UInt32.max) << 32 | 1 << 31, UInt64(UInt32.max) << 32]
        let kinds: [(Int) -> Command] = [
            { .place(order($0, flags)) }, { .cancel(market: order($0, flags).market, orderId: orderIds[$0 % 2]) },
            { .cancelByClientId(market: order($0, flags).market, clientOrderId: order($0, flags).clientOrderId) },
            { _ in .withdraw(token: .max, atoms: .max) }, { _ in .approveAgent(.zero, expiryMs: .max) }, { _ in .revokeAgent(.zero) },
            { .placeUntil(order($0, flags), expiryMs: 1 << 63 | 1) },
            { .placeTrigger(order($0, flags), expiryMs: 1 << 63 | 1, triggerPriceCode: order($0, flags).priceCode ^ 1 << 31) },
            {
                .modify(
                    market: order($0, flags).market, orderId: orderIds[$0 % 2], priceCode: order($0, flags).priceCode, lots: .max)
            },
            { _ in .cancelAll(market: .max, sides: .sells) }, { _ in .scheduleCancel(timeMs: 1 << 63 | 1) },
            { _ in .cancelOnDisconnect(true) }, { _ in .disconnected }, { _ in .useAccount(.max) }, { _ in .openSubaccount },
            { _ in .transfer(token: .max, atoms: .max, toAccount: .max) },
        ]
        #expect(kinds.count == 16)
        var random = RandomBlocks(seed: 77)
        var block = random.block(envelopes: 0)
        block.header.timeMs = 1
        let empty = try Self.encode([block]).count
        for kind in kinds {
            let commands = (0..<512).map(kind)
            let bytesEach = RandomBlocks.payload([commands[0]]).count
            let payload = Array(commands.prefix(Layout.payloadBytesMax / bytesEach))
            var full = block
            let envelope = RandomBlocks.envelope(
                signer: .zero, nonce: 1 << 63, signature: [UInt8](repeating: 1, count: 64), commands: payload)
            envelope.withUnsafeBytes { full.envelopes.append($0) }
            let bytes = try Self.encode([full])
            // Lengths and counts at the head, which have a bound of their own, grow by at most 2 bytes each.
            let grown = 2 * (BatchFormat.Column.count + 6)
            #expect(
                bytes.count - empty <= BatchFormat.envelopeBytesMax(payloadBytes: payload.count * bytesEach) + grown, "\(commands[1])")
            let room = Room()
            #expect(try bytes.withUnsafeBytes { try room.decode($0) }.envelopes == [full.envelopes])
        }
    }

    /// The commands that bots send all day take one byte besides their values.
    @Test func commonCommandsHaveOneByteOfHead() throws {
        var random = RandomBlocks(seed: 78)
        let block = random.block(envelopes: 0)
        func bytes(_ commands: [Command]) throws -> Int {
            var full = block
            RandomBlocks.envelope(signer: .zero, nonce: 1, signature: [UInt8](repeating: 1, count: 64), commands: commands)
                .withUnsafeBytes { full.envelopes.append($0) }
            return try Self.encode([full]).count
        }
        func place(_ timeInForce: TimeInForce, _ prevention: SelfTradePrevention = .cancelTaker) -> Command {
            .place(
                market: 1, side: .sell, timeInForce: timeInForce, priceCode: 50, lots: 5, clientOrderId: 0,
                selfTradePrevention: prevention)
        }
        let first = place(.goodTilCancelled)
        for timeInForce in [TimeInForce.goodTilCancelled, .immediateOrCancel, .postOnly] {
            // Head, price and lots.
            #expect(try bytes([first, place(timeInForce)]) == (try bytes([first])) + 3)
            #expect(try bytes([first, place(timeInForce, .cancelMaker)]) == (try bytes([first])) + 4)
        }
        #expect(try bytes([first, .cancel(market: 1, orderId: 5)]) == (try bytes([first])) + 3)
        #expect(try bytes([first, .cancelByClientId(market: 1, clientOrderId: 5)]) == (try bytes([first])) + 2)
        #expect(try bytes([first, .useAccount(5)]) == (try bytes([first])) + 2)
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

    /// What an order costs on L1: 25 makers who requote both sides of two markets under one signature, and 75 takers of single orders.
    @Test func bytesOfAnOrder() throws {
        var generator = SeededGenerator(seed: 2026)
        let traders = (0..<100).map { _ in RandomBlocks.address(&generator) }
        var random = RandomBlocks(seed: 1)
        var encoder = BatchEncoder()
        var orders = 0
        var plainBytes = 0
        var clientOrderIds = [UInt64](repeating: 1, count: traders.count)
        var mid = [UInt32(12 * 90_000 + 20_000), UInt32(25 * 90_000 + 40_000)]
        for number in 1...16 {
            var list = EnvelopeList()
            for _ in 0..<40 {
                let trader = generator.below(traders.count)
                let market = generator.below(2)
                mid[market] = mid[market] &+ UInt32(generator.below(21)) &- 10
                var commands: [Command] = []
                for level in 0..<(trader < 25 ? 4 : 1) {
                    if trader < 25 { commands.append(.cancelByClientId(market: UInt16(market + 1), clientOrderId: clientOrderIds[trader])) }
                    clientOrderIds[trader] += 1
                    commands.append(
                        .place(
                            market: UInt16(market + 1), side: level % 2 == 0 ? .buy : .sell,
                            timeInForce: trader < 25 ? .postOnly : .immediateOrCancel,
                            priceCode: mid[market] &+ UInt32(level * 7), lots: UInt64(1 + generator.below(5000)),
                            clientOrderId: clientOrderIds[trader] + 4))
                }
                orders += commands.count
                let envelope = RandomBlocks.envelope(
                    signer: traders[trader], nonce: random.timeMs + UInt64(generator.below(250)),
                    signature: (0..<64).map { _ in UInt8(truncatingIfNeeded: generator.next()) }, commands: commands)
                plainBytes += envelope.count
                envelope.withUnsafeBytes { list.append($0) }
            }
            random.timeMs += 250
            let header = BlockHeader(
                number: UInt64(number), parentHash: .zero, stateRoot: .zero, commandsRoot: .zero, inboxCursor: 0, timeMs: random.timeMs,
                l1Origin: 18_000_000 + UInt64(number / 8))
            try encoder.append(Block(header: header, signature: .init(r: .zero, s: .zero), messageCount: 0, envelopes: list))
        }
        let bytes = encoder.bytes().count
        let signatures = 16 * 40 * 64
        print(
            "batch: \(orders) commands in \(16 * 40) envelopes, \(bytes) bytes = \(Double(bytes) / Double(orders)) a command, "
                + "\(Double(bytes - signatures) / Double(orders)) without signatures; as sent \(Double(plainBytes) / Double(orders))")
        #expect(bytes < plainBytes)
    }
}
