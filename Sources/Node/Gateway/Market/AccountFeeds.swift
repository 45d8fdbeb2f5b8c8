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
        /// Whether the executor has been asked and has not answered.
        var isAsked = false
        /// Whether it must be asked (again).
        var needsLookup = true
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
    /// Feeds that wait for an answer, in the order in which the executor was asked.
    private var asked: [Feed] = []
    /// Deposits to accounts not known yet, kept for the feeds that are being looked up.
    private(set) var unclaimedDeposits: [(event: Event, block: UInt64)] = []
    private var unresolvedCount = 0

    var isEmpty: Bool { byAddress.isEmpty }
    var hasUnresolved: Bool { unresolvedCount > 0 }

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

    /// Drops a feed that nobody listens to.
    mutating func removeIfUnused(_ feed: Feed) {
        guard feed.subscribers.isEmpty, byAddress[feed.address] === feed else { return }
        byAddress[feed.address] = nil
        if feed.account == 0 { unresolvedCount -= 1 }
        byAccount[feed.account]?.removeAll { $0 === feed }
        if byAccount[feed.account]?.isEmpty == true { byAccount[feed.account] = nil }
    }

    /// Asks, through `ask`, for every feed that needs it. `ask` returns false while the ring is full; ``retryLookups(_:)`` is then called again.
    mutating func retryLookups(_ ask: (Address) -> Bool) {
        guard unresolvedCount > 0 else { return }
        for feed in byAddress.values where feed.account == 0 && feed.needsLookup && !feed.isAsked {
            guard ask(feed.address) else { return }
            feed.needsLookup = false
            feed.isAsked = true
            asked.append(feed)
        }
    }

    /// The executor's answer to the oldest question; `account` is 0 if there is none. Returns the feed.
    mutating func answered(account: UInt32, owner: Address) -> Feed? {
        guard !asked.isEmpty else { return nil }
        let feed = asked.removeFirst()
        feed.isAsked = false
        guard account != 0, byAddress[feed.address] === feed else { return feed }
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
        for feed in byAddress.values where feed.account == 0 { feed.needsLookup = true }
    }

    mutating func dropDepositsIfSettled() {
        if asked.isEmpty, !byAddress.values.contains(where: { $0.account == 0 && $0.needsLookup }) { unclaimedDeposits.removeAll() }
    }
}
