import Engine

/// An order as it rests on a book.
package struct RestingOrder: Equatable, Sendable {
    package var id: UInt64
    package var side: Side
    package var priceCode: UInt32
    package var lots: UInt64

    package init(id: UInt64, side: Side, priceCode: UInt32, lots: UInt64) {
        self.id = id
        self.side = side
        self.priceCode = priceCode
        self.lots = lots
    }
}

/// What a gateway's mirror of a market starts from.
package struct RecoveredBook: Sendable {
    /// Level by level, bids and then asks, best first; those of a level oldest first.
    package var orders: [RestingOrder] = []
    /// Price code of the last trade, `PriceCode.none` if there was none.
    package var lastPriceCode = PriceCode.none

    package init() {}

    /// The books of all listed markets. Takes time in proportion to the number of resting orders; call it before the executor runs.
    package static func books(of exchange: borrowing Exchange) -> [UInt16: RecoveredBook] {
        var books: [UInt16: RecoveredBook] = [:]
        for id in 1..<UInt32(Layout.marketCapacity) where exchange.market(id) != nil {
            books[UInt16(id)] = RecoveredBook(of: exchange, market: id)
        }
        return books
    }

    /// One market. While its opening auction is executed some of its asks lie in a second book, those of the same price behind those
    /// that were moved to the first.
    package init(of exchange: borrowing Exchange, market id: UInt32) {
        lastPriceCode = exchange.book(id).lastPrice
        for side in [Side.buy, .sell] {
            for index in exchange.books(ofMarket: id, side: side) {
                let book = exchange.orderBook(index)
                var priceCode = book.bestPrice(side)
                while priceCode != PriceCode.none {
                    var slot = book.firstOrder(at: priceCode)
                    while slot != 0 {
                        let order = book.order(slot)
                        orders.append(
                            RestingOrder(
                                id: Order.id(slot: slot, generation: order.pointee.generation), side: side, priceCode: priceCode,
                                lots: order.pointee.lots))
                        slot = book.order(after: slot)
                    }
                    priceCode = book.nextPrice(side, behind: priceCode)
                }
            }
        }
    }
}
