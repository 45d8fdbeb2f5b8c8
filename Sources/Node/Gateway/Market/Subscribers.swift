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
    }

    private(set) var all: [Subscriber] = []
    private var indices: [Int: Int] = [:]

    var isEmpty: Bool { all.isEmpty }
    var count: Int { all.count }

    /// Where a listener's entry is; nil if it does not listen.
    func index(of listener: any MarketListener) -> Int? { indices[listener.slot] }

    mutating func add(_ listener: any MarketListener, ticket: UInt64, standing: Standing) {
        indices[listener.slot] = all.count
        all.append(Subscriber(listener: listener, ticket: ticket, standing: standing))
    }

    /// The last one takes its place.
    mutating func remove(_ listener: any MarketListener) {
        guard let index = indices.removeValue(forKey: listener.slot) else { return }
        let last = all.removeLast()
        guard index < all.count else { return }
        all[index] = last
        indices[last.listener.slot] = index
    }

    mutating func setStanding(_ standing: Standing, at index: Int) { all[index].standing = standing }

    /// Sends the same bytes to all who are not waiting for a snapshot (and do not listen to `other`). Those that lag miss them and, if this is
    /// a conflated channel, from then on everything, until they have a new snapshot.
    mutating func send(_ frames: UnsafeRawBufferPointer, isConflated: Bool = true, unlessIn other: Subscribers? = nil) {
        for index in all.indices {
            let standing = all[index].standing
            guard standing == .live || standing == .joining else { continue }
            if let other, other.index(of: all[index].listener) != nil { continue }
            if all[index].listener.isLagging {
                guard isConflated else { continue }
                // The entry of a snapshot under way begins it anew.
                all[index].standing = standing == .live ? .behind : .queued
            } else {
                all[index].listener.sendMarketData(frames: frames)
            }
        }
    }
}
