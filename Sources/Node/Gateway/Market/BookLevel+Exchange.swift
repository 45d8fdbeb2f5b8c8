import Engine

extension BookLevel {
    /// The levels of every listed market: what a gateway starts from. Takes time in proportion to the number of levels; call it before
    /// the executor runs.
    package static func books(of exchange: borrowing Exchange) -> [UInt16: [BookLevel]] {
        var books: [UInt16: [BookLevel]] = [:]
        for id in 1..<UInt32(Layout.marketCapacity) where exchange.market(id) != nil {
            books[UInt16(id)] = levels(of: exchange, market: id)
        }
        return books
    }

    /// The levels of one market. While its opening auction is executed a price may come twice: take the sum.
    static func levels(of exchange: borrowing Exchange, market id: UInt32) -> [BookLevel] {
        var levels: [BookLevel] = []
        for side in [Side.buy, .sell] {
            for book in exchange.books(ofMarket: id, side: side) {
                var price = exchange.bestPrice(book: book, side: side)
                while let code = price {
                    levels.append(BookLevel(priceCode: code, side: side, lots: exchange.lots(book: book, priceCode: code)))
                    price = exchange.nextPrice(book: book, side: side, behind: code)
                }
            }
        }
        return levels
    }
}
