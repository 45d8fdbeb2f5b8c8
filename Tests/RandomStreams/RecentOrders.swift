import SeededRandom

/// The latest orders of a stream that came to rest, a few thousand of them.
struct RecentOrders {
    struct Entry {
        var id: UInt64
        var market: UInt16
        var account: UInt32
    }

    static let capacity = 4096
    private var entries: [Entry] = []
    private var next = 0

    mutating func insert(_ entry: Entry) {
        if entries.count < Self.capacity {
            entries.append(entry)
        } else {
            entries[next] = entry
            next = (next + 1) % Self.capacity
        }
    }

    /// Any of them; nil if there is none.
    func any(using random: inout SeededGenerator) -> Entry? { entries.randomElement(using: &random) }

    /// One of `account`, if a few tries find one, else any.
    func any(of account: UInt32, using random: inout SeededGenerator) -> Entry? {
        for _ in 0..<24 {
            if let entry = any(using: &random), entry.account == account { return entry }
        }
        return any(using: &random)
    }
}
