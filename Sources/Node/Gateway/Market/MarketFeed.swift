import Engine
import Sequencer

/// One market as its subscribers hear it: the mirror of its book, and a channel each for levels, single orders, trades and the best prices.
///
/// Changes of levels are told once a turn, however often a level changed (conflation), and a message has changes of one block only; single
/// orders and trades are told one by one. Loop's thread.
final class MarketFeed {
    let market: UInt16
    let book: BookMirror
    let levels = Outlet()
    let trades = Outlet()
    let ticker = Outlet()
    let orders = Outlet()

    /// Of the last update of levels, and of orders.
    private(set) var levelsSequence: UInt64 = 0
    private(set) var ordersSequence: UInt64 = 0
    /// Entries of the next message each.
    private var pendingLevels = ByteBuffer(capacity: 64)
    private var pendingOrders = ByteBuffer(capacity: 64)
    private var pendingTrades = ByteBuffer(capacity: 64)
    /// What subscribers to the ticker know.
    private var tickerTold: ServerMessage.Ticker?

    /// Whether it is in the list of those that something happened to.
    var isTouched = false
    /// Whether its inconsistency was logged.
    var isReported = false

    let limits: MarketFeedLimits

    init(market: UInt16, book: BookMirror, limits: MarketFeedLimits) {
        self.market = market
        self.book = book
        self.limits = limits
    }

    // MARK: Events

    /// Follows one event of this market. Trades wait for ``endBatch(_:)``, the rest for ``tell(_:)``.
    func apply(_ event: Event, _ position: StreamPosition) {
        if event.isTrade {
            book.lastPriceCode = event.priceCode
            // Each trade of an opening auction has an event a side: the buy tells it.
            if !trades.subscribers.isEmpty, event.kind == Event.Kind.fill || event.side == Side.buy.rawValue {
                pendingTrades.append(
                    level: BookLevel(priceCode: event.priceCode, side: event.side == 0 ? .buy : .sell, lots: event.lots))
                if pendingTrades.count >= limits.entriesBytesMax { endBatch(position) }
            }
        }
        guard let change = BookChange(event) else { return }
        book.apply(change)
        guard !orders.subscribers.isEmpty else { return }
        pendingOrders.append(
            entry: ServerMessage.BookOrders.Entry(
                orderId: change.orderId, restingLots: change.remaining, priceCode: change.priceCode, side: change.side, change: change.kind,
                lots: change.lots))
        if pendingOrders.count >= limits.entriesBytesMax { tellOrders(position) }
    }

    /// Whether a batch has trades that are not told.
    var hasPendingTrades: Bool { !pendingTrades.isEmpty }

    /// Ends a batch: its trades are one message, or as many as they need.
    func endBatch(_ position: StreamPosition) {
        guard !pendingTrades.isEmpty else { return }
        trades.append(byteCount: ServerMessage.Trades.headerBytes + pendingTrades.count) {
            $0.append(tradesOf: market, count: pendingTrades.count / BookLevel.byteCount, position: position)
            $0.append(pendingTrades.bytes)
        }
        pendingTrades.clear()
    }

    // MARK: Telling

    /// Makes messages of all changes up to `position`: at the end of a turn, and before anything of the next block.
    func tell(_ position: StreamPosition) {
        tellLevels(position.block)
        tellOrders(position)
        tellTicker(position)
    }

    /// What was made into messages goes out from now on: ``deliver(while:)``.
    func beginRound() {
        levels.beginRound()
        orders.beginRound()
        trades.beginRound()
        ticker.beginRound()
    }

    /// Goes on sending the round's messages as long as `goesOn` says so; returns whether all have them.
    func deliver(while goesOn: () -> Bool) -> Bool {
        levels.deliver(while: goesOn) && orders.deliver(while: goesOn) && trades.deliver(while: goesOn) && ticker.deliver(while: goesOn)
    }

    private func tellLevels(_ block: UInt64) {
        guard !levels.subscribers.isEmpty else { return book.takeChanges { _ in } }
        book.takeChanges { level in
            pendingLevels.append(level: level)
            if pendingLevels.count >= limits.entriesBytesMax { appendLevels(block) }
        }
        appendLevels(block)
    }

    private func appendLevels(_ block: UInt64) {
        guard !pendingLevels.isEmpty else { return }
        levelsSequence += 1
        levels.append(byteCount: ServerMessage.BookLevels.headerBytes + pendingLevels.count) {
            $0.append(
                book: Wire.ToClient.bookUpdate, market: market, count: pendingLevels.count / BookLevel.byteCount, sequence: levelsSequence,
                block: block, checksum: book.checksum)
            $0.append(pendingLevels.bytes)
        }
        pendingLevels.clear()
    }

    private func tellOrders(_ position: StreamPosition) {
        guard !pendingOrders.isEmpty else { return }
        ordersSequence += 1
        orders.append(byteCount: ServerMessage.BookOrders.headerBytes + pendingOrders.count) {
            $0.append(
                orders: Wire.ToClient.ordersUpdate, market: market, count: pendingOrders.count / ServerMessage.BookOrders.Entry.byteCount,
                sequence: ordersSequence, position: position)
            $0.append(pendingOrders.bytes)
        }
        pendingOrders.clear()
    }

    private func tellTicker(_ position: StreamPosition) {
        guard !ticker.subscribers.isEmpty else { return }
        let before = tickerTold
        let now = currentTicker(position)
        guard !now.hasSamePrices(as: before) else { return }
        ticker.append(byteCount: ServerMessage.Ticker.byteCount) { $0.append(ticker: now) }
    }

    /// The ticker as it stands, which from now on counts as told.
    func currentTicker(_ position: StreamPosition) -> ServerMessage.Ticker {
        let (bid, ask) = (book.bestBid, book.bestAsk)
        let ticker = ServerMessage.Ticker(
            market: market, bidPriceCode: bid ?? PriceCode.none, bidLots: bid.map { book.lots($0) } ?? 0,
            askPriceCode: ask.map { $0 & 0x7FFF_FFFF } ?? PriceCode.none, askLots: ask.map { book.lots($0) } ?? 0,
            lastPriceCode: book.lastPriceCode, position: position)
        tickerTold = ticker
        return ticker
    }

    /// Tells both channels of levels and of trades that the opening auction is over, behind what it caused; once to who listens to both.
    func tellOpened(_ event: Event, _ position: StreamPosition) {
        endBatch(position)
        tell(position)
        beginRound()
        _ = deliver { true }
        let opened = ServerMessage.MarketOpened(market: market, priceCode: event.priceCode, lots: event.lots, block: position.block)
        var frame = ByteBuffer(capacity: 64)
        frame.append(frameOf: ServerMessage.MarketOpened.byteCount)
        frame.append(opened: opened)
        levels.subscribers.send(frame.bytes)
        trades.subscribers.send(frame.bytes, unlessIn: levels.subscribers)
    }
}

extension ServerMessage.Ticker {
    fileprivate func hasSamePrices(as other: Self?) -> Bool {
        guard var other else { return false }
        other.position = position
        return other == self
    }
}

extension ByteBuffer {
    /// Forgets everything; memory that only a burst needed is given back.
    fileprivate mutating func clear() {
        removeAll()
        shrink(to: 4 << 10)
    }
}
