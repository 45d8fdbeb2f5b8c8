import Engine

/// What subscribers hear: trades and account messages in the order of events, books once a turn.
extension GatewayLoop {
    func publish(_ events: UnsafeBufferPointer<Event>, sequence: UInt64, block: UInt64) {
        publishTrades(events, sequence: sequence, block: block)
        if !accounts.isEmpty { publishAccounts(events, sequence: sequence, block: block) }
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
                send(to: feed.bookSubscribers) { buffer in
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

    func publishSealedBlocks() {
        for block in shared.takeSealedBlocks() { send(to: blockSubscribers) { $0.append(block: block) } }
    }

    /// One message for every run of fills in the same market.
    private func publishTrades(_ events: UnsafeBufferPointer<Event>, sequence: UInt64, block: UInt64) {
        var index = 0
        while index < events.count {
            guard events[index].kind == Event.Kind.fill else {
                index += 1
                continue
            }
            let market = events[index].market
            var end = index
            while end < events.count, events[end].kind == Event.Kind.fill, events[end].market == market { end += 1 }
            let fills = events[index..<end]
            index = end
            guard let feed = feeds[market], !feed.tradeSubscribers.isEmpty else { continue }
            send(to: feed.tradeSubscribers) { buffer in
                buffer.append(
                    levelsOf: Wire.ToClient.trades, market: market, count: UInt32(fills.count), sequence: sequence, block: block)
                for fill in fills {
                    buffer.append(level: BookLevel(priceCode: fill.priceCode, side: fill.side == 0 ? .buy : .sell, lots: fill.lots))
                }
            }
        }
    }

    private func publishAccounts(_ events: UnsafeBufferPointer<Event>, sequence: UInt64, block: UInt64) {
        for (index, event) in events.enumerated() {
            switch event.kind {
            case Event.Kind.fill:
                for feed in accounts.feeds(of: event.account) {
                    sendFill(event, taker: result(of: event, in: events, from: index), sequence: sequence, block: block, to: feed)
                }
                for feed in accounts.feeds(of: event.counterAccount) {
                    sendFill(event, taker: nil, sequence: sequence, block: block, to: feed)
                }
            case Event.Kind.placed, Event.Kind.cancelled:
                for feed in accounts.feeds(of: event.account) { sendOrder(event, sequence: sequence, block: block, to: feed) }
            case Event.Kind.withdrawn, Event.Kind.deposited:
                for feed in accounts.feeds(of: event.account) {
                    sendFunds(event, isDeposit: event.kind == Event.Kind.deposited, sequence: sequence, block: block, to: feed)
                }
            default: break
            }
        }
    }

    /// The result of the order that a fill belongs to; it follows the fill.
    private func result(of fill: Event, in events: UnsafeBufferPointer<Event>, from index: Int) -> Event? {
        events[index...].first { $0.kind == Event.Kind.placed && $0.commandIndex == fill.commandIndex }
    }

    /// `taker` is the result of the taker's order if the message is for the taker, nil if it is for the maker.
    private func sendFill(_ event: Event, taker: Event?, sequence: UInt64, block: UInt64, to feed: AccountFeeds.Feed) {
        let takerSide: Side = event.side == 0 ? .buy : .sell
        let fill = ServerMessage.Fill(
            side: taker == nil ? takerSide.opposite : takerSide, isMaker: taker == nil, market: event.market, priceCode: event.priceCode,
            orderId: taker?.orderId ?? event.counterOrderId, clientOrderId: taker?.clientOrderId ?? event.clientOrderId, lots: event.lots,
            remaining: taker == nil ? event.remaining : 0, sequence: sequence, block: block, commandIndex: event.commandIndex,
            owner: feed.owner)
        send(to: feed.subscribers) { $0.append(fill: fill) }
    }

    private func sendOrder(_ event: Event, sequence: UInt64, block: UInt64, to feed: AccountFeeds.Feed) {
        let isCancelled = event.kind == Event.Kind.cancelled
        let order = ServerMessage.OrderUpdate(
            state: isCancelled ? .cancelled : event.remaining > 0 ? .resting : .done, side: event.side == 0 ? .buy : .sell,
            market: event.market, priceCode: event.priceCode, orderId: event.orderId, clientOrderId: event.clientOrderId,
            lots: isCancelled ? event.remaining : event.lots, restingLots: isCancelled ? 0 : event.remaining, sequence: sequence,
            block: block,
            commandIndex: event.commandIndex, owner: feed.owner)
        send(to: feed.subscribers) { $0.append(order: order) }
    }

    func sendFunds(_ event: Event, isDeposit: Bool, sequence: UInt64, block: UInt64, to feed: AccountFeeds.Feed) {
        let funds = ServerMessage.Funds(
            isDeposit: isDeposit, token: UInt32(truncatingIfNeeded: event.counterOrderId), atoms: event.lots,
            withdrawalId: isDeposit ? 0 : event.orderId, sequence: sequence, block: block, owner: feed.owner)
        send(to: feed.subscribers) { $0.append(funds: funds) }
    }
}
