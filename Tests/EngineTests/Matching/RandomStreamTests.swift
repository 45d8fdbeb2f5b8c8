import Foundation
import SeededRandom
import Testing

@testable import Engine

/// The engine beside the naive reference under random streams: same outcomes, same balances, invariants after every command.
///
/// `MEMEX_SEED` and `MEMEX_STEPS` repeat one stream or lengthen it.
@Suite struct RandomStreamTests {
    static let seeds: [UInt64] = ProcessInfo.processInfo.environment["MEMEX_SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3, 4, 5, 6]
    static let steps = ProcessInfo.processInfo.environment["MEMEX_STEPS"].flatMap(Int.init) ?? 4_000

    @Test(arguments: seeds)
    func sameAsReference(seed: UInt64) throws {
        print("random stream: seed \(seed), \(Self.steps) steps")
        var stream = try RandomStream(seed: seed)
        for step in 0..<Self.steps {
            try stream.step(step)
            if stream.failed { return }
        }
        // A stream in which nothing happens proves nothing.
        #expect(stream.fills > Self.steps / 20, "only \(stream.fills) fills")
        #expect(stream.reference.withdrawals.count > 0)
        for code: RejectCode in [
            .unknownMarket, .sizeZero, .sizeTooLarge, .priceInvalid, .priceTooFine, .notionalTooLarge, .insufficientBalance, .wouldNotFill,
            .postOnlyWouldTake, .unknownOrder, .notYourOrder, .clientOrderIdInUse, .agentMayNot, .unknownToken, .amountZero,
        ] {
            #expect(stream.codes[code, default: 0] > 0, "\(code) never happened")
        }
    }
}

private struct RandomStream {
    let test: TestExchange
    let reference = ReferenceExchange()
    var random: SeededGenerator
    let traders = (1...6).map { TestExchange.address($0) }
    let agent = TestExchange.address(77)
    let feeOwner = TestExchange.address(99)
    var engineIds: [Int: UInt64] = [:]
    var numbers: [UInt64: Int] = [:]
    var centers: [UInt16: Int] = [:]
    var codes: [RejectCode: Int] = [:]
    var fills = 0
    var failed = false

    init(seed: UInt64) throws {
        test = try TestExchange()
        random = SeededGenerator(seed: seed)
        for (token, decimals) in [(UInt32(1), UInt64(9)), (2, 6), (3, 0), (4, 18)] {
            test.listToken(token, decimals: decimals)
            reference.decimals[token] = Int(decimals)
        }
        list(1, base: 2, quote: 1, lotExponent: 3, maker: 1, taker: 5, center: price(12_500, -3))
        list(2, base: 3, quote: 1, lotExponent: 6, maker: 0, taker: 30, center: price(12_000, -13))
        list(3, base: 4, quote: 2, lotExponent: 14, maker: 100, taker: 100, center: price(99_990, 0))
        for trader in traders {
            for token in UInt32(1)...4 { deposit(trader, token: token, atoms: 400_000_000_000) }
        }
        _ = test.execute([.approveAgent(agent, expiryMs: 0)], signer: traders[0])
        _ = reference.apply(.approveAgent(agent, expiryMs: 0), signer: traders[0])
    }

    private mutating func list(
        _ id: UInt16, base: UInt32, quote: UInt32, lotExponent: Int, maker: UInt64, taker: UInt64, center: UInt32
    ) {
        test.listMarket(
            UInt32(id), base: UInt64(base), quote: UInt64(quote), lotExponent: UInt64(lotExponent), makerFee: maker, takerFee: taker,
            feeOwner: feeOwner)
        reference.owners.insert(feeOwner)
        reference.markets[id] = ReferenceExchange.Market(
            base: base, quote: quote, lotAtoms: (0..<lotExponent).reduce(1) { power, _ in power * 10 },
            shift: reference.decimals[quote]! + lotExponent - reference.decimals[base]! - 24, makerFee: maker, takerFee: taker,
            feeOwner: feeOwner)
        centers[id] = Int(center)
    }

    private func deposit(_ owner: Address, token: UInt32, atoms: UInt64) {
        test.deposit(owner, token: token, atoms: atoms)
        reference.deposit(owner, token: token, atoms: atoms)
    }

    mutating func step(_ step: Int) throws {
        if random.chance(2) {
            deposit(traders[random.below(6)], token: UInt32(1 + random.below(4)), atoms: UInt64(1 + random.below(1_000_000)))
        }
        let signer = random.chance(8) ? agent : traders[random.below(6)]
        let owner = signer == agent ? traders[0] : signer
        let (command, expected) = randomCommand(signer: signer, owner: owner)
        let (code, events) = test.execute([command], signer: signer)
        #expect(code == .none)
        compare(events, expected, command: command, step: step)
        compareBalances(step: step)
        expectInvariants(test.host.exchange)
    }

    private mutating func randomCommand(signer: Address, owner: Address) -> (Command, ReferenceExchange.Outcome) {
        let market = UInt16(random.chance(2) ? 9 : 1 + random.below(3))
        switch random.below(100) {
        case 0..<68:
            let command = randomPlace(market)
            return (command, reference.apply(command, signer: signer))
        case 68..<82:
            let number =
                reference.orders.isEmpty || random.chance(10)
                ? 1 + random.below(reference.created + 1) : reference.orders.randomElement(using: &random)!.number
            let actualMarket = reference.orders.first { $0.number == number }?.market ?? market
            let id = engineIds[number] ?? 12_345
            let target = random.chance(90) ? actualMarket : market
            return (
                .cancel(market: target, orderId: id),
                reference.cancel(owner: owner, market: target, number: engineIds[number] == nil ? nil : number)
            )
        case 82..<90:
            let id = UInt64(random.below(40))
            return (.cancelByClientId(market: market, clientOrderId: id), reference.cancel(owner: owner, market: market, clientOrderId: id))
        case 90..<97:
            let command = Command.withdraw(token: UInt32(random.below(6)), atoms: random.chance(10) ? 0 : UInt64(random.below(2_000_000)))
            return (command, reference.apply(command, signer: signer))
        default:
            let other = TestExchange.address(UInt64(100 + random.below(5)))
            let command: Command = random.chance(50) ? .approveAgent(other, expiryMs: 0) : .revokeAgent(other)
            return (command, reference.apply(command, signer: signer))
        }
    }

    private mutating func randomPlace(_ market: UInt16) -> Command {
        var code = (centers[market] ?? 1_000_000) + random.below(300) - 150
        if market == 2 { code = centers[2]! + (random.below(300) - 150) * 10 }
        if random.chance(4) { code = random.below(Int(PriceCode.count) + 10) }
        if random.chance(1) { code = Int(UInt32.max) - random.below(3) }
        var lots = random.chance(1) ? 0 : UInt64(random.below(2_000))
        if random.chance(2) { lots = UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64(random.below(30)) }
        let timeInForce: TimeInForce = random.chance(60) ? .goodTilCancelled : random.chance(50) ? .immediateOrCancel : .postOnly
        return .place(
            market: market, side: random.chance(50) ? .buy : .sell, timeInForce: timeInForce, priceCode: UInt32(code), lots: lots,
            clientOrderId: random.chance(50) ? UInt64(random.below(40)) : 0)
    }

    private mutating func compare(_ events: [Event], _ expected: ReferenceExchange.Outcome, command: Command, step: Int) {
        guard let result = events.last, events.dropLast().allSatisfy({ $0.kind == Event.Kind.fill }) else {
            Issue.record("step \(step): \(command) left no result event")
            failed = true
            return
        }
        var actual: ReferenceExchange.Outcome
        switch result.kind {
        case Event.Kind.rejected:
            actual = .rejected(RejectCode(rawValue: result.code)!)
            codes[RejectCode(rawValue: result.code)!, default: 0] += 1
        case Event.Kind.placed:
            let made = events.dropLast().map {
                ReferenceExchange.Fill(maker: numbers[$0.counterOrderId] ?? -1, priceCode: $0.priceCode, lots: $0.lots)
            }
            fills += made.count
            var number: Int?
            if result.orderId != 0, case .placed(_, _, let order?, _) = expected {
                engineIds[order] = result.orderId
                numbers[result.orderId] = order
                number = order
            }
            actual = .placed(filled: result.lots, resting: result.remaining, order: number, fills: made)
        case Event.Kind.cancelled: actual = .cancelled(order: numbers[result.orderId] ?? -1, lots: result.remaining)
        case Event.Kind.withdrawn: actual = .withdrawn(id: result.orderId)
        default: actual = .agentChanged
        }
        #expect(actual == expected, "step \(step): \(command)")
        failed = failed || actual != expected
    }

    private func compareBalances(step: Int) {
        for owner in traders + [feeOwner] {
            guard let account = test.host.exchange.account(owner: owner) else { continue }
            for token in UInt32(1)...4 {
                let key = ReferenceExchange.Key(owner: owner, token: token)
                let balance = test.host.exchange.balance(account: account.id, token: token) ?? Balance()
                #expect(balance.free == reference.free[key] ?? 0 && balance.locked == reference.locked[key] ?? 0, "step \(step)")
            }
        }
    }
}
