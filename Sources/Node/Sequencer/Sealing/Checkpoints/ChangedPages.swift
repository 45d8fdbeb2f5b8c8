/// A set of the arena's pages that allocates nothing while it grows within what it once held. One thread at a time may use it.
struct ChangedPages: ~Copyable {
    private let words: UnsafeMutablePointer<UInt64>
    /// Every page in the set, and perhaps some that are in it no longer.
    private var pages: [UInt32] = []

    private static let wordCount = Int(CheckpointFormat.pageCount) / 64

    /// The empty set, which takes 1 MiB.
    init() {
        words = .allocate(capacity: Self.wordCount)
        words.initialize(repeating: 0, count: Self.wordCount)
    }

    deinit { words.deallocate() }

    /// Adds `page`.
    @inline(__always)
    mutating func insert(_ page: UInt32) {
        let bit: UInt64 = 1 << UInt64(page & 63)
        let word = words[Int(page >> 6)]
        guard word & bit == 0 else { return }
        words[Int(page >> 6)] = word | bit
        pages.append(page)
    }

    /// Adds the pages that hold these cells.
    mutating func insert(cells: UnsafeBufferPointer<UInt32>) {
        for cell in cells { insert(cell >> 6) }
    }

    /// Removes `page`; false if it is not there.
    mutating func remove(_ page: UInt32) -> Bool {
        let bit: UInt64 = 1 << UInt64(page & 63)
        guard words[Int(page >> 6)] & bit != 0 else { return false }
        words[Int(page >> 6)] &= ~bit
        return true
    }

    /// Removes some page; nil if there is none.
    mutating func removeLast() -> UInt32? {
        while let page = pages.popLast() {
            if remove(page) { return page }
        }
        return nil
    }

    mutating func removeAll() {
        while removeLast() != nil {}
    }
}
