/// Who listens to one channel of one market, and how far each has got. Adding, finding and removing are O(1). Loop's thread.
struct Subscribers {
    enum Standing {
        /// Has everything, and gets what comes.
        case live
        /// Lags, and has missed something: gets nothing until it says that it goes on.
        case behind
        /// Waits for the beginning of a snapshot: gets nothing until then.
        case queued
        /// Has parts of a snapshot, and gets what comes.
        case joining
    }

    struct Subscriber {
        let listener: any MarketListener
        /// Names this subscription among all that there ever were.
        let ticket: UInt64
        var standing: Standing
        /// Number of the last round that it was seen to.
        fileprivate(set) var round: UInt64
    }

    private(set) var all: [Subscriber] = []
    private var indices: [Int: Int] = [:]
    /// Number of the last round: bytes for all, delivered in slices. Those before `next` were seen to.
    private var round: UInt64 = 0
    private var next = 0

    var isEmpty: Bool { all.isEmpty }
    var count: Int { all.count }

    /// Where a listener's entry is; nil if it does not listen.
    func index(of listener: any MarketListener) -> Int? { indices[listener.slot] }

    /// A round that is under way passes it by.
    mutating func add(_ listener: any MarketListener, ticket: UInt64, standing: Standing) {
        indices[listener.slot] = all.count
        all.append(Subscriber(listener: listener, ticket: ticket, standing: standing, round: round))
    }

    /// The last one takes its place.
    mutating func remove(_ listener: any MarketListener) {
        guard let index = indices.removeValue(forKey: listener.slot) else { return }
        let last = all.removeLast()
        guard index < all.count else { return }
        all[index] = last
        indices[last.listener.slot] = index
        next = min(next, index)
    }

    mutating func setStanding(_ standing: Standing, at index: Int) { all[index].standing = standing }

    // MARK: Sending

    mutating func beginRound() {
        round += 1
        next = 0
    }

    /// Delivers the round's bytes to one who may go on to get more.
    mutating func deliver(_ frames: UnsafeRawBufferPointer, at index: Int, isConflated: Bool) {
        guard all[index].round != round else { return }
        all[index].round = round
        send(frames, at: index, isConflated: isConflated)
    }

    /// Delivers the round's bytes to all who have not been seen to, as long as `goesOn`, asked now and then, says so. Returns whether that is all.
    mutating func deliver(_ frames: UnsafeRawBufferPointer, isConflated: Bool, while goesOn: () -> Bool) -> Bool {
        while next < all.count {
            deliver(frames, at: next, isConflated: isConflated)
            next += 1
            if next % Self.askInterval == 0, !goesOn() { return false }
        }
        return true
    }

    /// A clock is read as fast as a few are sent to.
    private static let askInterval = 4

    /// Sends the same bytes to all who do not listen to `other`, at once.
    mutating func send(_ frames: UnsafeRawBufferPointer, unlessIn other: Subscribers? = nil) {
        for index in all.indices {
            if let other, other.index(of: all[index].listener) != nil { continue }
            send(frames, at: index, isConflated: true)
        }
    }

    /// Sends to one who is not waiting for a snapshot. If it lags it misses them and, if this is a conflated channel, from then on everything,
    /// until it has a new snapshot.
    private mutating func send(_ frames: UnsafeRawBufferPointer, at index: Int, isConflated: Bool) {
        let standing = all[index].standing
        guard standing == .live || standing == .joining else { return }
        guard all[index].listener.isLagging else { return all[index].listener.sendMarketData(frames: frames) }
        guard isConflated else { return }
        // The entry of a snapshot under way begins it anew.
        all[index].standing = standing == .live ? .behind : .queued
    }
}
