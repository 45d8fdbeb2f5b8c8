import SeededRandom
import Engine
import Proof
import Signing

@testable import Rollup

/// A sequencer in small: an exchange with traders who sign, and the blocks it makes.
struct TestChain {
    static let domain = SigningDomain(chainId: 1337, rollup: Hash256(integer: 0xC0FFEE).addressAtStart)
    static let startMs: UInt64 = 1_700_000_000_000

    let hosted: HostedExchange
    let tree: StateTree
    var generator: SeededGenerator
    let keys: [PrivateKey]
    /// Every message of the inbox, also those that no block has consumed yet.
    var inbox: [InboxMessage] = []
    var blocks: [Block] = []
    var timeMs = TestChain.startMs
    private var nonce = TestChain.startMs
    private var nextClientOrderId: UInt64 = 1

    init(seed: UInt64, traders: Int = 6) throws {
        generator = SeededGenerator(seed: seed)
        hosted = try HostedExchange()
        tree = try StateTree()
        var keys: [PrivateKey] = []
        for _ in 0..<traders {
            var secret = Hash256(integer: generator.next())
            secret.word0 = generator.next() & ~0xFF
            keys.append(try PrivateKey(bytes: secret))
        }
        self.keys = keys
        inbox.append(Self.message(2, Hash256(), Hash256(integer: 1), Hash256(integer: 9 | 9 << 8)))
        inbox.append(Self.message(2, Hash256(address: keys[0].address), Hash256(integer: 2), Hash256(integer: 0)))
        var market = Hash256(integer: 2 | 1 << 32)
        market.word2 = UInt64(0 | 1 << 8 | 5 << 24).byteSwapped
        inbox.append(Self.message(3, Hash256(address: keys[traders - 1].address), Hash256(integer: 1), market))
        for key in keys {
            inbox.append(Self.message(1, Hash256(address: key.address), Hash256(integer: 1), Hash256(integer: 1 << 50)))
            inbox.append(Self.message(1, Hash256(address: key.address), Hash256(integer: 2), Hash256(integer: 1 << 40)))
        }
        inbox.append(Self.message(77, Hash256(), Hash256(), Hash256()))
    }

    static func message(_ kind: UInt64, _ a: Hash256, _ b: Hash256, _ c: Hash256) -> InboxMessage {
        var message = InboxMessage()
        message.kind = Hash256(integer: kind)
        message.a = a
        message.b = b
        message.c = c
        return message
    }

    mutating func command() -> Command {
        switch generator.below(12) {
        case 0: return .cancel(market: 1, orderId: 1 << 32 | UInt64(generator.below(40)))
        case 1, 2: return .cancelByClientId(market: 1, clientOrderId: UInt64(1 + generator.below(Int(nextClientOrderId))))
        case 3: return .withdraw(token: UInt32(1 + generator.below(2)), atoms: UInt64(generator.below(1000)))
        case 4: return .place(market: 9, side: .buy, timeInForce: .goodTilCancelled, priceCode: 5, lots: 1, clientOrderId: 0)
        default:
            nextClientOrderId += 1
            return .place(
                market: 1, side: generator.below(2) == 0 ? .buy : .sell,
                timeInForce: TimeInForce(rawValue: UInt8(generator.below(3))) ?? .goodTilCancelled,
                priceCode: PriceCode.code(mantissa: UInt32(20_000 + generator.below(200)), exponent: 15),
                lots: UInt64(1 + generator.below(500)),
                clientOrderId: generator.below(3) == 0 ? 0 : nextClientOrderId)
        }
    }

    static func envelope(_ key: PrivateKey, nonce: UInt64, _ commands: [Command]) -> [UInt8] {
        let payload = RandomBlocks.payload(commands)
        let signature = key.sign(payload.withUnsafeBytes { domain.commandsDigest(nonce: nonce, payload: $0) }).signature
        return RandomBlocks.envelope(
            signer: key.address, nonce: nonce, signature: withUnsafeBytes(of: signature) { Array($0) }, commands: commands)
    }

    mutating func nextNonce() -> UInt64 {
        nonce += UInt64(1 + generator.below(20))
        return nonce
    }

    /// Makes the next block of random envelopes; `extra` ones are put between the good ones and never executed here.
    mutating func makeBlock(messages: Int, envelopes: Int, extra: [[UInt8]] = []) throws {
        let made = (0..<envelopes).map { _ -> [UInt8] in
            let key = keys[generator.below(keys.count)]
            let commands = (0...generator.below(4)).map { _ in command() }
            return Self.envelope(key, nonce: nextNonce(), commands)
        }
        try makeBlock(messages: messages, envelopes: made, extra: extra)
    }

    /// Makes the next block of these envelopes, which an exchange may refuse only if they are unsigned.
    mutating func makeBlock(messages: Int, envelopes: [[UInt8]], extra: [[UInt8]] = []) throws {
        timeMs += UInt64(generator.below(3) * 250)
        let number = UInt64(blocks.count + 1)
        hosted.exchange.beginBlock(number: number, timeMs: timeMs)
        let cursor = Int(hosted.exchange.header.inboxCursor)
        for message in inbox[cursor..<cursor + messages] { hosted.exchange.consume(message) }
        var list = EnvelopeList()
        var commandsRoot = CommandsRoot()
        for (index, bytes) in envelopes.enumerated() {
            bytes.withUnsafeBytes { raw in
                guard let envelope = Envelope(raw) else { return }
                if envelope.isUnsigned {
                    _ = hosted.exchange.disconnect(signer: envelope.signer)
                } else {
                    let code = hosted.exchange.execute(signer: envelope.signer, nonce: envelope.nonce, payload: envelope.payload)
                    precondition(code == .none, "\(code)")
                }
                list.append(raw)
                commandsRoot.append(raw)
            }
            if index < extra.count {
                extra[index].withUnsafeBytes { raw in
                    list.append(raw)
                    commandsRoot.append(raw)
                }
            }
        }
        hosted.exchange.clearEvents()
        hosted.exchange.drainDirtyCells { index, bytes in tree.apply(cell: index, bytes) }
        let header = BlockHeader(
            number: number, parentHash: blocks.last?.header.hash ?? .zero, stateRoot: tree.root(), commandsRoot: commandsRoot.value,
            inboxCursor: UInt64(cursor + messages), timeMs: timeMs, l1Origin: 100 + number / 3)
        blocks.append(
            Block(header: header, signature: header.signed(with: keys[0], in: Self.domain), messageCount: UInt32(messages), envelopes: list)
        )
    }

    func inboxMessage(_ index: UInt64) -> InboxMessage? { index < inbox.count ? inbox[Int(index)] : nil }

    /// Blocks `range` (from 0) as a batch with the parameters it is to be posted with.
    func batch(_ range: Range<Int>) throws -> (bytes: [UInt8], parameters: BatchParameters) {
        var encoder = BatchEncoder()
        for block in blocks[range] { try encoder.append(block) }
        return (encoder.bytes(), encoder.parameters ?? BatchParameters(inboxEnd: 0, firstTimeMs: 0, lastTimeMs: 0))
    }
}

extension Hash256 {
    /// The first 20 bytes, for tests that need just any address.
    var addressAtStart: Address {
        withUnsafeBytes(of: Hash256(integer: word3.byteSwapped ^ 0x77)) { Address(loadingFrom: $0.baseAddress! + 12) }
    }
}
