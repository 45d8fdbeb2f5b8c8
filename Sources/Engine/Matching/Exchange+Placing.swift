/// Placing orders: a cascade of checks, then a point after which nothing fails.
extension Exchange {
    /// An order that is about to be placed.
    struct Incoming {
        var market: UInt32
        var account: UInt32
        var flags: PlaceFlags
        var commandIndex: UInt16
        var priceCode: UInt32
        var lots: UInt64
        var clientOrderId: UInt64
        /// Block time in milliseconds at which it goes; 0: never.
        var expiryMs: UInt64

        @inline(__always)
        init(_ command: Command.Order, expiryMs: UInt64, account: UInt32, commandIndex: UInt16) {
            market = UInt32(command.market)
            self.account = account
            flags = command.flags
            self.commandIndex = commandIndex
            priceCode = command.priceCode
            lots = command.lots
            clientOrderId = command.clientOrderId
            self.expiryMs = expiryMs
        }

        @inline(__always) var side: Side { flags.side }
        @inline(__always) var timeInForce: TimeInForce { flags.timeInForce }
    }

    /// What an order gives: as much of a token for each lot, at its own price.
    struct Terms {
        /// Index of the book that it meets and rests in.
        var book: UInt32 = 0
        var token: UInt32 = 0
        /// 0 for a market order that buys: what it gives is seen at each maker.
        var atomsPerLot: UInt64 = 0
        var atoms: UInt64 = 0
    }

    /// Places an order and fires the triggers that its fills reach. `expiryMs` 0: it stands until it is filled or cancelled.
    mutating func place(_ command: Command.Order, expiryMs: UInt64, account: UInt32, commandIndex: UInt16) -> RejectCode {
        let (code, moved) = placeAlone(
            Incoming(command, expiryMs: expiryMs, account: account, commandIndex: commandIndex))
        if code == .none { fireTriggers(market: UInt32(command.market), moved: moved) }
        return code
    }

    /// As ``place(_:expiryMs:account:commandIndex:)`` with a time at which the order goes, which must be to come.
    mutating func placeUntil(_ command: Command.Order, expiryMs: UInt64, account: UInt32, commandIndex: UInt16) -> RejectCode {
        guard isListed(market: command.market) else { return .unknownMarket }
        guard command.flags.timeInForce.rests else { return .timeInForceInvalid }
        guard expiryMs > blockTimeMs else { return .expiryPassed }
        return place(command, expiryMs: expiryMs, account: account, commandIndex: commandIndex)
    }

    /// Places an order and fires nothing. Says whether it moved the last price.
    @inline(__always)
    mutating func placeAlone(_ order: Incoming) -> (code: RejectCode, moved: Bool) {
        var terms = Terms()
        let code = check(order, freed: 0, terms: &terms)
        guard code == .none else { return (code, false) }

        // From here on nothing fails.
        let result = execute(order, terms)
        emit(result)
        return (.none, result.lots > 0)
    }

    // MARK: Checks

    /// Why the order is refused, if it is, and what it gives. `freed`: slot of the order that it replaces, whose funds count as free; 0: none.
    @inline(__always)
    func check(_ order: Incoming, freed: UInt32, terms: inout Terms) -> RejectCode {
        guard isListed(market: UInt16(truncatingIfNeeded: order.market)) else { return .unknownMarket }
        let market = pointer(marketOffset(order.market), as: Market.self)
        terms.book = order.market
        if market.pointee.phase != MarketPhase.continuous {
            guard market.pointee.phase == MarketPhase.collecting else { return .marketOpening }
            guard order.timeInForce.rests else { return .notDuringAuction }
            // Asks rest apart, so that nothing crosses in either book.
            if order.side == .sell { terms.book = triggerBook(order.market).index }
        }
        let shape = checkShape(order, market, &terms)
        guard shape == .none else { return shape }

        var funds = freeAtoms(account: order.account, token: terms.token)
        if freed != 0 { funds += lockedAtoms(slot: freed) }
        let book = orderBook(terms.book)
        guard order.timeInForce == .market ? canAffordOne(order, terms, funds, market) : funds >= terms.atoms
        else { return .insufficientBalance }
        if freed == 0 {
            let code = checkClientOrderId(order)
            guard code == .none else { return code }
        }
        if order.timeInForce == .postOnly {
            guard !book.crosses(order.side, limit: order.priceCode) else { return .postOnlyWouldTake }
        } else if order.timeInForce == .fillOrKill {
            let code = checkFillOrKill(order, book)
            guard code == .none else { return code }
        }
        if order.timeInForce.rests {
            let code = checkRoom(account: order.account, replaces: freed != 0)
            guard code == .none else { return code }
        }
        guard canOpenBalances(pages: 2) else { return .capacityExhausted }
        return .none
    }

    /// Whether the account has no open order of the same client order id, and few enough whose ids fall together with it.
    @inline(__always)
    func checkClientOrderId(_ order: Incoming) -> RejectCode {
        guard order.clientOrderId != 0 else { return .none }
        let (slot, others) = searchOrder(account: order.account, clientOrderId: order.clientOrderId)
        guard slot == 0 else { return .clientOrderIdInUse }
        return others < Layout.ordersPerBucketMax ? .none : .tooManyOpenOrders
    }

    /// Whether one more order of the account can rest, or wait for its trigger; `replaces`: another one goes first.
    @inline(__always)
    func checkRoom(account: UInt32, replaces: Bool) -> RejectCode {
        let open = pointer(accountOffset(account), as: Account.self).pointee.openOrderCount
        guard open < UInt32(Layout.openOrdersPerAccountMax) || replaces else { return .tooManyOpenOrders }
        return canRest ? .none : .capacityExhausted
    }

    /// What can be said of an order without looking at who places it and when; the amounts in `terms` are exact if it is good.
    @inline(__always)
    func checkShape(_ order: Incoming, _ market: UnsafePointer<Market>, _ terms: inout Terms) -> RejectCode {
        let buys = order.side == .buy
        terms.token = buys ? market.pointee.quoteToken : market.pointee.baseToken
        guard order.lots > 0 else { return .sizeZero }
        guard order.priceCode < PriceCode.count else { return .priceInvalid }
        if order.timeInForce == .market {
            // Its price is only compared, its size only an upper limit: it may be more than anybody has.
            terms.atomsPerLot = buys ? 0 : market.pointee.lotAtoms
            return .none
        }
        guard let quotePerLot = Notional.atomsPerLot(priceCode: order.priceCode, notionalExponent: market.pointee.notionalExponent)
        else { return .priceTooFine }
        let (baseAtoms, baseOverflow) = order.lots.multipliedReportingOverflow(by: market.pointee.lotAtoms)
        guard !baseOverflow, baseAtoms <= Layout.tokenAtomsMax else { return .sizeTooLarge }
        let (quoteAtoms, quoteOverflow) = order.lots.multipliedReportingOverflow(by: quotePerLot)
        guard !quoteOverflow, quoteAtoms <= Layout.tokenAtomsMax else { return .notionalTooLarge }
        terms.atomsPerLot = buys ? quotePerLot : market.pointee.lotAtoms
        terms.atoms = buys ? quoteAtoms : baseAtoms
        return .none
    }

    /// Whether the funds pay for one lot of a market order: a buy's at the best ask that is good enough for it. If there is none, nothing is due.
    private func canAffordOne(_ order: Incoming, _ terms: Terms, _ funds: UInt64, _ market: UnsafePointer<Market>) -> Bool {
        if order.side == .sell { return funds >= terms.atomsPerLot }
        let book = orderBook(order.market)
        guard book.crosses(.buy, limit: order.priceCode) else { return true }
        return funds >= restingAtomsPerLot(at: book.bestPrice(.sell), market)
    }

    /// Whether a fill-or-kill order can be filled whole. Own orders and those whose time is over fill nothing.
    private func checkFillOrKill(_ order: Incoming, _ book: Book) -> RejectCode {
        var makers = book.makers(against: order.side, limit: order.priceCode)
        var missing = order.lots
        var looked = 0
        while true {
            let slot = makers.next()
            guard slot != 0 else { return .wouldNotFill }
            guard looked < Layout.fillOrKillReachMax else { return .tooDeep }
            looked += 1
            let maker = book.order(slot)
            if maker.pointee.hasExpiry && isExpired(slot: slot) { continue }
            if maker.pointee.account == order.account {
                guard order.flags.selfTradePrevention == .cancelMaker else { return .wouldNotFill }
                continue
            }
            if maker.pointee.lots >= missing { return .none }
            missing -= maker.pointee.lots
        }
    }

    // MARK: Values

    @inline(__always)
    var blockTimeMs: UInt64 { pointer(Layout.header, as: StateHeader.self).pointee.blockTimeMs }

    /// Whether the time of an order that has an expiry is over; it may rest a little longer, because a block ends only so many.
    @inline(__always)
    func isExpired(slot: UInt32) -> Bool { pointer(detailOffset(slot), as: OrderDetail.self).pointee.expiryMs <= blockTimeMs }

    /// Quote atoms for one lot at a price at which an order rests.
    @inline(__always)
    func restingAtomsPerLot(at priceCode: UInt32, _ market: UnsafePointer<Market>) -> UInt64 {
        guard let atoms = Notional.atomsPerLot(priceCode: priceCode, notionalExponent: market.pointee.notionalExponent)
        else { preconditionFailure("an order rests at a price that is too fine for its market") }
        return atoms
    }

    /// What a resting order, not a trigger, has locked.
    func lockedAtoms(slot: UInt32) -> UInt64 {
        let order = pointer(orderOffset(slot), as: Order.self).pointee
        let market = pointer(marketOffset(order.market), as: Market.self)
        return order.lots * (order.side == .buy ? restingAtomsPerLot(at: order.priceCode, market) : market.pointee.lotAtoms)
    }

    /// Whether a market with this id is listed.
    @inline(__always)
    func isListed(market: UInt16) -> Bool {
        let id = UInt32(market)
        return id > 0 && id < UInt32(Layout.marketCapacity) && pointer(marketOffset(id), as: Market.self).pointee.id == id
    }
}
