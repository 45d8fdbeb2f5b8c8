/// A growing set of a memory's 4 KiB pages, which finds the stretches of 512 of them that are complete.
struct PageSet: ~Copyable {
    private let bits: ReservedMemory
    private let count: Int
    /// Stretches that became complete and have not been taken yet.
    private var complete: [Int] = []

    private static let wordsPerStretch = ReservedMemory.hugePageBytes / 4096 / 64

    /// The empty set of pages below `count`.
    init(below count: Int) throws(ReservationFailed) {
        self.count = count
        bits = try ReservedMemory(byteCount: (count + 511) / 512 * 64)
    }

    var words: UnsafeMutablePointer<UInt64> { bits.base.assumingMemoryBound(to: UInt64.self) }
    var wordCount: Int { (count + 63) / 64 }

    func contains(_ page: Int) -> Bool { words[page / 64] >> UInt64(page % 64) & 1 == 1 }

    /// Adds `page`.
    @inline(__always)
    mutating func insert(_ page: Int) {
        let word = words[page / 64] | 1 << UInt64(page % 64)
        guard word != words[page / 64] else { return }
        words[page / 64] = word
        if word == .max { noteStretch(of: page) }
    }

    private mutating func noteStretch(of page: Int) {
        let stretch = page / 64 / Self.wordsPerStretch
        for word in 0..<Self.wordsPerStretch where words[stretch * Self.wordsPerStretch + word] != .max { return }
        complete.append(stretch)
    }

    var hasComplete: Bool { !complete.isEmpty }

    /// A stretch that became complete; each is given once.
    mutating func takeComplete() -> Int? { complete.popLast() }

    func residentBytes() -> Int { bits.residentBytes() }
}
