import Engine
import Sequencer

/// Encoding of the messages of a market's channels: headers, and the entries that follow them.
extension ByteBuffer {
    /// Followed by ``append(level:)`` `count` times; `type` says whether this is a snapshot or an update.
    mutating func append(
        book type: UInt8, part: ServerMessage.Part = [], market: UInt16, count: Int, sequence: UInt64, block: UInt64, checksum: UInt64
    ) {
        append(type)
        append(part.rawValue)
        append(market)
        append(UInt32(count))
        append(sequence)
        append(block)
        append(checksum)
    }

    /// Followed by ``append(level:)`` `count` times.
    mutating func append(tradesOf market: UInt16, count: Int, position: StreamPosition, isGap: Bool = false) {
        append(Wire.ToClient.trades)
        append(UInt8(isGap ? 1 : 0))
        append(market)
        append(UInt32(count))
        append(position.rawValue)
        append(position.block)
    }

    mutating func append(level: BookLevel) {
        append(level.priceCode)
        append(UInt32(level.side.rawValue))
        append(level.lots)
    }

    mutating func append(ticker: ServerMessage.Ticker) {
        append(Wire.ToClient.ticker)
        append(UInt8(0))
        append(ticker.market)
        append(ticker.bidPriceCode)
        append(ticker.bidLots)
        append(ticker.askPriceCode)
        append(ticker.lastPriceCode)
        append(ticker.askLots)
        append(ticker.position.rawValue)
        append(ticker.position.block)
    }

    /// Followed by ``append(entry:)`` `count` times; `type` says whether this is a snapshot or an update.
    mutating func append(
        orders type: UInt8, part: ServerMessage.Part = [], market: UInt16, count: Int, sequence: UInt64, position: StreamPosition
    ) {
        append(type)
        append(part.rawValue)
        append(market)
        append(UInt32(count))
        append(sequence)
        append(position.rawValue)
        append(position.block)
    }

    mutating func append(entry: ServerMessage.BookOrders.Entry) {
        append(entry.orderId)
        append(entry.restingLots)
        append(entry.priceCode)
        append(entry.side.rawValue)
        append(entry.change?.rawValue ?? 0)
        append(UInt16(0))
        append(entry.lots)
    }

    mutating func append(opened: ServerMessage.MarketOpened) {
        append(Wire.ToClient.marketOpened)
        append(UInt8(0))
        append(opened.market)
        append(opened.priceCode)
        append(opened.lots)
        append(opened.block)
    }
}
