@testable import Engine
import Foundation
import SeededRandom
import Testing

@testable import Rollup

/// How long batches are, and how long they can be.
@Suite struct BatchSizeTests {
    @Test func sizesStayWithinTheirBounds() throws {
        for seed in UInt64(100)..<160 {
            for block in BatchCodecTests.blocks(seed: seed, count: 3, envelopesMax: 20) {
                var bound = BatchFormat.headBytesMax + BatchFormat.blockBytesMax
                block.envelopes.forEach { bound += BatchFormat.envelopeBytesMax(payloadBytes: $0.payload.count) }
                #expect(try BatchCodecTests.encode([block]).count <= bound)
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
            { _ in .createToken(TokenSymbol(word0: .max, word1: .max), decimals: 18, supply: .max) },
        ]
        #expect(kinds.count == 17)
        var random = RandomBlocks(seed: 77)
        var block = random.block(envelopes: 0)
        block.header.timeMs = 1
        let empty = try BatchCodecTests.encode([block]).count
        for kind in kinds {
            let commands = (0..<512).map(kind)
            let bytesEach = RandomBlocks.payload([commands[0]]).count
            let payload = Array(commands.prefix(Layout.payloadBytesMax / bytesEach))
            var full = block
            let envelope = RandomBlocks.envelope(
                signer: .zero, nonce: 1 << 63, signature: [UInt8](repeating: 1, count: 64), commands: payload)
            envelope.withUnsafeBytes { full.envelopes.append($0) }
            let bytes = try BatchCodecTests.encode([full])
            // Counts at the head, which have a bound of their own, grow by a byte each at most.
            let grown = 6
            #expect(
                bytes.count - empty <= BatchFormat.envelopeBytesMax(payloadBytes: payload.count * bytesEach) + grown, "\(commands[1])")
            let room = BatchCodecTests.Room()
            #expect(try bytes.withUnsafeBytes { try room.decode($0) }.envelopes == [full.envelopes])
        }
    }

    /// What ``BatchFormat/envelopeBytesMax(payloadBytes:)`` rests on: however decisions fall, n of them in a new context take at most 1.5 n bits.
    /// Goes through all states of a context backwards: `most` is what the worst of the last `decisions` can take from each.
    @Test func noContextTakesMoreThanOneAndAHalfBitsADecision() {
        var most = [Double](repeating: 0, count: 1 << 16)
        for decisions in 1...40 {
            let shorter = most
            for state in UInt16(1 << 4)...UInt16.max {
                let zero = Double(BatchContexts.probabilityOfZero(state)) / 4096
                most[Int(state)] = max(
                    -log2(zero) + shorter[Int(BatchContexts.after(false, state))],
                    -log2(1 - zero) + shorter[Int(BatchContexts.after(true, state))])
            }
            #expect(most[Int(BatchContexts.new)] <= 1.5 * Double(decisions), "\(decisions) decisions")
        }
    }

    /// What bots send all day: after a few of the same kind, the values say no more than what is new.
    @Test func regularFlowTakesLessThanAByteACommand() throws {
        var random = RandomBlocks(seed: 78)
        let block = random.block(envelopes: 0)
        func bytes(_ command: (UInt64) -> Command) throws -> Int {
            var full = block
            RandomBlocks.envelope(
                signer: .zero, nonce: 1, signature: [UInt8](repeating: 1, count: 64), commands: (1...256).map(command)
            ).withUnsafeBytes { full.envelopes.append($0) }
            return try BatchCodecTests.encode([full]).count - 64 - 20
        }
        #expect(
            try bytes { number in
                .place(
                    market: 7, side: number % 2 == 0 ? .buy : .sell, timeInForce: .postOnly, priceCode: 1_000_000 + UInt32(number % 3),
                    lots: number % 5 * 1000, clientOrderId: 1 << 40 + number)
            } < 256)
        #expect(try bytes { .cancelByClientId(market: 7, clientOrderId: 1 << 40 + $0) } < 256)
        #expect(try bytes { .cancel(market: 7, orderId: 1 << 32 + $0) } < 128)
        #expect(try bytes { _ in .openSubaccount } < 48)
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
