import Engine
import Sequencer

extension EventHistory {
    /// The position of the last batch, or opening that caused anything, before log offset `end`; if there is none behind it `start`, or where the log
    /// begins: what is told as heard of must be good to go on from.
    func lastPosition(from start: StreamPosition, until end: Int) -> StreamPosition {
        let oldest = oldestPosition
        var last = oldest.rawValue == .max ? start : max(start, oldest)
        guard var cursor = cursor(after: last) else { return last }
        while read(
            &cursor, until: end,
            { record, position in
                if let position { last = max(last, position) }
                return true
            }) == .more
        {}
        return last
    }
}

/// What one connection missed of one account, being sent to it from the log's history.
///
/// It reads exactly the records that the gateway's live reader has read before, so that live messages go on where it ends.
final class AccountReplay {
    let connection: Connection
    let feed: AccountFeeds.Feed
    /// What it begins behind.
    let after: StreamPosition
    /// Whether the client asked for it by a position, and is told when it is over.
    let isAnnounced: Bool
    private var cursor: EventHistory.Cursor
    private var collector = EventCollector()

    init(_ connection: Connection, _ feed: AccountFeeds.Feed, from cursor: EventHistory.Cursor, after: StreamPosition, isAnnounced: Bool) {
        self.connection = connection
        self.feed = feed
        self.cursor = cursor
        self.after = after
        self.isAnnounced = isAnnounced
    }

    enum Step {
        /// There is more to send.
        case more
        /// Everything before `end` was sent.
        case done
        /// What comes next is no longer kept.
        case gone
    }

    /// Passes on the messages of some 64 KiB of the log, up to log offset `end`.
    func step(_ history: EventHistory, until end: Int, _ send: (AccountMessage) -> Void) -> Step {
        let account = feed.account
        let step = history.read(&cursor, until: end) { record, position in
            guard let position, record.kind != RingRecord.ToGateway.blockOpened else { return true }
            collector.take(record, record.eventBytes) { events in
                AccountMessage.all(of: events, at: position, isHeard: { $0 == account }) { send($1) }
            }
            return true
        }
        return switch step {
        case .more: .more
        case .done: collector.isWaiting ? .more : .done
        case .gone: .gone
        }
    }
}
