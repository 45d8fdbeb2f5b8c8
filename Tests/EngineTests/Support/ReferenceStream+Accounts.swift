import SeededRandom
import Testing

@testable import Engine

/// Several accounts, schedules, sessions that end, fee tiers, markets that open.
extension ReferenceStream {
    /// Batches of several commands: for the accounts of the signer or, now and then, somebody else's.
    mutating func randomBatch(_ signer: Address) -> [Command] {
        guard let home = reference.homeAccount(signer)?.account else { return [randomCommand(1)] }
        guard random.chance(30) else { return [randomCommand(home)] }
        let main = reference.accounts[Int(home) - 1].main
        let own = reference.accounts.indices.filter { reference.accounts[$0].main == main }
        var account = UInt32(own.randomElement(using: &random)! + 1)
        if random.chance(5) { account = UInt32(random.below(reference.accounts.count + 2)) }
        return [.useAccount(account)] + (0...random.below(3)).map { _ in randomCommand(account) }
    }

    mutating func randomAccountCommand(_ account: UInt32) -> Command {
        switch random.below(20) {
        case 0: return random.chance(60) ? .openSubaccount : randomNewToken()
        case 1..<13: return .transfer(token: randomToken(), atoms: randomAtoms(account), toAccount: randomSibling(account))
        // No two accounts at the same time: which of them comes first would be nobody's business.
        case 13..<17: return .scheduleCancel(timeMs: random.chance(40) ? 0 : randomTime() / 128 * 128 + UInt64(account))
        default: return .cancelOnDisconnect(random.chance(50))
        }
    }

    /// Mostly a listed one.
    mutating func randomToken() -> UInt32 { random.chance(85) ? UInt32(random.below(6)) : 2047 + UInt32(random.below(5)) }

    /// A good one only as long as there are few: each is one more to compare.
    private mutating func randomNewToken() -> Command {
        let isGood = reference.decimals.count < 7 && random.chance(70)
        var symbol = TokenSymbol(word0: 0x4E52_4F42, word1: random.chance(50) ? 0 : 0x21)
        if isGood { symbol.word1 = 0 }
        return .createToken(
            symbol, decimals: UInt8(random.below(19)),
            supply: isGood ? 1 + random.next() >> UInt64(1 + random.below(40)) : random.chance(50) ? 0 : 1 << 63 + random.next() >> 1)
    }

    private mutating func randomAtoms(_ account: UInt32) -> UInt64 {
        random.chance(10) ? 0 : random.chance(5) ? random.next() : UInt64(random.below(random.chance(50) ? 1 << 33 : 1 << 20))
    }

    private mutating func randomSibling(_ account: UInt32) -> UInt32 {
        let accounts = reference.accounts
        guard !random.chance(5), account > 0, Int(account) <= accounts.count else { return UInt32(random.below(accounts.count + 2)) }
        let own = accounts.indices.filter { accounts[$0].main == accounts[Int(account) - 1].main }
        return UInt32(own.randomElement(using: &random)! + 1)
    }

    mutating func randomMarket() -> UInt16 {
        if random.chance(2) { return 99 }
        // Those that collect orders or opened lately get many of them.
        if lastMarket > Self.quietMarket, random.chance(40) { return lastMarket }
        return UInt16(1 + random.below(3))
    }

    /// What comes from elsewhere than from a command: now and then one of them.
    mutating func happenOtherwise() {
        switch random.below(400) {
        case 0..<3: listAnother()
        case 3..<8:
            let owner = traders[random.below(6)]
            let tier = UInt64(random.below(11))
            test.host.exchange.consume(
                InboxMessage(kind: InboxMessage.Kind.feeTierSet, a: Hash256(address: owner), b: tier, c: Hash256()))
            reference.setFeeTier(owner, tier)
        case 12..<16:
            let market = reference.markets.keys.sorted().randomElement(using: &random)!
            let (maker, taker) = (UInt64(random.below(101)), UInt64(random.below(101)))
            test.host.exchange.consume(TestExchange.marketFeesSet(UInt64(market), maker: maker, taker: taker))
            reference.setMarketFees(market, maker: maker, taker: taker)
        case 8..<12:
            let signer = random.chance(30) ? agents[random.below(agents.count)] : traders[random.below(6)]
            test.host.exchange.clearEvents()
            let code = test.host.exchange.disconnect(signer: signer)
            let expected = reference.disconnect(signer)
            #expect(code == expected)
            batchCodes[code, default: 0] += 1
            compare(Array(test.host.exchange.events), "disconnect")
        default: break
        }
    }

    /// Lists one more market, which opens by an auction.
    private mutating func listAnother() {
        guard lastMarket < 15, reference.markets[lastMarket]?.opensAtMs == nil else { return }
        lastMarket += 1
        let center = [price(12_500, -3), price(99_960, -4), price(12_000, -13)].randomElement(using: &random)!
        let opensAtMs = reference.nowMs + UInt64(random.below(12_000))
        list(
            lastMarket, base: center == price(12_000, -13) ? 3 : random.chance(60) ? 2 : Self.bornToken, quote: 1,
            lotExponent: center == price(12_000, -13) ? 6 : 3,
            maker: UInt64(random.below(50)), taker: 60, center: center, opensAtMs: opensAtMs,
            referencePrice: center - 150 + UInt32(random.below(300)))
    }
}
