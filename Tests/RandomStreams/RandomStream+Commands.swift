import Engine
import SeededRandom

/// Any command, more or less likely to be accepted.
extension RandomStream {
    mutating func randomCommand(signer: Address) -> Command {
        let market = randomMarket()
        switch random.below(200) {
        case 0..<88: return .place(randomPlacement(market))
        case 88..<98: return .placeUntil(randomPlacement(market), expiryMs: max(1, randomTime()))
        case 98..<108: return randomTrigger(market)
        case 108..<124:
            let (orderMarket, id) = randomOrder(signer)
            return .modify(
                market: random.chance(98) ? orderMarket : market, orderId: id, priceCode: randomPrice(orderMarket), lots: randomLots())
        case 124..<154:
            let (orderMarket, id) = randomOrder(signer)
            return .cancel(market: random.chance(98) ? orderMarket : market, orderId: id)
        case 154..<172: return .cancelByClientId(market: market, clientOrderId: randomClientOrderId())
        case 172:
            return .cancelAll(market: random.chance(50) ? 0 : market, sides: SideSelection(rawValue: UInt8(random.below(3)))!)
        case 173..<175: return .scheduleCancel(timeMs: random.chance(70) ? 0 : randomTime())
        case 175: return .useAccount(randomAccount(signer))
        case 176: return .cancelOnDisconnect(random.chance(70))
        case 177: return random.chance(10) ? .disconnected : .scheduleCancel(timeMs: 0)
        case 178..<181: return .useAccount(randomAccount(signer))
        case 181: return random.chance(60) ? .openSubaccount : randomNewToken()
        case 182..<186: return .transfer(token: randomToken(), atoms: randomAtoms(), toAccount: randomAccount(signer))
        case 186..<194: return .withdraw(token: randomToken(), atoms: random.chance(1) ? Command.allFree : randomAtoms())
        default: return randomKeyChange()
        }
    }

    private mutating func randomPlacement(_ market: UInt16) -> Command.Order {
        Command.Order(
            market: market,
            flags: PlaceFlags(
                side: random.chance(50) ? .buy : .sell,
                timeInForce: random.chance(50) ? .goodTilCancelled : TimeInForce.allCases[random.below(TimeInForce.allCases.count)],
                selfTradePrevention: SelfTradePrevention.allCases[random.below(SelfTradePrevention.allCases.count)]),
            priceCode: randomPrice(market), lots: randomLots(), clientOrderId: random.chance(50) ? randomClientOrderId() : 0)
    }

    private mutating func randomTrigger(_ market: UInt16) -> Command {
        var order = randomPlacement(market)
        order.flags.firesAbove = random.chance(50)
        return .placeTrigger(order, expiryMs: random.chance(50) ? 0 : randomTime(), triggerPriceCode: randomPrice(market))
    }

    // MARK: Values

    mutating func randomMarket() -> UInt16 {
        switch random.below(100) {
        case 0: UInt16(random.below(1 << 16))
        case 1..<6: UInt16(1 + random.below(16))
        case 6..<14: newestAuction
        default: UInt16(1 + random.below(6))
        }
    }

    /// Mostly soon.
    mutating func randomTime() -> UInt64 {
        switch random.below(20) {
        case 0: random.next() >> UInt64(random.below(64))
        case 1: timeMs - UInt64(random.below(1000))
        case 2: timeMs + UInt64(random.below(400_000_000))
        default: timeMs + UInt64(random.below(5_000))
        }
    }

    /// Accounts are numbered in the order of the first deposits; 1 is that of the markets' fees.
    private func mainAccount(_ signer: Address) -> UInt32 { traders.firstIndex(of: signer).map { UInt32($0 + 2) } ?? 2 }

    /// Mostly one of the signer's.
    mutating func randomAccount(_ signer: Address) -> UInt32 {
        let main = mainAccount(signer)
        if random.chance(30) { return main }
        if random.chance(10) { return UInt32(truncatingIfNeeded: random.next() >> UInt64(random.below(64))) }
        for _ in 0..<24 {
            if let entry = subaccounts.randomElement(using: &random), entry.opener == main { return entry.id }
        }
        return random.chance(80) ? main : UInt32(random.below(60))
    }

    /// Mostly an order of the signer's account.
    mutating func randomOrder(_ signer: Address) -> (market: UInt16, id: UInt64) {
        let account = mainAccount(signer)
        guard !random.chance(3), let entry = orders.any(of: account, using: &random) else {
            return (randomMarket(), random.next() >> UInt64(random.below(64)))
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

    /// Mostly one that L1 listed.
    mutating func randomToken() -> UInt32 {
        random.chance(80) ? UInt32(random.below(6)) : Layout.bornTokensStart - 1 + UInt32(random.below(40))
    }

    private mutating func randomNewToken() -> Command {
        var symbol = TokenSymbol(word0: 0x4E52_4F42, word1: 0)
        if random.chance(40) { symbol.word1 = random.next() >> UInt64(random.below(64)) }
        return .createToken(
            symbol, decimals: UInt8(random.below(19)), supply: random.chance(10) ? 0 : random.next() >> UInt64(random.below(64)))
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
