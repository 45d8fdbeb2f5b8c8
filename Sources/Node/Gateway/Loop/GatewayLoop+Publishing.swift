import Engine
import Sequencer

/// What subscribers hear: account messages in the order of events, market data once a turn.
extension GatewayLoop {
    func publish(_ events: UnsafeBufferPointer<Event>, position: StreamPosition) {
        if !accounts.isEmpty { publishAccounts(events, position: position) }
        feeds.apply(events, position)
    }

    /// Market data, to those who listen: some of what is on its way, or else what has changed, when it is time.
    func publishMarketData() {
        guard isSendingMarketData || feeds.hasChanges || feeds.isCatchingUp else { return }
        var isDue = true
        if isSendingMarketData {
            sendMarketData()
        } else {
            let nowNs = MonotonicClock.nanoseconds()
            if pace.waitNs(at: nowNs) == 0 {
                publishBooks(nowNs)
                sendMarketData()
                isDue = hasMoreMarketData
            }
        }
        guard isDue, !isSendingMarketData else { return }
        let waitNs = pace.waitNs(at: MonotonicClock.nanoseconds())
        if waitNs == 0 { isMoreDue = true } else { takeTurn(at: nowMs + (waitNs + 999_999) / 1_000_000) }
    }

    /// Whether some of the last round is to be copied to subscribers, or from there to sockets.
    var isSendingMarketData: Bool { feeds.isDelivering || !marketOutput.isEmpty }

    /// What changes from here on is told in the next round.
    private func publishBooks(_ beganNs: UInt64) {
        pace.begin(at: beganNs)
        hasMoreMarketData = feeds.publish { feed in
            logger.error("the mirror of a book contradicts its events", metadata: ["market": "\(feed.market)", "block": "\(block)"])
        }
        pace.worked(MonotonicClock.nanoseconds() &- beganNs)
    }

    /// A slice of the round: the sockets are looked at again behind it.
    private func sendMarketData() {
        let beganNs = MonotonicClock.nanoseconds()
        var nowNs = beganNs
        func isInSlice() -> Bool {
            nowNs = MonotonicClock.nanoseconds()
            return nowNs &- beganNs < Self.marketSliceNs
        }
        if feeds.deliver(while: isInSlice) {
            while isInSlice(), let connection = marketOutput.popFirst() {
                if connection.waitsFor == .market { connection.flush() }
            }
        }
        pace.worked(nowNs &- beganNs)
        if !isSendingMarketData { pace.end(at: nowNs, goesOn: hasMoreMarketData) }
    }

    /// How long market data may be sent before the sockets are looked at again. A connection takes some 7 us.
    private static let marketSliceNs: UInt64 = 50_000

    func publishSealedBlocks() {
        while let block = signal.takeSealedBlock() {
            blocks.append(byteCount: SealedHead.byteCount) { $0.append(block: block) }
        }
        blocks.deliverAll()
    }

    /// A connection that was sent no market data because it lagged reads again: it is brought up to date with what it missed.
    func marketDataResumed(_ connection: Connection) {
        for subscription in connection.subscriptions { feeds.resumed(connection, subscription.channel, subscription.market) }
    }
}

extension Connection: MarketListener {}
