import Engine

/// Who pays what.
extension ReferenceExchange {
    /// Moves the funds of one trade.
    func settle(_ maker: Order, taker: UInt32, takerSide: Side, _ market: Market, _ traded: UInt64) {
        let quote = UInt64(unitCost(market, maker.priceCode)! * UInt128(traded))
        let base = market.lotAtoms * traded
        let (buyer, seller) = takerSide == .buy ? (taker, maker.account) : (maker.account, taker)
        let (buyerFee, sellerFee) = takerSide == .buy ? (market.takerFee, market.makerFee) : (market.makerFee, market.takerFee)
        let baseFee = feeOn(base, buyerFee, buyer)
        let quoteFee = feeOn(quote, sellerFee, seller)
        if takerSide == .buy {
            free[Key(account: buyer, token: market.quote)]! -= quote
            locked[Key(account: seller, token: market.base)]! -= base
        } else {
            locked[Key(account: buyer, token: market.quote)]! -= quote
            free[Key(account: seller, token: market.base)]! -= base
        }
        free[Key(account: buyer, token: market.base), default: 0] += base - baseFee
        free[Key(account: seller, token: market.quote), default: 0] += quote - quoteFee
        free[Key(account: market.feeAccount, token: market.base), default: 0] += baseFee
        free[Key(account: market.feeAccount, token: market.quote), default: 0] += quoteFee
    }

    func feeOn(_ atoms: UInt64, _ basisPoints: UInt64, _ account: UInt32) -> UInt64 {
        UInt64((UInt128(atoms) * UInt128(basisPoints * (10 - accounts[Int(account) - 1].feeTier)) + 99_999) / 100_000)
    }

    /// What an order of this size gives, and of which token.
    func given(_ side: Side, _ market: Market, _ priceCode: UInt32, _ lots: UInt64) -> (token: UInt32, atoms: UInt64) {
        side == .buy
            ? (market.quote, UInt64(unitCost(market, priceCode)! * UInt128(lots))) : (market.base, market.lotAtoms * lots)
    }

    func lock(_ order: Order) { moveLocked(order, by: order.lots, locks: true) }

    func unlock(_ order: Order, lots: UInt64) { moveLocked(order, by: lots, locks: false) }

    private func moveLocked(_ order: Order, by lots: UInt64, locks: Bool) {
        let (token, atoms) = given(order.side, markets[order.market]!, order.priceCode, lots)
        let key = Key(account: order.account, token: token)
        free[key, default: 0] = locks ? free[key]! - atoms : free[key]! + atoms
        locked[key] = locks ? locked[key, default: 0] + atoms : locked[key]! - atoms
    }

    /// Quote atoms a lot, nil if not whole; saturates far above 64 bits.
    func unitCost(_ market: Market, _ priceCode: UInt32) -> UInt128? {
        var value = UInt128(priceCode % 90_000 + 10_000)
        var power = Int(priceCode / 90_000) + market.shift
        while power > 0 && value < 1 << 100 {
            value *= 10
            power -= 1
        }
        while power < 0 {
            guard value % 10 == 0 else { return nil }
            value /= 10
            power += 1
        }
        return value
    }
}
