import Engine
import SeededRandom

/// Any command, more or less likely to be accepted. Orders are named by the reference's numbers.
extension ReferenceStream {
    mutating func randomCommand(_ account: UInt32) -> Command {
        let market = randomMarket()
        switch random.below(100) {
        case 0..<52: return .place(randomOrder(market))
        case 52..<59: return .placeUntil(randomOrder(market, fillingAtOnce: 5), expiryMs: randomTime())
        case 59..<67: return randomTrigger(random.chance(2) ? Self.quietMarket : market)
        case 67..<77: return randomModify(market, account)
        case 77..<84:
            let (orderMarket, number) = randomNumber(market, account)
            return .cancel(market: random.chance(95) ? orderMarket : market, orderId: number)
        case 84..<89: return .cancelByClientId(market: market, clientOrderId: UInt64(random.below(40)))
        case 89..<90:
            return .cancelAll(market: random.chance(20) ? 0 : market, sides: SideSelection(rawValue: UInt8(random.below(3)))!)
        case 90..<94: return randomAccountCommand(account)
        case 94..<97: return .withdraw(token: randomToken(), atoms: randomWithdrawal())
        default:
            let other = TestExchange.address(UInt64(100 + random.below(5)))
            return random.chance(50) ? .approveAgent(other, expiryMs: random.chance(50) ? 0 : randomTime()) : .revokeAgent(other)
        }
    }

    /// `fillingAtOnce`: percentage of orders that may not rest.
    private mutating func randomOrder(_ market: UInt16, fillingAtOnce: Int = 35) -> Command.Order {
        let timeInForce: TimeInForce =
            random.chance(fillingAtOnce)
            ? [.immediateOrCancel, .fillOrKill, .market].randomElement(using: &random)! : random.chance(80) ? .goodTilCancelled : .postOnly
        let flags = PlaceFlags(
            side: random.chance(50) ? .buy : .sell, timeInForce: timeInForce,
            selfTradePrevention: SelfTradePrevention(rawValue: UInt8(random.below(4)))!)
        return Command.Order(
            market: market, flags: flags, priceCode: randomPrice(market), lots: randomLots(),
            clientOrderId: random.chance(50) ? UInt64(random.below(40)) : 0)
    }

    private mutating func randomTrigger(_ market: UInt16) -> Command {
        var order = randomOrder(market)
        let last = reference.markets[market]?.lastPrice.map(Int.init) ?? centers[market] ?? 1_000_000
        let distance = (random.below(60) - 5) * (market == 2 ? 10 : 1)
        order.flags.firesAbove = random.chance(50)
        let trigger = random.chance(2) ? Int(PriceCode.count) + random.below(3) : last + (order.flags.firesAbove ? distance : -distance)
        return .placeTrigger(order, expiryMs: random.chance(70) ? 0 : randomTime(), triggerPriceCode: UInt32(max(0, trigger)))
    }

    private mutating func randomModify(_ market: UInt16, _ account: UInt32) -> Command {
        let (orderMarket, number) = randomNumber(market, account)
        let order = reference.orders.first { $0.number == number }
        var priceCode = randomPrice(orderMarket)
        if random.chance(60), let order { priceCode = order.priceCode }
        var lots = randomLots()
        if random.chance(50), let order { lots = 1 + lots % order.lots }
        return .modify(market: random.chance(97) ? orderMarket : market, orderId: number, priceCode: priceCode, lots: lots)
    }

    // MARK: Values

    /// Mostly an order that stands, and mostly the owner's.
    private mutating func randomNumber(_ market: UInt16, _ account: UInt32) -> (market: UInt16, number: UInt64) {
        guard !random.chance(6), var order = reference.orders.randomElement(using: &random) else {
            // None that a command of the same batch may be the first to use.
            return (market, random.chance(30) ? reference.created + 1_000 : UInt64(random.below(Int(reference.created) + 1)))
        }
        for _ in 0..<16 where order.account != account && !random.chance(4) {
            order = reference.orders.randomElement(using: &random)!
        }
        return (order.market, order.number)
    }

    /// Everything only now and then, since traders need funds.
    private mutating func randomWithdrawal() -> UInt64 {
        random.chance(10) ? 0 : random.chance(1) ? Command.allFree : UInt64(random.below(2_000_000))
    }

    mutating func randomTime() -> UInt64 {
        random.chance(10) ? max(1, reference.nowMs - UInt64(random.below(3_000))) : reference.nowMs + UInt64(random.below(20_000))
    }

    private mutating func randomPrice(_ market: UInt16) -> UInt32 {
        if random.chance(1) { return UInt32.max - UInt32(random.below(3)) }
        if random.chance(4) { return UInt32(random.below(Int(PriceCode.count) + 10)) }
        return UInt32((centers[market] ?? 1_000_000) + (random.below(300) - 150) * (market == 2 ? 10 : 1))
    }

    private mutating func randomLots() -> UInt64 {
        if random.chance(1) { return 0 }
        if random.chance(2) { return random.next() >> UInt64(random.below(30)) }
        return UInt64(1 + random.below(2_000))
    }
}
