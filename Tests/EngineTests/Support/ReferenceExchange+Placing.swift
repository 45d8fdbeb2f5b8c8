import Engine

/// An order comes in.
extension ReferenceExchange {
    func place(_ command: Command.Order, expiryMs: UInt64, _ account: UInt32, _ index: UInt16) -> RejectCode {
        let code = check(command, account)
        guard code == .none else { return code }
        let order = execute(command, expiryMs: expiryMs, account, index)
        events.append(order)
        if index != 0xFFFF { fireTriggers(command.market) }
        return .none
    }

    /// Why the order is refused, if it is. `replaced`: the order that it is to replace.
    func check(_ command: Command.Order, _ account: UInt32, replaced: Order? = nil) -> RejectCode {
        let (side, timeInForce) = (command.flags.side, command.flags.timeInForce)
        guard let market = markets[command.market] else { return .unknownMarket }
        guard market.opensAtMs == nil || timeInForce.rests else { return .notDuringAuction }
        let shape = checkShape(command, market)
        guard shape == .none else { return shape }

        var funds = free[Key(account: account, token: side == .buy ? market.quote : market.base), default: 0]
        if let replaced { funds += given(replaced.side, market, replaced.priceCode, replaced.lots).atoms }
        if timeInForce == .market {
            let best = makers(command.market, side, command.priceCode).first
            if side == .buy, let best, UInt128(funds) < unitCost(market, best.priceCode)! { return .insufficientBalance }
            if side == .sell, funds < market.lotAtoms { return .insufficientBalance }
        } else {
            guard funds >= given(side, market, command.priceCode, command.lots).atoms else { return .insufficientBalance }
        }
        if replaced == nil, command.clientOrderId != 0,
            orders.contains(where: { $0.account == account && $0.clientOrderId == command.clientOrderId })
        {
            return .clientOrderIdInUse
        }
        if timeInForce == .postOnly, !makers(command.market, side, command.priceCode).isEmpty { return .postOnlyWouldTake }
        if timeInForce == .fillOrKill { return checkFillOrKill(command, account) }
        return .none
    }

    /// What can be said of an order without looking at who places it and when.
    func checkShape(_ command: Command.Order, _ market: Market) -> RejectCode {
        guard command.lots > 0 else { return .sizeZero }
        guard command.priceCode < 36 * 90_000 else { return .priceInvalid }
        // A market order's price is only compared, its size only an upper limit.
        guard command.flags.timeInForce != .market else { return .none }
        guard let unit = unitCost(market, command.priceCode) else { return .priceTooFine }
        let most = UInt128(UInt64.max >> 1)
        guard UInt128(command.lots) * UInt128(market.lotAtoms) <= most else { return .sizeTooLarge }
        guard unit <= most, unit * UInt128(command.lots) <= most else { return .notionalTooLarge }
        return .none
    }

    private func checkFillOrKill(_ command: Command.Order, _ account: UInt32) -> RejectCode {
        var missing = command.lots
        for (count, maker) in makers(command.market, command.flags.side, command.priceCode).enumerated() {
            if count == 1024 { return .tooDeep }
            if isExpired(maker) { continue }
            if maker.account == account {
                guard command.flags.selfTradePrevention == .cancelMaker else { return .wouldNotFill }
                continue
            }
            missing -= min(missing, maker.lots)
            if missing == 0 { return .none }
        }
        return .wouldNotFill
    }

    /// Meets the book and rests what is left, if it rests. Returns the `placed` event, which is still to be added.
    func execute(_ command: Command.Order, expiryMs: UInt64, _ account: UInt32, _ index: UInt16) -> Event {
        let flags = command.flags
        let market = markets[command.market]!
        let funds = free[Key(account: account, token: flags.side == .buy ? market.quote : market.base), default: 0]
        var spent: UInt64 = 0
        var left = command.lots
        if flags.timeInForce == .market && flags.side == .sell { left = min(left, funds / market.lotAtoms) }
        var filled: UInt64 = 0
        var dropped = false
        var met = 0
        for maker in makers(command.market, flags.side, command.priceCode) where left > 0 && !dropped {
            if met == 1024 {
                dropped = true
                continue
            }
            met += 1
            if isExpired(maker) {
                reduce(maker.number, by: maker.lots, .expired, index)
            } else if maker.account == account {
                switch flags.selfTradePrevention {
                case .cancelTaker: dropped = true
                case .cancelMaker: reduce(maker.number, by: maker.lots, .selfTrade, index)
                case .cancelBoth:
                    reduce(maker.number, by: maker.lots, .selfTrade, index)
                    dropped = true
                case .decrement:
                    let both = min(left, maker.lots)
                    reduce(maker.number, by: both, .selfTrade, index)
                    left -= both
                }
            } else {
                let unit = unitCost(market, maker.priceCode)!
                var lots = min(left, maker.lots)
                if flags.timeInForce == .market && flags.side == .buy { lots = min(lots, (funds - spent) / UInt64(unit)) }
                dropped = lots < min(left, maker.lots)
                guard lots > 0 else { continue }
                trade(maker, taker: account, flags.side, lots, index)
                spent += UInt64(unit) * lots
                filled += lots
                left -= lots
            }
        }
        var result = Order(
            number: 0, account: account, market: command.market, flags: flags, priceCode: command.priceCode, lots: left,
            clientOrderId: command.clientOrderId, expiryMs: expiryMs)
        let rests = left > 0 && !dropped && flags.timeInForce.rests
        if rests {
            created += 1
            result.number = created
            orders.append(result)
            lock(result)
        }
        var placed = event(Event.Kind.placed, of: result, index)
        placed.lots = filled
        placed.remaining = rests ? left : 0
        return placed
    }

    private func trade(_ maker: Order, taker: UInt32, _ side: Side, _ lots: UInt64, _ index: UInt16) {
        settle(maker, taker: taker, takerSide: side, markets[maker.market]!, lots)
        markets[maker.market]!.lastPrice = maker.priceCode
        let place = orders.firstIndex { $0.number == maker.number }!
        orders[place].lots -= lots
        if orders[place].lots == 0 { orders.remove(at: place) }
        var fill = event(Event.Kind.fill, of: maker, index)
        fill.side = side.rawValue
        fill.account = taker
        fill.counterAccount = maker.account
        fill.orderId = 0
        fill.counterOrderId = maker.number
        fill.lots = lots
        fill.remaining = maker.lots - lots
        events.append(fill)
    }

    func isExpired(_ order: Order) -> Bool { order.expiryMs != 0 && order.expiryMs <= nowMs }

    /// The opposite orders within the limit, best price first, oldest first; none while orders collect for an auction.
    func makers(_ market: UInt16, _ side: Side, _ limit: UInt32) -> [Order] {
        guard markets[market]?.opensAtMs == nil else { return [] }
        let crossing = orders.filter {
            $0.market == market && $0.trigger == nil && $0.side != side
                && (side == .buy ? $0.priceCode <= limit : $0.priceCode >= limit)
        }
        return crossing.enumerated().sorted { first, second in
            let (one, two) = (first.element.priceCode, second.element.priceCode)
            return one == two ? first.offset < second.offset : (side == .buy ? one < two : one > two)
        }.map(\.element)
    }
}
