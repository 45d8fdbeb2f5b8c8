import Engine
import Sequencer

/// What subscribers hear: account messages in the order of events, market data once a turn.
extension GatewayLoop {
    func publish(_ events: UnsafeBufferPointer<Event>, position: StreamPosition) {
        if !accounts.isEmpty { publishAccounts(events, position: position) }
        feeds.apply(events, position)
    }

    /// Market data, to those who listen: some of what waits for the sockets, or else what has changed, when it is time.
    func publishMarketData() {
        guard !marketOutput.isEmpty || feeds.hasChanges || feeds.isCatchingUp else { return }
        var isDue = true
        if marketOutput.isEmpty {
            let nowNs = MonotonicClock.nanoseconds()
            if pace.waitNs(at: nowNs) == 0 {
                publishBooks(nowNs)
                isDue = hasMoreMarketData
            }
        }
        flushMarketData()
        guard isDue, marketOutput.isEmpty else { return }
        let waitNs = pace.waitNs(at: MonotonicClock.nanoseconds())
        if waitNs == 0 { isMoreDue = true } else { takeTurn(at: nowMs + (waitNs + 999_999) / 1_000_000) }
    }

    /// What changes from here on is told in the next round.
    private func publishBooks(_ beganNs: UInt64) {
        pace.begin(at: beganNs)
        hasMoreMarketData = feeds.publish { feed in
            logger.error("the mirror of a book contradicts its events", metadata: ["market": "\(feed.market)", "block": "\(block)"])
        }
        let endedNs = MonotonicClock.nanoseconds()
        pace.worked(endedNs &- beganNs)
        if marketOutput.isEmpty { pace.end(at: endedNs, goesOn: hasMoreMarketData) }
    }

    private func flushMarketData() {
        guard !marketOutput.isEmpty else { return }
        let beganNs = MonotonicClock.nanoseconds()
        var nowNs = beganNs
        while nowNs &- beganNs < Self.marketSliceNs, let connection = marketOutput.popFirst() {
            guard connection.waitsFor == .market else { continue }
            connection.flush()
            nowNs = MonotonicClock.nanoseconds()
        }
        pace.worked(nowNs &- beganNs)
        if marketOutput.isEmpty { pace.end(at: nowNs, goesOn: hasMoreMarketData) }
    }

    /// How long market data may be sent before the sockets are looked at again. A connection takes some 7 us.
    private static let marketSliceNs: UInt64 = 50_000

    func publishSealedBlocks() {
        for block in signal.takeSealedBlocks() {
            blocks.append(byteCount: SealedHead.byteCount) { $0.append(block: block) }
        }
        // The numbers tell a client that lagged what it has missed.
        blocks.deliver(isConflated: false)
    }

    /// A connection that was sent no market data because it lagged reads again: it is brought up to date with what it missed.
    func marketDataResumed(_ connection: Connection) {
        for subscription in connection.subscriptions { feeds.resumed(connection, subscription.channel, subscription.market) }
    }
}

extension Connection: MarketListener {}
