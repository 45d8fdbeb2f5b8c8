import Engine
import Sequencer

/// What subscribers hear: account messages in the order of events, market data once a turn.
extension GatewayLoop {
    func publish(_ events: UnsafeBufferPointer<Event>, position: StreamPosition) {
        if !accounts.isEmpty { publishAccounts(events, position: position) }
        feeds.apply(events, position)
    }

    /// The market data of the turn, to those who listen.
    func publishBooks() {
        let canGoOn = feeds.publish { feed in
            logger.error("the mirror of a book contradicts its events", metadata: ["market": "\(feed.market)", "block": "\(block)"])
        }
        // Further parts of snapshots, as soon as these have left.
        if canGoOn { isMoreDue = true }
    }

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
