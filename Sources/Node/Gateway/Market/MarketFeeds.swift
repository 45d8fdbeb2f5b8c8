import Engine
import Proof
import Sequencer

/// All markets as their subscribers hear them. It knows nothing of sockets: who listens is a ``MarketListener``. Loop's thread.
///
/// One turn: ``apply(_:_:)`` for each batch and opening, in order; then ``publish(inconsistent:)``, and ``deliver(while:)`` until all is sent.
struct MarketFeeds {
    /// By market id; nil where no market is listed.
    private var feeds: [MarketFeed?] = []
    /// Those that something happened to since the last ``publish(inconsistent:)``, and those whose messages of that are being sent.
    private var touched: [MarketFeed] = []
    private var delivering: [MarketFeed] = []
    private var catchingUp: [CatchUp] = []
    private var lastTicket: UInt64 = 0
    private let orders: OrderQueues
    private let limits: MarketFeedLimits
    /// Of what was applied last.
    private(set) var position: StreamPosition

    /// `block` is the number of the open or last block.
    init(books: [UInt16: RecoveredBook], block: UInt64, limits: MarketFeedLimits = MarketFeedLimits()) throws(ReservationFailed) {
        self.limits = limits
        orders = try OrderQueues()
        position = StreamPosition(openingOf: block)
        for (market, book) in books { list(market, book) }
    }

    subscript(market: UInt16) -> MarketFeed? {
        Int(market) < feeds.count ? feeds[Int(market)] : nil
    }

    mutating func list(_ market: UInt16, _ book: RecoveredBook = RecoveredBook()) {
        while feeds.count <= Int(market) { feeds.append(nil) }
        guard feeds[Int(market)] == nil else { return }
        feeds[Int(market)] = MarketFeed(market: market, book: BookMirror(book, orders: orders), limits: limits)
    }

    /// Whether something happened since the last ``publish(inconsistent:)``.
    var hasChanges: Bool { !touched.isEmpty }
    /// Whether messages of the last ``publish(inconsistent:)`` are still to be sent.
    var isDelivering: Bool { !delivering.isEmpty }
    /// Whether a subscriber waits for a snapshot, or for a part of one.
    var isCatchingUp: Bool { !catchingUp.isEmpty }

    // MARK: Events

    /// Follows what a batch, or the opening of a block, caused.
    mutating func apply(_ events: UnsafeBufferPointer<Event>, _ position: StreamPosition) {
        // A message tells of one block only, so that the book before a later block's message is the one under the earlier block's root.
        if position.block != self.position.block {
            for feed in touched { feed.tell(self.position) }
        }
        self.position = position
        var hasTrades = false
        for event in events {
            if event.kind == Event.Kind.marketListed { list(event.market) }
            guard let feed = self[event.market] else { continue }
            feed.apply(event, position)
            if event.kind == Event.Kind.marketOpened { feed.tellOpened(event, position) }
            if feed.hasPendingTrades { hasTrades = true }
            guard !feed.isTouched else { continue }
            feed.isTouched = true
            touched.append(feed)
        }
        if hasTrades { for feed in touched { feed.endBatch(position) } }
    }

    /// Ends a turn: makes messages of all changes, for ``deliver(while:)``, and sends parts of snapshots to those who are not up to date. Returns
    /// whether some further parts could be sent at once. `inconsistent` is told of each market, once, whose book contradicts its events.
    mutating func publish(inconsistent: (MarketFeed) -> Void) -> Bool {
        _ = deliver { true }
        for feed in touched {
            feed.tell(position)
            feed.beginRound()
            feed.isTouched = false
            guard !feed.book.isConsistent, !feed.isReported else { continue }
            feed.isReported = true
            inconsistent(feed)
        }
        swap(&touched, &delivering)
        return catchUp()
    }

    /// Sends what was published to those who are up to date, as long as `goesOn`, asked now and then, says so; returns whether all have it.
    mutating func deliver(while goesOn: () -> Bool) -> Bool {
        while let feed = delivering.last {
            guard feed.deliver(while: goesOn) else { return false }
            delivering.removeLast()
        }
        return true
    }

    // MARK: Subscribers

    /// Adds a listener, or has one that listens already start anew: it hears from the next ``publish(inconsistent:)`` on. False if there is no such market.
    mutating func subscribe(_ listener: any MarketListener, _ channel: Channel, _ market: UInt16) -> Bool {
        guard let feed = self[market], let outlet = feed.outlet(channel) else { return false }
        guard let index = outlet.subscribers.index(of: listener) else {
            lastTicket += 1
            // Trades have no beginning to be told of.
            let isQueued = channel != .trades
            outlet.subscribers.add(listener, ticket: lastTicket, standing: isQueued ? .queued : .live)
            if isQueued { catchingUp.append(CatchUp(listener: listener, feed: feed, channel: channel, ticket: lastTicket)) }
            return true
        }
        if channel != .trades { restart(feed, channel, outlet, index) }
        return true
    }

    func unsubscribe(_ listener: any MarketListener, _ channel: Channel, _ market: UInt16) {
        self[market]?.outlet(channel)?.subscribers.remove(listener)
    }

    /// A listener no longer lags: if it has missed something of this channel it is brought up to date.
    mutating func resumed(_ listener: any MarketListener, _ channel: Channel, _ market: UInt16) {
        guard let feed = self[market], let outlet = feed.outlet(channel), let index = outlet.subscribers.index(of: listener),
            outlet.subscribers.all[index].standing == .behind
        else { return }
        restart(feed, channel, outlet, index)
    }

    private mutating func restart(_ feed: MarketFeed, _ channel: Channel, _ outlet: Outlet, _ index: Int) {
        let subscriber = outlet.subscribers.all[index]
        outlet.subscribers.setStanding(.queued, at: index)
        // Who waits already, or has a part of a snapshot, is in the list.
        guard subscriber.standing == .live || subscriber.standing == .behind else { return }
        catchingUp.append(CatchUp(listener: subscriber.listener, feed: feed, channel: channel, ticket: subscriber.ticket))
    }

    // MARK: Catching up

    private mutating func catchUp() -> Bool {
        var budget = limits.snapshotBytesPerTurn
        var canGoOn = false
        var (starved, others): ([CatchUp], [CatchUp]) = ([], [])
        for var entry in catchingUp {
            guard budget > 0 else {
                starved.append(entry)
                continue
            }
            let before = budget
            if entry.advance(position, &budget) { continue }
            others.append(entry)
            if budget < before { canGoOn = true }
        }
        catchingUp = starved + others
        return canGoOn || !starved.isEmpty
    }
}

extension MarketFeed {
    /// Nil for channels that are of no market.
    func outlet(_ channel: Channel) -> Outlet? {
        switch channel {
        case .book: levels
        case .trades: trades
        case .ticker: ticker
        case .orders: orders
        default: nil
        }
    }
}
