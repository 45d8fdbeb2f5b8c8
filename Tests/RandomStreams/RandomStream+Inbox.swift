import Engine
import SeededRandom

/// Messages from L1. The contract sends only good ones; the engine must not depend on it.
extension RandomStream {
    mutating func randomMessage() -> InboxMessage {
        switch random.below(100) {
        case 0..<16: return randomForced()
        case 16..<56:
            let owner = random.chance(10) ? Self.address(random.next()) : traders[random.below(traders.count)]
            return Self.deposit(owner, token: UInt64(1 + random.below(4)), atoms: UInt64(1 + random.below(3_000_000_000)))
        case 56..<58: return auction(UInt16(5 + random.below(10)))
        case 58..<60:
            return InboxMessage(
                kind: InboxMessage.Kind.feeTierSet, a: Hash256(address: traders[random.below(traders.count)]), b: UInt64(random.below(13)),
                c: Hash256())
        case 60..<62:
            return InboxMessage(
                kind: InboxMessage.Kind.marketFeesSet, a: Hash256(), b: UInt64(random.below(6)),
                c: Hash256(integer: UInt64(random.below(110)) | UInt64(random.below(110)) << 16))
        case 62..<64:
            return Self.tokenListed(
                UInt64(random.chance(80) ? random.below(12) : 2046 + random.below(4)), decimals: UInt64(random.below(20)))
        case 64..<68:
            return Self.marketListed(
                UInt64(random.below(10)), base: UInt64(random.chance(70) ? random.below(8) : 2048 + random.below(20)),
                quote: UInt64(random.below(8)),
                lotExponent: UInt64(random.below(20)),
                makerFee: UInt64(random.below(110)), takerFee: UInt64(random.below(110)))
        case 68..<80:
            // A good message with some bits turned.
            var message = Self.deposit(traders[random.below(traders.count)], token: UInt64(random.below(6)), atoms: random.next())
            withUnsafeMutableBytes(of: &message) { bytes in
                for _ in 0...random.below(3) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
            }
            return message
        case 80..<90:
            var message = InboxMessage()
            withUnsafeMutableBytes(of: &message) { bytes in
                for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
            }
            message.kind = Hash256(integer: UInt64(random.below(8)))
            return message
        default:
            return Self.deposit(
                random.chance(20) ? .zero : traders[random.below(traders.count)], token: UInt64(randomToken()),
                atoms: random.next() >> UInt64(random.below(64)))
        }
    }

    /// As many commands as a message holds, sometimes damaged.
    private mutating func randomForced() -> InboxMessage {
        let sender = randomSigner()
        var commands: [Command] = []
        for _ in 0..<1 + random.below(5) { commands.append(randomCommand(signer: sender)) }
        var bytes = payload(of: commands, mayBeDamaged: true)
        if bytes.isEmpty { bytes = [0] }
        return bytes.prefix(InboxMessage.forcedBytesMax).withUnsafeBytes { InboxMessage(forced: $0, sender: sender) }
    }

    /// Lists a market like market 4 that collects orders for up to ten seconds before it opens.
    mutating func auction(_ market: UInt16) -> InboxMessage {
        let center = Self.price(25_000, -6)
        centers[market] = centers[market] ?? center
        newestAuction = market
        var message = Self.marketListed(UInt64(market), base: 3, quote: 2, lotExponent: 0, makerFee: 7, takerFee: 13)
        message.d.word3 = (timeMs + UInt64(random.below(10_000))).byteSwapped
        message.d.word2 = UInt64(random.chance(90) ? center : random.below(5_000_000)).byteSwapped
        return message
    }

    static func deposit(_ owner: Address, token: UInt64, atoms: UInt64) -> InboxMessage {
        InboxMessage(kind: InboxMessage.Kind.deposit, a: Hash256(address: owner), b: token, c: Hash256(integer: atoms))
    }

    static func tokenListed(_ id: UInt64, decimals: UInt64) -> InboxMessage {
        InboxMessage(
            kind: InboxMessage.Kind.tokenListed, a: Hash256(address: id == 1 ? .zero : address(id + 1_000_000)), b: id,
            c: Hash256(integer: decimals | 9 << 8))
    }

    static func marketListed(
        _ id: UInt64, base: UInt64, quote: UInt64, lotExponent: UInt64, makerFee: UInt64, takerFee: UInt64
    ) -> InboxMessage {
        var shape = Hash256()
        shape.word3 = (base | quote << 32).byteSwapped
        shape.word2 = (lotExponent | makerFee << 8 | takerFee << 24).byteSwapped
        return InboxMessage(kind: InboxMessage.Kind.marketListed, a: Hash256(address: address(99)), b: id, c: shape)
    }
}
