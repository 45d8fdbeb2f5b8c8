import Engine

/// Who listens to which account. Loop's thread.
///
/// Events name accounts by id and clients by address; the executor is asked once for each address. An address that owns no account
/// yet stays unresolved and is asked for again after every deposit.
struct AccountFeeds {
    final class Feed {
        /// The address as subscribed to: the owner's or an agent's.
        let address: Address
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

        init(address: Address) {
            self.address = address
            owner = address
        }
    }

    private var byAddress: [Address: Feed] = [:]
    /// More than one address can name an account.
    private var byAccount: [UInt32: [Feed]] = [:]
    /// Feeds to be looked up: of the first `askedCount`, those behind the first `answeredCount` wait for their answers, which come in this order.
    private var pending: [Feed] = []
    private var askedCount = 0
    private var answeredCount = 0
    /// Deposits to accounts not known yet, kept for the feeds that are being looked up.
    private(set) var unclaimedDeposits: [(event: Event, block: UInt64)] = []
    private var unresolvedCount = 0

    var isEmpty: Bool { byAddress.isEmpty }
    var hasUnresolved: Bool { unresolvedCount > 0 }
    /// Feeds that wait for an answer.
    var waitingCount: Int { pending.count - answeredCount }

    subscript(address: Address) -> Feed? { byAddress[address] }

    /// The feeds of an account.
    func feeds(of account: UInt32) -> [Feed] { byAccount[account] ?? [] }

    mutating func add(_ address: Address) -> Feed {
        if let feed = byAddress[address] { return feed }
        let feed = Feed(address: address)
        byAddress[address] = feed
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
        guard feed.subscribers.isEmpty, byAddress[feed.address] === feed else { return }
        byAddress[feed.address] = nil
        if feed.account == 0 { unresolvedCount -= 1 }
        byAccount[feed.account]?.removeAll { $0 === feed }
        if byAccount[feed.account]?.isEmpty == true { byAccount[feed.account] = nil }
    }

    /// Asks, through `ask`, for feeds until `countMax` answers are awaited; the others wait for a later call. `ask` returns false while the
    /// ring is full.
    mutating func ask(countMax: Int, _ ask: (Address) -> Bool) {
        let end = min(pending.count, answeredCount + countMax)
        while askedCount < end, ask(pending[askedCount].address) { askedCount += 1 }
    }

    /// The executor's answer to the oldest question; `account` is 0 if there is none. Returns the feed.
    mutating func answered(account: UInt32, owner: Address) -> Feed? {
        guard askedCount > answeredCount else { return nil }
        let feed = pending[answeredCount]
        answeredCount += 1
        if answeredCount == pending.count || answeredCount >= 1024 && answeredCount >= pending.count / 2 { forgetAnswered() }
        feed.isPending = false
        guard account != 0, byAddress[feed.address] === feed else {
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
        for feed in byAddress.values where feed.account == 0 { lookUp(feed) }
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
