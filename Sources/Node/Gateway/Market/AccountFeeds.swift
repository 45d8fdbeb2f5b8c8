import Engine

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
        var account: UInt32 = 0
        /// The account's owner, once known.
        var owner: Address
        var subscribers: [Connection] = []
        /// Whether the executor is about to be asked, or has not answered yet.
        fileprivate var isPending = false
        /// Whether it must be asked again after that, since a deposit came in between.
        fileprivate var isStale = false
        /// Subscribers that were not yet told whether the account exists.
        var unconfirmed: [Connection] = []

        init(_ key: Key) {
            self.key = key
            owner = key.address
        }
    }

    private var byKey: [Key: Feed] = [:]
    /// More than one address can name an account.
    private var byAccount: [UInt32: [Feed]] = [:]
    /// Feeds to be looked up: of the first `askedCount`, those behind the first `answeredCount` wait for their answers, which come in this order.
    private var pending: [Feed] = []
    private var askedCount = 0
    private var answeredCount = 0
    /// Deposits to accounts not known yet, kept for the feeds that are being looked up.
    private(set) var unclaimedDeposits: [(event: Event, block: UInt64)] = []
    private var unresolvedCount = 0

    var isEmpty: Bool { byKey.isEmpty }
    var hasUnresolved: Bool { unresolvedCount > 0 }
    /// Feeds that wait for an answer.
    var waitingCount: Int { pending.count - answeredCount }

    subscript(key: Key) -> Feed? { byKey[key] }

    /// The feeds of an account.
    func feeds(of account: UInt32) -> [Feed] { byAccount[account] ?? [] }

    mutating func add(_ key: Key) -> Feed {
        if let feed = byKey[key] { return feed }
        let feed = Feed(key)
        byKey[key] = feed
        unresolvedCount += 1
        return feed
    }

    /// Has an unresolved feed looked up at the next ``ask(countMax:_:)``.
    mutating func lookUp(_ feed: Feed) {
        guard feed.account == 0 else { return }
        guard !feed.isPending else {
            feed.isStale = true
            return
        }
        feed.isPending = true
        feed.isStale = false
        pending.append(feed)
    }

    /// Drops a feed that nobody listens to.
    mutating func removeIfUnused(_ feed: Feed) {
        guard feed.subscribers.isEmpty, byKey[feed.key] === feed else { return }
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

    /// The executor's answer to the oldest question; `account` is 0 if there is none. Returns the feed.
    mutating func answered(account: UInt32, owner: Address) -> Feed? {
        guard askedCount > answeredCount else { return nil }
        let feed = pending[answeredCount]
        answeredCount += 1
        if answeredCount == pending.count || answeredCount >= 1024 && answeredCount >= pending.count / 2 { forgetAnswered() }
        feed.isPending = false
        guard account != 0, byKey[feed.key] === feed else {
            if feed.isStale { lookUp(feed) }
            return feed
        }
        feed.account = account
        feed.owner = owner
        byAccount[account, default: []].append(feed)
        unresolvedCount -= 1
        return feed
    }

    /// A deposit that no feed was found for: it may have created the account of one.
    mutating func keepDeposit(_ event: Event, block: UInt64) {
        guard unresolvedCount > 0 else { return }
        // Far more than come between a question and its answer.
        if unclaimedDeposits.count >= 1024 { unclaimedDeposits.removeFirst(512) }
        unclaimedDeposits.append((event, block))
        lookUpUnresolved()
    }

    /// An account was opened: it may be one that somebody waits for.
    mutating func lookUpUnresolved() {
        guard unresolvedCount > 0 else { return }
        for feed in byKey.values where feed.account == 0 { lookUp(feed) }
    }

    /// Forgets the deposits kept, once nobody can claim them any more.
    mutating func dropDepositsIfSettled() {
        if waitingCount == 0 { unclaimedDeposits.removeAll() }
    }

    /// Not at each answer, since all behind it move.
    private mutating func forgetAnswered() {
        pending.removeFirst(answeredCount)
        askedCount -= answeredCount
        answeredCount = 0
    }
}
