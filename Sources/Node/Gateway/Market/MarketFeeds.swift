import Engine

/// The books of all markets and who listens to them. Loop's thread.
struct MarketFeeds {
    final class Feed {
        let market: UInt16
        var book: BookMirror
        /// Of the last book update sent.
        var sequence: UInt64 = 0
        var bookSubscribers: [Connection] = []
        var tradeSubscribers: [Connection] = []
        /// Whether it is in the list of changed feeds.
        var isChanged = false
        /// Whether its inconsistency was logged.
        var isReported = false

        init(market: UInt16, levels: [BookLevel]) {
            self.market = market
            book = BookMirror(levels: levels)
        }
    }

    /// By market id; nil where no market is listed.
    private var feeds: [Feed?] = []
    /// Feeds whose book changed in this turn.
    private(set) var changed: [Feed] = []

    init(books: [UInt16: [BookLevel]]) {
        for (market, levels) in books { list(market, levels: levels) }
    }

    subscript(market: UInt16) -> Feed? {
        Int(market) < feeds.count ? feeds[Int(market)] : nil
    }

    mutating func list(_ market: UInt16, levels: [BookLevel] = []) {
        while feeds.count <= Int(market) { feeds.append(nil) }
        if feeds[Int(market)] == nil { feeds[Int(market)] = Feed(market: market, levels: levels) }
    }

    mutating func apply(_ event: Event) {
        guard let feed = self[event.market] else { return }
        feed.book.apply(event)
        guard !feed.isChanged, feed.book.hasChanges else { return }
        feed.isChanged = true
        changed.append(feed)
    }

    /// Ends the turn: nothing counts as changed any more.
    mutating func settle() {
        for feed in changed {
            feed.isChanged = false
            feed.book.dropChanges()
        }
        changed.removeAll(keepingCapacity: true)
    }
}
