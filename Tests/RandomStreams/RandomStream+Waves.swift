import Engine
import SeededRandom

/// Many like orders at once, then one that meets them all: what the limits on the work of one command or one block are for.
extension RandomStream {
    /// Orders of all traders that overlap, in a market that collects; the last call first.
    mutating func bigAuction() -> [EngineCall] {
        let market: UInt16 = 15
        let center = Self.price(25_000, -6)
        var listing = auction(market)
        listing.d.word3 = (timeMs + 1).byteSwapped
        var calls: [EngineCall] = [.consume(listing)]
        for round in 0..<2 {
            for (index, trader) in traders.enumerated() {
                let side: Side = index % 2 == round ? .buy : .sell
                let commands = (0..<380).map { _ -> Command in
                    .place(
                        market: market, side: side, timeInForce: .goodTilCancelled, priceCode: UInt32(center + random.below(40) - 20),
                        lots: UInt64(1 + random.below(3)), clientOrderId: 0)
                }
                calls.append(batch(commands, signer: trader))
            }
        }
        return calls.reversed()
    }

    /// Some batches of hundreds of tiny orders at hardly any price, and an order large enough for all of them.
    mutating func wave() -> [EngineCall] {
        let market = UInt16(1 + random.below(random.chance(20) ? 15 : 6))
        let side: Side = random.chance(50) ? .buy : .sell
        let center = centers[market] ?? Self.price(25_000, -6)
        let away = side == .sell ? 60 : -60
        let expiryMs = timeMs + 300 + UInt64(random.below(3_000))
        let what = random.below(4)
        var calls: [EngineCall] = []
        for _ in 0..<1 + random.below(10) {
            let commands = (0..<380).map { _ -> Command in
                let order = Command.Order(
                    market: market,
                    flags: PlaceFlags(
                        side: side, timeInForce: what == 2 ? .immediateOrCancel : .goodTilCancelled, firesAbove: side == .buy),
                    priceCode: UInt32(max(0, center + away + random.below(3))), lots: UInt64(1 + random.below(2)))
                switch what {
                case 0, 1: return .place(order)
                case 2:
                    var trigger = order
                    trigger.flags.firesAbove = side == .buy
                    trigger.priceCode = UInt32(max(0, center - 3 * away))
                    return .placeTrigger(
                        trigger, expiryMs: random.chance(30) ? expiryMs : 0, triggerPriceCode: UInt32(max(0, center - away / 10)))
                default: return .placeUntil(order, expiryMs: expiryMs)
                }
            }
            calls.append(batch(commands, signer: traders[random.below(traders.count)]))
        }
        if random.chance(20) { return calls }
        let sweep = Command.place(
            market: market, side: side.opposite,
            timeInForce: [.goodTilCancelled, .immediateOrCancel, .fillOrKill, .market][random.below(4)],
            priceCode: UInt32(max(0, center + 2 * away)), lots: UInt64(1 + random.below(8_000)), clientOrderId: 0,
            selfTradePrevention: SelfTradePrevention.allCases[random.below(4)])
        return calls + [batch([sweep, sweep, sweep], signer: traders[random.below(traders.count)])]
    }
}
