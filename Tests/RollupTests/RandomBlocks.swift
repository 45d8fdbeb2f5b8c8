import SeededRandom
import Engine
import Signing

@testable import Rollup

/// Blocks with every kind of command and any values, as a codec must carry them; no exchange would admit most of it.
struct RandomBlocks {
    var generator: SeededGenerator
    var number: UInt64
    var timeMs: UInt64 = 1_700_000_000_000
    var inboxCursor: UInt64 = 0
    let signers: [Address]

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        number = generator.below(4) == 0 ? generator.next() >> 8 : 1
        signers = (0..<12).map { _ in Self.address(&generator) }
        self.generator = generator
    }

    static func address(_ generator: inout SeededGenerator) -> Address {
        var address = Address()
        address.word0 = UInt32(truncatingIfNeeded: generator.next())
        address.word2 = UInt32(truncatingIfNeeded: generator.next())
        address.word4 = UInt32(truncatingIfNeeded: generator.next())
        return address
    }

    /// Any command of any kind, half of them orders.
    mutating func command() -> Command {
        let market = generator.below(6) == 0 ? UInt16(truncatingIfNeeded: generator.next()) : UInt16(generator.below(3))
        let small = UInt32(truncatingIfNeeded: generator.integer())
        switch generator.below(29) {
        case 0, 1: return .cancel(market: market, orderId: generator.integer())
        case 2, 3: return .cancelByClientId(market: market, clientOrderId: generator.integer())
        case 4: return .withdraw(token: small, atoms: generator.integer())
        case 5: return .approveAgent(Self.address(&generator), expiryMs: generator.integer())
        case 6: return .revokeAgent(Self.address(&generator))
        case 7, 8: return .placeUntil(order(market, firesAbove: false), expiryMs: max(1, time()))
        case 9, 10: return .placeTrigger(order(market, firesAbove: true), expiryMs: time(), triggerPriceCode: small)
        case 11, 12: return .modify(market: market, orderId: generator.integer(), priceCode: small, lots: generator.integer())
        case 13: return .cancelAll(market: market, sides: SideSelection.allCases[generator.below(3)])
        case 14: return .scheduleCancel(timeMs: time())
        case 15: return .cancelOnDisconnect(generator.below(2) == 0)
        case 16: return .disconnected
        case 17: return .useAccount(small)
        case 18: return .openSubaccount
        case 19:
            return .transfer(token: small, atoms: generator.integer(), toAccount: UInt32(truncatingIfNeeded: generator.integer()))
        case 20:
            return .createToken(
                TokenSymbol(word0: generator.next(), word1: generator.next()), decimals: UInt8(generator.below(19)),
                supply: generator.integer())
        default: return .place(order(market, firesAbove: false))
        }
    }

    private mutating func order(_ market: UInt16, firesAbove: Bool) -> Command.Order {
        let isPlain = generator.below(2) == 0
        let flags = PlaceFlags(
            side: generator.below(2) == 0 ? .buy : .sell, timeInForce: TimeInForce.allCases[generator.below(isPlain ? 3 : 5)],
            selfTradePrevention: isPlain ? .cancelTaker : SelfTradePrevention.allCases[generator.below(4)],
            firesAbove: firesAbove && generator.below(2) == 0)
        return Command.Order(
            market: market, flags: flags, priceCode: UInt32(truncatingIfNeeded: generator.integer()), lots: generator.integer(),
            clientOrderId: generator.integer())
    }

    private mutating func time() -> UInt64 {
        generator.below(3) == 0 ? generator.integer() : timeMs + UInt64(generator.below(100_000))
    }

    static func envelope(signer: Address, nonce: UInt64, signature: [UInt8], commands: [Command]) -> [UInt8] {
        var bytes = withUnsafeBytes(of: signer) { Array($0) }
        withUnsafeBytes(of: nonce) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: signature)
        return bytes + payload(commands)
    }

    static func payload(_ commands: [Command]) -> [UInt8] {
        var bytes: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { room in
            guard let base = room.baseAddress else { return }
            for command in commands {
                let count = command.encode(to: base)
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: base, count: count))
            }
        }
        return bytes
    }

    mutating func block(envelopes: Int) -> Block {
        timeMs += UInt64(generator.below(4) * 250)
        let messages = UInt32(generator.below(3) == 0 ? generator.below(500) : 0)
        inboxCursor += UInt64(messages)
        var list = EnvelopeList()
        for _ in 0..<envelopes {
            var commands = (0..<(generator.below(40) == 0 ? 512 : 1 + generator.below(4))).map { _ in command() }
            while Self.payload(commands).count > Layout.payloadBytesMax { commands.removeLast(16) }
            let nonce = generator.below(10) == 0 ? generator.integer() : timeMs + UInt64(generator.below(100))
            let envelope = Self.envelope(
                signer: signers[generator.below(signers.count)], nonce: nonce,
                signature: (0..<64).map { _ in UInt8(truncatingIfNeeded: generator.next()) }, commands: commands)
            envelope.withUnsafeBytes { list.append($0) }
        }
        let header = BlockHeader(
            number: number, parentHash: .zero, stateRoot: .zero, commandsRoot: .zero, inboxCursor: inboxCursor, timeMs: timeMs,
            l1Origin: generator.integer())
        number += 1
        return Block(header: header, signature: Signature(r: .zero, s: .zero), messageCount: messages, envelopes: list)
    }
}
