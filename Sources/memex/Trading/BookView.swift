import Engine
import Gateway
import Settlement

/// The levels of one market as they are shown. Pure.
struct BookView: Equatable {
    /// Block of the last change.
    let block: UInt64
    /// Best first.
    let bids: [BookLevel]
    let asks: [BookLevel]

    init(_ answer: BookAnswer) {
        block = answer.position.block
        bids = answer.bids
        asks = answer.asks
    }

    init(_ book: BookFollower) {
        block = book.block
        bids = book.levels(.buy)
        asks = book.levels(.sell)
    }

    func json(_ market: MarketInfo, depth: Int) -> JSON {
        func list(_ levels: [BookLevel]) -> JSON {
            .list(
                levels.prefix(depth).map { level in
                    [
                        "price": .text(PriceCode.format(level.priceCode)), "priceCode": .integer(level.priceCode),
                        "size": .text(market.format(lots: level.lots)), "lots": .integer(level.lots),
                    ]
                })
        }
        return [
            "market": .text(market.name), "marketId": .integer(market.id), "block": .integer(block),
            "bids": list(bids), "asks": list(asks),
        ]
    }

    func text(_ market: MarketInfo, depth: Int) -> String {
        let (bids, asks) = (bids.prefix(depth), asks.prefix(depth))
        let head = "\(market.name), block \(block)"
        if bids.isEmpty && asks.isEmpty { return head + "\n\nno orders rest" }
        var table = TextTable(">bid size", ">bid", ">ask", ">ask size")
        for row in 0..<max(bids.count, asks.count) {
            let bid = row < bids.count ? bids[row] : nil
            let ask = row < asks.count ? asks[row] : nil
            table.add(
                bid.map { market.format(lots: $0.lots) } ?? "", bid.map { PriceCode.format($0.priceCode) } ?? "",
                ask.map { PriceCode.format($0.priceCode) } ?? "", ask.map { market.format(lots: $0.lots) } ?? "")
        }
        return head + "\n\n" + table.text
    }
}
