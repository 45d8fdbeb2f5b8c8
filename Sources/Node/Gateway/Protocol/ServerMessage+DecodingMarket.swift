import Engine

/// Decoding of the messages of a market's channels.
extension ServerMessage {
    static func book(_ reader: inout Reader) throws(MalformedServerMessage) -> BookLevels {
        let part = Part(rawValue: try reader.next())
        let market: UInt16 = try reader.next()
        let count: UInt32 = try reader.next()
        return BookLevels(
            part: part, market: market, sequence: try reader.next(), block: try reader.next(), checksum: try reader.next(),
            levels: try levels(&reader, count: Int(count)))
    }

    static func trades(_ reader: inout Reader) throws(MalformedServerMessage) -> Trades {
        let flags: UInt8 = try reader.next()
        let market: UInt16 = try reader.next()
        let count: UInt32 = try reader.next()
        return Trades(
            isGap: flags & 1 != 0, market: market, position: try reader.positionAndBlock(),
            trades: try levels(&reader, count: Int(count)))
    }

    static func ticker(_ reader: inout Reader) throws(MalformedServerMessage) -> Ticker {
        try reader.skip(1)
        let market: UInt16 = try reader.next()
        let (bid, bidLots): (UInt32, UInt64) = (try reader.next(), try reader.next())
        let (ask, last): (UInt32, UInt32) = (try reader.next(), try reader.next())
        return Ticker(
            market: market, bidPriceCode: bid, bidLots: bidLots, askPriceCode: ask, askLots: try reader.next(), lastPriceCode: last,
            position: try reader.positionAndBlock())
    }

    static func orders(_ reader: inout Reader) throws(MalformedServerMessage) -> BookOrders {
        let part = Part(rawValue: try reader.next())
        let market: UInt16 = try reader.next()
        let count: UInt32 = try reader.next()
        var orders = BookOrders(
            part: part, market: market, sequence: try reader.next(), position: try reader.positionAndBlock(), entries: [])
        guard reader.remaining == Int(count) * BookOrders.Entry.byteCount else { throw reader.malformed }
        orders.entries.reserveCapacity(Int(count))
        for _ in 0..<count { orders.entries.append(try entry(&reader)) }
        return orders
    }

    private static func entry(_ reader: inout Reader) throws(MalformedServerMessage) -> BookOrders.Entry {
        var entry = BookOrders.Entry(
            orderId: try reader.next(), restingLots: try reader.next(), priceCode: try reader.next(), side: .buy, change: nil, lots: 0)
        guard let side = Side(rawValue: try reader.next()) else { throw reader.malformed }
        entry.side = side
        let change: UInt8 = try reader.next()
        entry.change = BookChange.Kind(rawValue: change)
        guard entry.change != nil || change == 0 else { throw reader.malformed }
        try reader.skip(2)
        entry.lots = try reader.next()
        return entry
    }

    /// Everything that is left, as `count` levels or trades.
    private static func levels(_ reader: inout Reader, count: Int) throws(MalformedServerMessage) -> [BookLevel] {
        guard reader.remaining == count * BookLevel.byteCount else { throw reader.malformed }
        var levels: [BookLevel] = []
        levels.reserveCapacity(count)
        for _ in 0..<count {
            let priceCode: UInt32 = try reader.next()
            let side: UInt32 = try reader.next()
            levels.append(BookLevel(priceCode: priceCode, side: side & 1 == 0 ? .buy : .sell, lots: try reader.next()))
        }
        return levels
    }
}
