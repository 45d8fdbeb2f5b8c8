import Engine
import Sequencer

/// Who listens to which account. Loop's thread.
///
/// Events name accounts by id and clients by address; the executor is asked once for each address. One that owns no such account
/// yet stays unresolved and is asked for again after every deposit and every opening of an account.
struct AccountFeeds {
    /// An account as clients name it.
    struct Key: Hashable {
        /// The owner's address or an agent's.
        let address: Address
        /// 0 for the main account.
        let subaccount: UInt16

        init(_ address: Address, subaccount: UInt16 = 0) {
            self.address = address
            self.subaccount = subaccount
        }
    }

    final class Feed {
        let key: Key
        /// 0 until the account is known to exist.
        fileprivate(set) var account: UInt32 = 0
        /// The account's owner, once known.
        fileprivate(set) var owner: Address
        /// Those who hear of everything as it happens.
        var subscribers: [Connection] = []
        /// Those who were not yet told whether the account exists, and after which position they want to hear of everything, if they said.
        var asking: [(connection: Connection, after: StreamPosition?)] = []
        /// Those who were told that there is no such account yet.
        var expecting: [Connection] = []
        /// While unresolved: nothing up to and with this position can have been about the account; nil if nothing since can, either.
        fileprivate(set) var unknownSince: StreamPosition?
        /// Whether the executor is about to be asked, or has not answered yet.
        fileprivate var isPending = false

        fileprivate init(_ key: Key) {
            self.key = key
            owner = key.address
        }

        /// Whether anybody listens, or replays are to end here.
        fileprivate var isUsed: Bool { !subscribers.isEmpty || !asking.isEmpty || !expecting.isEmpty || replayCount > 0 }
        /// Replays for those who will listen.
        var replayCount = 0
    }

    private var byKey: [Key: Feed] = [:]
    /// More than one address can name an account.
    private var byAccount: [UInt32: [Feed]] = [:]
    /// Feeds to be looked up: of the first `askedCount`, those behind the first `answeredCount` wait for their answers, which come in this order.
    private var pending: [Feed] = []
    private var askedCount = 0
    private var answeredCount = 0
    private var unresolvedCount = 0

    var isEmpty: Bool { byKey.isEmpty }
    var hasUnresolved: Bool { unresolvedCount > 0 }
    /// Feeds that wait for an answer.
    var waitingCount: Int { pending.count - answeredCount }

    subscript(key: Key) -> Feed? { byKey[key] }

    /// The feeds of an account.
    func feeds(of account: UInt32) -> [Feed] { byAccount[account] ?? [] }

    func isHeard(_ account: UInt32) -> Bool { byAccount[account] != nil }

    mutating func add(_ key: Key) -> Feed {
        if let feed = byKey[key] { return feed }
        let feed = Feed(key)
        byKey[key] = feed
        unresolvedCount += 1
        return feed
    }

    /// Has an unresolved feed looked up at the next ``ask(countMax:_:)``.
    mutating func lookUp(_ feed: Feed) {
        guard feed.account == 0, !feed.isPending else { return }
        feed.isPending = true
        pending.append(feed)
    }

    /// Something at `position` may have opened any account: it may be one that somebody waits for.
    mutating func lookUpUnresolved(at position: StreamPosition) {
        guard unresolvedCount > 0 else { return }
        for feed in byKey.values where feed.account == 0 {
            if feed.unknownSince == nil { feed.unknownSince = StreamPosition(rawValue: position.rawValue &- 1) }
            lookUp(feed)
        }
    }

    /// Drops a feed that nobody listens to.
    mutating func removeIfUnused(_ feed: Feed) {
        guard !feed.isUsed, byKey[feed.key] === feed else { return }
        byKey[feed.key] = nil
        if feed.account == 0 { unresolvedCount -= 1 }
        byAccount[feed.account]?.removeAll { $0 === feed }
        if byAccount[feed.account]?.isEmpty == true { byAccount[feed.account] = nil }
    }

    /// Asks, through `ask`, for feeds until `countMax` answers are awaited; the others wait for a later call. `ask` returns false while the
    /// ring is full.
    mutating func ask(countMax: Int, _ ask: (Key) -> Bool) {
        let end = min(pending.count, answeredCount + countMax)
        while askedCount < end, ask(pending[askedCount].key) { askedCount += 1 }
    }

    /// The executor's answer to the oldest question; `account` is 0 if there is none. Returns the feed, and for one that has been found now the
    /// position after which it may have been heard of.
    ///
    /// Answers and events come in one order: what was not found does not exist in anything that came before the answer.
    mutating func answered(account: UInt32, owner: Address) -> (feed: Feed, unknownSince: StreamPosition?)? {
        guard askedCount > answeredCount else { return nil }
        let feed = pending[answeredCount]
        answeredCount += 1
        if answeredCount == pending.count || answeredCount >= 1024 && answeredCount >= pending.count / 2 { forgetAnswered() }
        feed.isPending = false
        let unknownSince = feed.unknownSince
        feed.unknownSince = nil
        guard account != 0, byKey[feed.key] === feed else { return (feed, nil) }
        feed.account = account
        feed.owner = owner
        byAccount[account, default: []].append(feed)
        unresolvedCount -= 1
        return (feed, unknownSince)
    }

    /// Not at each answer, since all behind it move.
    private mutating func forgetAnswered() {
        pending.removeFirst(answeredCount)
        askedCount -= answeredCount
        answeredCount = 0
    }
}
