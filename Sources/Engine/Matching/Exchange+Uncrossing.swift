/// The fills of an opening auction.
extension Exchange {
    /// Executes as much as the best bid and the best ask both have, oldest first, at the one price. Both pay the maker's fee, the buyer gets
    /// back what its limit was higher. Orders of one account do not trade: both lose the lots.
    mutating func executeBest(_ market: UnsafePointer<Market>) {
        let id = market.pointee.id
        let bids = orderBook(id)
        let asks = orderBook(id + UInt32(Layout.marketCapacity))
        let buy = bids.firstOrder(at: bids.bestPrice(.buy))
        let sell = asks.firstOrder(at: asks.bestPrice(.sell))
        let buyer = bids.order(buy).pointee
        let seller = asks.order(sell).pointee
        let state = writableBook(id)
        let price = state.pointee.openingPrice
        precondition(buyer.priceCode >= price && seller.priceCode <= price, "the best orders of an auction do not trade at its price")
        let lots = min(buyer.lots, seller.lots, state.pointee.openingLots)
        state.pointee.openingLots -= lots
        if buyer.account == seller.account {
            loseToItself(lots, slot: buy, of: buyer)
            loseToItself(lots, slot: sell, of: seller)
        } else {
            state.pointee.openedLots += lots
            state.pointee.fillCount += 1
            state.pointee.lastPrice = price
            settleAuction(market, buyer, seller, price: price, lots: lots)
            emitAuctionFill(slot: buy, counter: (sell, seller), price: price, lots: lots)
            emitAuctionFill(slot: sell, counter: (buy, buyer), price: price, lots: lots)
        }
        take(lots, slot: buy, of: buyer)
        take(lots, slot: sell, of: seller)
    }

    private mutating func settleAuction(_ market: UnsafePointer<Market>, _ buyer: Order, _ seller: Order, price: UInt32, lots: UInt64) {
        let (base, quote) = (market.pointee.baseToken, market.pointee.quoteToken)
        let baseAtoms = market.pointee.lotAtoms * lots
        let quoteAtoms = restingAtomsPerLot(at: price, market) * lots
        let lockedAtoms = restingAtomsPerLot(at: buyer.priceCode, market) * lots
        let basisPoints = market.pointee.makerFeeBasisPoints
        let buyerFee = fee(on: baseAtoms, basisPoints: basisPoints, account: buyer.account)
        let sellerFee = fee(on: quoteAtoms, basisPoints: basisPoints, account: seller.account)

        let paid = writableBalance(account: buyer.account, token: quote)
        paid.pointee.locked -= lockedAtoms
        paid.pointee.free += lockedAtoms - quoteAtoms
        writableBalance(account: buyer.account, token: base).pointee.free += baseAtoms - buyerFee
        writableBalance(account: seller.account, token: base).pointee.locked -= baseAtoms
        writableBalance(account: seller.account, token: quote).pointee.free += quoteAtoms - sellerFee
        writableBalance(account: market.pointee.feeAccount, token: base).pointee.free += buyerFee
        writableBalance(account: market.pointee.feeAccount, token: quote).pointee.free += sellerFee
    }

    private mutating func loseToItself(_ lots: UInt64, slot: UInt32, of order: Order) {
        unlock(lots: lots, of: order)
        emitReduced(description(slot: slot), .selfTrade, lots: lots, remaining: order.lots - lots, commandIndex: 0xFFFF)
    }

    /// Takes lots off a resting order whose funds are settled; when none are left it is gone.
    private mutating func take(_ lots: UInt64, slot: UInt32, of order: Order) {
        if lots == order.lots {
            remove(slot: slot, book: order.book)
        } else {
            orderBook(order.book).shrink(slot: slot, to: order.lots - lots)
        }
    }

    private mutating func emitAuctionFill(slot: UInt32, counter: (slot: UInt32, order: Order), price: UInt32, lots: UInt64) {
        let description = description(slot: slot)
        var event = description.event
        event.kind = Event.Kind.auctionFill
        event.otherPriceCode = event.priceCode
        event.priceCode = price
        event.counterAccount = counter.order.account
        event.counterOrderId = Order.id(slot: counter.slot, generation: counter.order.generation)
        event.lots = lots
        event.remaining = description.lots - lots
        emit(event)
    }
}
