import SeededRandom
import Testing

@testable import Engine

/// A random stream of commands and blocks that the engine and the naive reference both get, and the comparison of what they make of it.
struct ReferenceStream {
    let test: TestExchange
    let reference = ReferenceExchange()
    var random: SeededGenerator
    let traders = (1...6).map { TestExchange.address($0) }
    /// The first is the agent of the first trader from the beginning.
    let agents = [TestExchange.address(77)] + (100...104).map { TestExchange.address($0) }
    let feeOwner = TestExchange.address(99)
    /// The engine's ids of the orders that the reference numbers, and the other way round.
    var engineIds: [UInt64: UInt64] = [:]
    var numbers: [UInt64: UInt64] = [:]
    /// Price codes around which each market trades.
    var centers: [UInt16: Int] = [:]
    var blockNumber: UInt64 = 1
    /// The market listed last.
    var lastMarket = Self.quietMarket

    // What happened so far, to see that the stream is worth something.
    var kinds: [UInt8: Int] = [:]
    var codes: [RejectCode: Int] = [:]
    var batchCodes: [RejectCode: Int] = [:]
    var forcedCodes: [RejectCode: Int] = [:]
    var reductions: [Reduction: Int] = [:]
    var ordersMax = 0
    var failed = false

    /// Never has an account.
    static let stranger = TestExchange.address(900)
    /// Listed, but nobody trades in it.
    static let quietMarket: UInt16 = 4
    /// Created by the first trader at the beginning.
    static let bornToken: UInt32 = 2048

    init(seed: UInt64) throws {
        test = try TestExchange()
        random = SeededGenerator(seed: seed)
        reference.beginBlock(timeMs: TestExchange.startMs)
        // Soon the records of withdrawals go round.
        reference.withdrawalsBefore = UInt64(Layout.withdrawalCapacity) - 20
        test.setWithdrawalCount(reference.withdrawalsBefore)
        for (token, decimals) in [(UInt32(1), UInt64(9)), (2, 6), (3, 0), (4, 18)] {
            test.listToken(token, decimals: decimals)
            reference.decimals[token] = Int(decimals)
        }
        list(1, base: 2, quote: 1, lotExponent: 3, maker: 1, taker: 5, center: price(12_500, -3))
        list(2, base: 3, quote: 1, lotExponent: 6, maker: 0, taker: 30, center: price(12_000, -13))
        list(3, base: 4, quote: 2, lotExponent: 14, maker: 100, taker: 100, center: price(99_990, 0))
        list(Self.quietMarket, base: 3, quote: 2, lotExponent: 0, maker: 7, taker: 13, center: price(25_000, -6))
        for trader in traders {
            for token in UInt32(1)...4 { deposit(trader, token: token, atoms: 400_000_000_000) }
        }
        run([.approveAgent(agents[0], expiryMs: 0)], signer: traders[0])
        let symbol = TokenSymbol(word0: 0x4E52_4F42, word1: 0)
        run([.createToken(symbol, decimals: 6, supply: 400_000_000_000)], signer: traders[0])
    }

    /// `opensAtMs`: nil for a market that opens without an auction.
    mutating func list(
        _ id: UInt16, base: UInt32, quote: UInt32, lotExponent: Int, maker: UInt64, taker: UInt64, center: UInt32,
        opensAtMs: UInt64? = nil, referencePrice: UInt32 = 0
    ) {
        test.listMarket(
            UInt32(id), base: UInt64(base), quote: UInt64(quote), lotExponent: UInt64(lotExponent), makerFee: maker, takerFee: taker,
            feeOwner: feeOwner, opensAtMs: opensAtMs ?? 0, referencePrice: referencePrice)
        reference.markets[id] = ReferenceExchange.Market(
            base: base, quote: quote, lotAtoms: (0..<lotExponent).reduce(1) { power, _ in power * 10 },
            shift: reference.decimals[quote]! + lotExponent - reference.decimals[base]! - 24, makerFee: maker, takerFee: taker,
            feeAccount: reference.openAccount(feeOwner), opensAtMs: opensAtMs, referencePrice: referencePrice)
        centers[id] = Int(center)
    }

    private func deposit(_ owner: Address, token: UInt32, atoms: UInt64) {
        test.deposit(owner, token: token, atoms: atoms)
        reference.deposit(owner, token: token, atoms: atoms)
    }

    /// One command, perhaps after a deposit or a new block; everything is compared after each of them.
    mutating func step() {
        if random.chance(2) {
            deposit(traders[random.below(6)], token: UInt32(1 + random.below(4)), atoms: UInt64(1 + random.below(1 << 30)))
        }
        if random.chance(4) { nextBlock() }
        happenOtherwise()
        guard !failed else { return }
        let signer = random.chance(10) ? agents[random.chance(60) ? 0 : random.below(agents.count)] : traders[random.below(6)]
        if random.chance(8) { return force(randomBatch(signer), sender: random.chance(5) ? Self.stranger : signer) }
        guard reference.account(of: signer) != nil || reference.agents[signer] != nil else { return }
        run(randomBatch(signer), signer: signer)
    }

    private mutating func nextBlock() {
        blockNumber += 1
        let timeMs = reference.nowMs + UInt64(random.chance(20) ? 0 : random.below(random.chance(5) ? 100_000 : 1_500))
        test.host.exchange.clearEvents()
        test.host.exchange.beginBlock(number: blockNumber, timeMs: timeMs)
        reference.beginBlock(timeMs: timeMs)
        let number = blockNumber
        compare(Array(test.host.exchange.events), "block \(number)")
        // Prices wander, so that resting orders are crossed and levels come and go.
        for market in centers.keys.sorted() { centers[market]! += random.below(21) - 10 }
    }

    /// The commands name orders by the reference's numbers.
    private mutating func run(_ commands: [Command], signer: Address) {
        let (code, events) = test.execute(commands.map(translated), signer: signer)
        let expected = reference.apply(commands, signer: signer)
        batchCodes[code, default: 0] += 1
        #expect(code == expected)
        compare(events, "\(commands)")
    }

    /// The same by way of L1, as far as a message holds it.
    private mutating func force(_ commands: [Command], sender: Address) {
        var payload: [UInt8] = []
        let commands = commands.prefix { command in
            let bytes = TestExchange.encode(translated(command))
            guard payload.count + bytes.count <= InboxMessage.forcedBytesMax else { return false }
            payload += bytes
            return true
        }
        let index = test.host.exchange.header.inboxCursor
        test.host.exchange.clearEvents()
        test.host.exchange.consume(payload.withUnsafeBytes { InboxMessage(forced: $0, sender: sender) })
        reference.force(Array(commands), sender: sender, index: index)
        compare(Array(test.host.exchange.events), "forced \(commands)")
    }

    private func translated(_ command: Command) -> Command {
        switch command {
        case .cancel(let market, let number): .cancel(market: market, orderId: engineIds[number] ?? number)
        case .modify(let market, let number, let priceCode, let lots):
            .modify(market: market, orderId: engineIds[number] ?? number, priceCode: priceCode, lots: lots)
        default: command
        }
    }
}
