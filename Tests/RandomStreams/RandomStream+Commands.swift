import Engine
import SeededRandom

/// Any command, more or less likely to be accepted.
extension RandomStream {
    mutating func randomCommand(signer: Address) -> Command {
        let market = UInt16(random.chance(1) ? random.below(1 << 16) : 1 + random.below(4))
        switch random.below(100) {
        case 0..<62: return randomPlace(market)
        case 62..<80:
            let (orderMarket, id) = randomOrder(signer)
            return .cancel(market: random.chance(98) ? orderMarket : market, orderId: id)
        case 80..<92: return .cancelByClientId(market: market, clientOrderId: randomClientOrderId())
        case 92..<97: return .withdraw(token: UInt32(random.below(6)), atoms: randomAtoms())
        default: return randomKeyChange()
        }
    }

    private mutating func randomPlace(_ market: UInt16) -> Command {
        .place(
            market: market, side: random.chance(50) ? .buy : .sell, timeInForce: TimeInForce(rawValue: UInt8(random.below(3)))!,
            priceCode: randomPrice(market), lots: randomLots(), clientOrderId: random.chance(50) ? randomClientOrderId() : 0)
    }

    // MARK: Values

    /// Mostly an order of the signer's account.
    mutating func randomOrder(_ signer: Address) -> (market: UInt16, id: UInt64) {
        // Accounts are numbered in the order of the first deposits; 1 is that of the markets' fees.
        let account = traders.firstIndex(of: signer).map { UInt32($0 + 2) } ?? 2
        guard !random.chance(3), let entry = orders.any(of: account, using: &random) else {
            return (UInt16(1 + random.below(4)), random.next() >> UInt64(random.below(64)))
        }
        return (entry.market, random.chance(2) ? entry.id ^ 1 << UInt64(random.below(64)) : entry.id)
    }

    mutating func randomPrice(_ market: UInt16) -> UInt32 {
        if random.chance(1) { return UInt32(truncatingIfNeeded: random.next() >> UInt64(random.below(64))) }
        if random.chance(3) { return UInt32(random.below(Int(PriceCode.count) + 10)) }
        let step = market == 2 ? 10 : 1
        return UInt32(max(0, (centers[market] ?? 1_000_000) + (random.below(300) - 150) * step))
    }

    mutating func randomLots() -> UInt64 {
        if random.chance(1) { return 0 }
        if random.chance(2) { return random.next() >> UInt64(random.below(64)) }
        return UInt64(1 + random.below(random.chance(10) ? 50_000 : 2_000))
    }

    mutating func randomAtoms() -> UInt64 {
        random.chance(10) ? random.next() >> UInt64(random.below(65)) : UInt64(random.below(2_000_000))
    }

    mutating func randomClientOrderId() -> UInt64 {
        random.chance(5) ? random.next() : UInt64(random.below(60))
    }

    private mutating func randomKeyChange() -> Command {
        var agent = agents[random.below(agents.count)]
        if random.chance(20) { agent = Self.address(UInt64(200 + random.below(200))) }
        if random.chance(5) { agent = traders[random.below(traders.count)] }
        if random.chance(2) { agent = .zero }
        guard random.chance(70) else { return .revokeAgent(agent) }
        return .approveAgent(agent, expiryMs: random.chance(50) ? 0 : timeMs + UInt64(random.below(20_000)))
    }
}
