import Engine
import Gateway
import Settlement

/// The levels of one market as a subscriber or a query learns them. Pure.
struct BookView: Equatable {
    /// Block of the last change.
    private(set) var block: UInt64 = 0
    private var bids: [UInt32: UInt64] = [:]
    private var asks: [UInt32: UInt64] = [:]

    init() {}

    init(_ answer: BookAnswer) {
        block = answer.position.block
        apply(answer.bids + answer.asks)
    }

    /// Starts over with a snapshot.
    mutating func replace(_ snapshot: ServerMessage.BookLevels) {
        bids = [:]
        asks = [:]
        update(snapshot)
    }

    /// Follows changes: sizes are absolute, 0 removes the level.
    mutating func update(_ changes: ServerMessage.BookLevels) {
        block = changes.block
        apply(changes.levels)
    }

    /// The best levels of one side, best first.
    func best(_ side: Side, depth: Int) -> [BookLevel] {
        let levels = side == .buy ? bids.sorted { $0.key > $1.key } : asks.sorted { $0.key < $1.key }
        return levels.prefix(depth).map { BookLevel(priceCode: $0.key, side: side, lots: $0.value) }
    }

    private mutating func apply(_ levels: [BookLevel]) {
        for level in levels {
            let lots = level.lots == 0 ? nil : level.lots
            if level.side == .buy { bids[level.priceCode] = lots } else { asks[level.priceCode] = lots }
        }
    }

    func json(_ market: MarketInfo, depth: Int) -> JSON {
        func levels(_ side: Side) -> JSON {
            .list(
                best(side, depth: depth).map { level in
                    [
                        "price": .text(PriceCode.format(level.priceCode)), "priceCode": .integer(level.priceCode),
                        "size": .text(market.format(lots: level.lots)), "lots": .integer(level.lots),
                    ]
                })
        }
        return [
            "market": .text(market.name), "marketId": .integer(market.id), "block": .integer(block),
            "bids": levels(.buy), "asks": levels(.sell),
        ]
    }

    func text(_ market: MarketInfo, depth: Int) -> String {
        let bids = best(.buy, depth: depth)
        let asks = best(.sell, depth: depth)
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
