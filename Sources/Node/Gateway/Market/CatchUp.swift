import Engine
import Sequencer

/// A subscriber that is being brought up to date: it has just subscribed, or has lagged.
///
/// Books are sent in parts, the next only when little waits for the subscriber, so that a book of any depth takes no more memory for it.
struct CatchUp {
    let listener: any MarketListener
    let feed: MarketFeed
    let channel: Channel
    /// Names the subscription: if it has ended meanwhile, or another has begun, there is nothing to do.
    let ticket: UInt64
    private var cursor: SnapshotCursor?

    init(listener: any MarketListener, feed: MarketFeed, channel: Channel, ticket: UInt64) {
        self.listener = listener
        self.feed = feed
        self.channel = channel
        self.ticket = ticket
    }

    /// Sends what `budget`, in bytes, and the subscriber allow; true if it is done.
    mutating func advance(_ position: StreamPosition, _ budget: inout Int) -> Bool {
        guard let outlet = feed.outlet(channel), let index = outlet.subscribers.index(of: listener),
            outlet.subscribers.all[index].ticket == ticket
        else { return true }
        // A part holds what the round tells: who has earlier parts gets the round first, who has none without it.
        outlet.deliver(at: index)
        if outlet.subscribers.all[index].standing == .queued { cursor = nil }
        var frames = ByteBuffer(capacity: 4 << 10)
        while budget > 0, !listener.isLagging, listener.waitingBytes < feed.limits.waitingBytesMax {
            frames.removeAll()
            let isDone = append(position, to: &frames)
            outlet.subscribers.setStanding(isDone ? .live : .joining, at: index)
            listener.sendMarketData(frames: frames.bytes)
            budget -= frames.count
            if isDone { return true }
        }
        return false
    }

    /// Appends the next part; true if it is the last.
    private mutating func append(_ position: StreamPosition, to frames: inout ByteBuffer) -> Bool {
        var cursor = cursor ?? SnapshotCursor(feed.book.orders)
        defer { self.cursor = cursor }
        switch channel {
        case .book: return cursor.appendLevels(of: feed, position.block, to: &frames)
        case .orders: return cursor.appendOrders(of: feed, position, to: &frames)
        case .ticker:
            frames.append(frameOf: ServerMessage.Ticker.byteCount)
            frames.append(ticker: feed.currentTicker(position))
        default:
            // What was missed of the trades is not told; that something was, is.
            frames.append(frameOf: ServerMessage.Trades.headerBytes)
            frames.append(tradesOf: feed.market, count: 0, position: position, isGap: true)
        }
        return true
    }
}
