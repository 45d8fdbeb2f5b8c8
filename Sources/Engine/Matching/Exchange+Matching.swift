/// One order against the book.
extension Exchange {
    /// An order that is about to be placed.
    struct Incoming {
        var account: UInt32
        var side: Side
        var priceCode: UInt32
        var lots: UInt64
    }

    /// Whether `price` of the opposite side is good enough for an order with this limit.
    @inline(__always)
    func crosses(_ side: Side, limit: UInt32, opposite price: UInt32) -> Bool {
        price != PriceCode.none && (side == .buy ? price <= limit : price >= limit)
    }

    @inline(__always)
    func bestOpposite(_ side: Side, _ book: UInt32) -> UInt32 {
        side == .buy
            ? pointer(bookOffset(book), as: BookState.self).pointee.bestAsk : pointer(bookOffset(book), as: BookState.self).pointee.bestBid
    }

    /// Whether filling `incoming` would reach a resting order of the same account. Changes nothing.
    func wouldTradeWithItself(_ incoming: Incoming, book: UInt32) -> Bool {
        guard pointer(accountOffset(incoming.account), as: Account.self).pointee.openOrderCount > 0 else { return false }
        var price = bestOpposite(incoming.side, book)
        var remaining = incoming.lots
        while crosses(incoming.side, limit: incoming.priceCode, opposite: price) {
            let page = pointer(groupOffset(book: book, priceCode: price), as: LevelGroup.self).pointee.page
            var slot = pointer(levelOffset(page: page, priceCode: price), as: Level.self).pointee.first
            while slot != 0 {
                let maker = pointer(orderOffset(slot), as: Order.self)
                if maker.pointee.account == incoming.account { return true }
                if maker.pointee.lots >= remaining { return false }
                remaining -= maker.pointee.lots
                slot = maker.pointee.next
            }
            price = incoming.side == .buy ? occupiedPrice(above: price, book: book) : occupiedPrice(below: price, book: book)
        }
        return false
    }

    /// Fills as much of `incoming` as the book allows, best price first, oldest order first, each at the maker's price.
    ///
    /// The taker's funds were checked for its own limit, so every fill is covered; its balances are settled once at the end.
    /// Returns the lots that are left. Cannot fail.
    mutating func match(_ incoming: Incoming, market: UnsafePointer<Market>, commandIndex: UInt16) -> UInt64 {
        var remaining = incoming.lots
        var taker = TakerTotals()
        while remaining > 0 {
            let price = bestOpposite(incoming.side, market.pointee.id)
            guard crosses(incoming.side, limit: incoming.priceCode, opposite: price) else { break }
            remaining = matchLevel(price, incoming, remaining: remaining, market: market, taker: &taker, commandIndex: commandIndex)
        }
        if remaining < incoming.lots { settle(taker, incoming, market: market) }
        return remaining
    }

    /// Sums over the fills of one order. Fees are those paid by the taker in what it receives.
    struct TakerTotals {
        var baseAtoms: UInt64 = 0
        var quoteAtoms: UInt64 = 0
        var takerFee: UInt64 = 0
        var makerFees: UInt64 = 0
    }

    private mutating func matchLevel(
        _ price: UInt32, _ incoming: Incoming, remaining: UInt64, market: UnsafePointer<Market>, taker: inout TakerTotals,
        commandIndex: UInt16
    ) -> UInt64 {
        guard let atomsPerLot = Notional.atomsPerLot(priceCode: price, notionalExponent: market.pointee.notionalExponent)
        else { preconditionFailure("an order rests at a price that is too fine for its market") }
        let level = occupiedLevel(book: market.pointee.id, priceCode: price)
        var remaining = remaining
        while remaining > 0 && level.pointee.first != 0 {
            let slot = level.pointee.first
            let maker = writableOrder(slot)
            let lots = min(remaining, maker.pointee.lots)
            let quoteAtoms = atomsPerLot * lots
            let baseAtoms = market.pointee.lotAtoms * lots
            settleMaker(maker, baseAtoms: baseAtoms, quoteAtoms: quoteAtoms, market: market, totals: &taker)
            taker.baseAtoms += baseAtoms
            taker.quoteAtoms += quoteAtoms
            taker.takerFee += Notional.fee(
                on: incoming.side == .buy ? baseAtoms : quoteAtoms, basisPoints: market.pointee.takerFeeBasisPoints)
            remaining -= lots
            maker.pointee.lots -= lots
            level.pointee.lots -= lots
            writableBook(market.pointee.id).pointee.fillCount += 1
            emitFill(incoming, maker: maker, slot: slot, price: price, lots: lots, market: market, commandIndex: commandIndex)
            if maker.pointee.lots == 0 {
                let next = maker.pointee.next
                level.pointee.first = next
                if next == 0 { level.pointee.last = 0 } else { writableOrder(next).pointee.previous = 0 }
                release(slot: slot, book: market.pointee.id)
            }
        }
        writableBook(market.pointee.id).pointee.lastPrice = price
        if level.pointee.first == 0 { vacate(book: market.pointee.id, side: incoming.side.opposite, priceCode: price) }
        return remaining
    }

    /// Moves one fill's funds on the maker's side: out of what its order locked, into its free balance, less the fee.
    @inline(__always)
    private mutating func settleMaker(
        _ maker: UnsafeMutablePointer<Order>, baseAtoms: UInt64, quoteAtoms: UInt64, market: UnsafePointer<Market>,
        totals: inout TakerTotals
    ) {
        let account = maker.pointee.account
        let sells = maker.pointee.side == .sell
        let received = sells ? quoteAtoms : baseAtoms
        let fee = Notional.fee(on: received, basisPoints: market.pointee.makerFeeBasisPoints)
        totals.makerFees += fee
        let (given, gotten) =
            sells ? (market.pointee.baseToken, market.pointee.quoteToken) : (market.pointee.quoteToken, market.pointee.baseToken)
        writableBalance(account: account, token: given).pointee.locked -= sells ? baseAtoms : quoteAtoms
        writableBalance(account: account, token: gotten).pointee.free += received - fee
    }

    /// Moves the funds of all fills on the taker's side, and all fees to the fee account.
    private mutating func settle(_ totals: TakerTotals, _ incoming: Incoming, market: UnsafePointer<Market>) {
        let base = market.pointee.baseToken
        let quote = market.pointee.quoteToken
        let fees = market.pointee.feeAccount
        let buys = incoming.side == .buy
        writableBalance(account: incoming.account, token: buys ? quote : base).pointee.free -= buys ? totals.quoteAtoms : totals.baseAtoms
        writableBalance(account: incoming.account, token: buys ? base : quote).pointee.free +=
            (buys ? totals.baseAtoms : totals.quoteAtoms) - totals.takerFee
        // Each side pays in what it receives, so the taker's fee and the makers' fees are in different tokens.
        writableBalance(account: fees, token: buys ? base : quote).pointee.free += totals.takerFee
        writableBalance(account: fees, token: buys ? quote : base).pointee.free += totals.makerFees
    }

    @inline(__always)
    private mutating func emitFill(
        _ incoming: Incoming, maker: UnsafeMutablePointer<Order>, slot: UInt32, price: UInt32, lots: UInt64,
        market: UnsafePointer<Market>, commandIndex: UInt16
    ) {
        var event = Event()
        event.kind = Event.Kind.fill
        event.side = incoming.side.rawValue
        event.market = UInt16(truncatingIfNeeded: market.pointee.id)
        event.commandIndex = commandIndex
        event.account = incoming.account
        event.counterAccount = maker.pointee.account
        event.priceCode = price
        event.counterOrderId = Order.id(slot: slot, generation: maker.pointee.generation)
        event.lots = lots
        event.remaining = maker.pointee.lots
        event.clientOrderId = pointer(detailOffset(slot), as: OrderDetail.self).pointee.clientOrderId
        emit(event)
    }
}
