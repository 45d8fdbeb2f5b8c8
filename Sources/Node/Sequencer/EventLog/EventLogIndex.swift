/// Where in an ``EventLog`` blocks begin, about one entry for each of its segments. Ascending.
struct EventLogIndex: Sendable {
    struct Entry: Sendable {
        /// All that comes after this stream position lies at `offset` or behind.
        var position: StreamPosition
        var offset: Int
        /// The block that opens there; 0 at the beginning of the log.
        var block: UInt64
    }

    private var entries: [Entry] = []

    init() {}

    /// Of a log that begins after a stream position.
    init(start: StreamPosition) { entries = [Entry(position: start, offset: 0, block: 0)] }

    /// Notes that `block` opens at `offset` unless the last entry is near and still good, and forgets what lies before `oldest`.
    mutating func note(block: UInt64, offset: Int, oldest: Int, spacing: Int) {
        // The first block of a log is noted even so: with it begins what is kept, should the beginning itself be passed.
        if let last = entries.last, last.offset >= oldest, offset - last.offset < spacing, last.block != 0 { return }
        if let first = entries.first, first.offset < oldest {
            entries.removeFirst(entries.firstIndex { $0.offset >= oldest } ?? entries.count)
        }
        entries.append(Entry(position: StreamPosition(before: block), offset: offset, block: block))
    }

    /// The oldest entry that is not before `oldest`.
    func first(from oldest: Int) -> Entry? { entries.first { $0.offset >= oldest } }

    /// The last entry from `oldest` on behind which everything after `position` lies, or nil if there is none.
    func last(through position: StreamPosition, from oldest: Int) -> Entry? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].position <= position { low = middle + 1 } else { high = middle }
        }
        guard low > 0, entries[low - 1].offset >= oldest else { return nil }
        return entries[low - 1]
    }
}
