/// An order of an account against the book of its market.
extension Exchange {
    /// An order that is about to be placed.
    struct Incoming {
        var account: UInt32
        var side: Side
        var priceCode: UInt32
        var lots: UInt64
    }

    /// Whether filling `incoming` would reach a resting order of the same account. Changes nothing.
    func wouldTradeWithItself(_ incoming: Incoming, book: Book) -> Bool {
        guard pointer(accountOffset(incoming.account), as: Account.self).pointee.openOrderCount > 0 else { return false }
        var makers = book.makers(against: incoming.side, limit: incoming.priceCode)
        var remaining = incoming.lots
        while true {
            let slot = makers.next()
            if slot == 0 { return false }
            let maker = book.order(slot)
            if maker.pointee.account == incoming.account { return true }
            if maker.pointee.lots >= remaining { return false }
            remaining -= maker.pointee.lots
        }
    }

    /// Fills as much of `incoming` as the book allows and settles it. Returns the lots that are left. Cannot fail.
    mutating func match(_ incoming: Incoming, market: UnsafePointer<Market>, commandIndex: UInt16) -> UInt64 {
        let book = orderBook(market.pointee.id)
        guard book.crosses(incoming.side, limit: incoming.priceCode) else { return incoming.lots }
        return withUnsafeMutablePointer(to: &self) { exchange in
            var settlement = Settlement(exchange: exchange, incoming: incoming, market: market, commandIndex: commandIndex)
            let left = book.match(side: incoming.side, limit: incoming.priceCode, lots: incoming.lots, policy: &settlement)
            settlement.finish()
            return left
        }
    }

    /// Puts what is left of an order on the book and into its account's lists. There must be room. Returns the order's slot.
    mutating func rest(
        book: UInt32, account: UInt32, side: Side, priceCode: UInt32, lots: UInt64, clientOrderId: UInt64
    ) -> UInt32 {
        let slot = orderBook(book).add(side: side, priceCode: priceCode, lots: lots, account: account)
        linkToAccount(slot: slot, account: account, clientOrderId: clientOrderId)
        return slot
    }

    /// Takes an order off its book and out of its account's lists. The caller has settled the locked funds.
    mutating func remove(slot: UInt32, book: UInt32) {
        unlinkFromAccount(slot: slot, account: pointer(orderOffset(slot), as: Order.self).pointee.account)
        orderBook(book).remove(slot: slot)
    }

    /// Whether one more order can rest.
    var canRest: Bool { orderBook(0).hasRoom }
}
