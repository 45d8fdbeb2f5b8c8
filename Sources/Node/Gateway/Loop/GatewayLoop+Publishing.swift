import Engine
import Sequencer

/// What subscribers hear: trades and account messages in the order of events, books once a turn.
extension GatewayLoop {
    func publish(_ events: UnsafeBufferPointer<Event>, position: StreamPosition) {
        publishTrades(events, sequence: position.rawValue, block: position.block)
        if !accounts.isEmpty { publishAccounts(events, position: position) }
        for event in events { feeds.apply(event) }
    }

    /// The changes of the turn, to those who listen.
    func publishBooks() {
        for feed in feeds.changed where !feed.bookSubscribers.isEmpty {
            var levels: [BookLevel] = []
            feed.book.takeChanges { levels.append($0) }
            var start = 0
            while start < levels.count {
                let part = levels[start..<min(start + limits.updateLevelsMax, levels.count)]
                feed.sequence += 1
                sendMarketData(to: feed.bookSubscribers) { buffer in
                    buffer.append(
                        levelsOf: Wire.ToClient.bookUpdate, market: feed.market, count: UInt32(part.count), sequence: feed.sequence,
                        block: block)
                    for level in part { buffer.append(level: level) }
                }
                start += part.count
            }
        }
        for feed in feeds.changed where !feed.book.isConsistent && !feed.isReported {
            feed.isReported = true
            logger.error("the mirror of a book contradicts its events", metadata: ["market": "\(feed.market)", "block": "\(block)"])
        }
        feeds.settle()
    }

    /// A connection that was sent no market data because it lagged has read most of what waited: books begin anew for it.
    func marketDataResumed(_ connection: Connection) {
        for subscription in connection.subscriptions where subscription.channel == .book {
            guard let feed = feeds[subscription.market] else { continue }
            sendSnapshot(of: feed, to: connection)
        }
    }

    func publishSealedBlocks() {
        for block in signal.takeSealedBlocks() { send(to: blockSubscribers) { $0.append(block: block) } }
    }

    /// One message for every run of trades in the same market. Each trade of an opening auction has an event a side: the buy tells it.
    private func publishTrades(_ events: UnsafeBufferPointer<Event>, sequence: UInt64, block: UInt64) {
        var index = 0
        while index < events.count {
            guard events[index].isTrade else {
                if events[index].kind == Event.Kind.marketOpened { sendOpened(events[index], block: block) }
                index += 1
                continue
            }
            let market = events[index].market
            var end = index
            while end < events.count, events[end].isTrade, events[end].market == market { end += 1 }
            let sides = events[index..<end]
            index = end
            guard let feed = feeds[market], !feed.tradeSubscribers.isEmpty else { continue }
            let trades = sides.filter { $0.kind == Event.Kind.fill || $0.side == Side.buy.rawValue }
            guard !trades.isEmpty else { continue }
            sendMarketData(to: feed.tradeSubscribers) { buffer in
                buffer.append(
                    levelsOf: Wire.ToClient.trades, market: market, count: UInt32(trades.count), sequence: sequence, block: block)
                for trade in trades {
                    buffer.append(level: BookLevel(priceCode: trade.priceCode, side: trade.side == 0 ? .buy : .sell, lots: trade.lots))
                }
            }
        }
    }

    private func sendOpened(_ event: Event, block: UInt64) {
        guard let feed = feeds[event.market] else { return }
        let opened = ServerMessage.MarketOpened(market: event.market, priceCode: event.priceCode, lots: event.lots, block: block)
        let others = feed.tradeSubscribers.filter { subscriber in !feed.bookSubscribers.contains { $0 === subscriber } }
        sendMarketData(to: feed.bookSubscribers + others) { $0.append(opened: opened) }
    }
}

extension Event {
    fileprivate var isTrade: Bool { kind == Kind.fill || kind == Kind.auctionFill }
}
