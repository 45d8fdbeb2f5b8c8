import Engine
import Sequencer

/// How far a subscriber has been sent a snapshot that goes out in parts, while the book goes on changing and updates are sent in between.
///
/// A part holds what rests when it is made, behind where the part before ended; what changes in front of that place comes with the updates.
struct SnapshotCursor {
    private var isFirst = true
    /// The level that was sent last, or is being sent.
    private var level: BookMirror.Key?
    /// Of single orders the last one sent, and its stamp.
    private var slot: UInt32 = 0
    private var stamp: UInt64 = 0
    /// The newest order when the snapshot began: later ones come with the updates.
    private let stampMax: UInt64

    init(_ orders: OrderQueues) { stampMax = orders.stamp }

    /// Appends the next part of the levels as a frame. Returns whether it is the last.
    mutating func appendLevels(of feed: MarketFeed, _ block: UInt64, to frames: inout ByteBuffer) -> Bool {
        var entries = ByteBuffer(capacity: 1 << 10)
        var next = feed.book.level(after: level)
        while let key = next, entries.count < feed.limits.entriesBytesMax {
            entries.append(level: BookLevel(key, lots: feed.book.lots(key)))
            level = key
            next = feed.book.level(after: key)
        }
        frames.append(frameOf: ServerMessage.BookLevels.headerBytes + entries.count)
        frames.append(
            book: Wire.ToClient.bookSnapshot, part: part(isLast: next == nil), market: feed.market,
            count: entries.count / BookLevel.byteCount, sequence: feed.levelsSequence, block: block,
            checksum: next == nil ? feed.book.checksum : 0)
        frames.append(entries.bytes)
        return next == nil
    }

    /// Appends the next part of the orders as a frame. Returns whether it is the last.
    mutating func appendOrders(of feed: MarketFeed, _ position: StreamPosition, to frames: inout ByteBuffer) -> Bool {
        var entries = ByteBuffer(capacity: 1 << 10)
        var ahead = self
        var isLast = true
        while let (key, slot) = ahead.nextOrder(of: feed.book) {
            guard entries.count < feed.limits.entriesBytesMax else {
                isLast = false
                break
            }
            let level = BookLevel(key, lots: feed.book.orders[slot].lots)
            entries.append(
                entry: ServerMessage.BookOrders.Entry(
                    orderId: feed.book.orders.id(slot), restingLots: level.lots, priceCode: level.priceCode, side: level.side, change: nil,
                    lots: 0))
            self = ahead
        }
        frames.append(frameOf: ServerMessage.BookOrders.headerBytes + entries.count)
        frames.append(
            orders: Wire.ToClient.ordersSnapshot, part: part(isLast: isLast), market: feed.market,
            count: entries.count / ServerMessage.BookOrders.Entry.byteCount, sequence: feed.ordersSequence, position: position)
        frames.append(entries.bytes)
        return isLast
    }

    private mutating func part(isLast: Bool) -> ServerMessage.Part {
        defer { isFirst = false }
        return ServerMessage.Part(isFirst ? [.isFirst] : []).union(isLast ? [] : [.hasMore])
    }

    /// Goes on to the next order that was there when the snapshot began.
    private mutating func nextOrder(of book: BookMirror) -> (BookMirror.Key, UInt32)? {
        if let key = level, let next = order(behind: stamp, of: book, key) {
            (slot, stamp) = (next, book.orders[next].stamp)
            return (key, next)
        }
        while let key = book.level(after: level) {
            level = key
            (slot, stamp) = (0, 0)
            if let next = order(behind: 0, of: book, key) {
                (slot, stamp) = (next, book.orders[next].stamp)
                return (key, next)
            }
        }
        return nil
    }

    /// The order of a level that came next after a stamp; looked for from the front if the order with that stamp is gone.
    private func order(behind stamp: UInt64, of book: BookMirror, _ key: BookMirror.Key) -> UInt32? {
        let last = book.orders[slot]
        let isThere = slot != 0 && last.lots > 0 && last.stamp == stamp
        var next = isThere ? last.next : book.queue(key).first
        while next != 0, book.orders[next].stamp <= stamp { next = book.orders[next].next }
        return next == 0 || book.orders[next].stamp > stampMax ? nil : next
    }
}
