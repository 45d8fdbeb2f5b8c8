/// Brings the cells of a job into ascending order. It matters to nothing but speed: jumps all over the memory become a walk,
/// which the processor's tables of pages are made for. Grows to the largest job and allocates nothing afterwards.
struct CellOrder: ~Copyable {
    private var keys: UnsafeMutablePointer<UInt64> = .allocate(capacity: 0)
    private var sorted: UnsafeMutablePointer<UInt64> = .allocate(capacity: 0)
    /// One for each key of the last `ascending`, for the caller to note whether the cell changed.
    private(set) var isChanged: UnsafeMutablePointer<Bool> = .allocate(capacity: 0)
    private var capacity = 0

    private static let digitBits = 10
    private static let radix = 1 << digitBits
    /// Three digits are enough for the 29 bits of a cell's index.
    private static let passes = 3

    init() {}

    deinit {
        keys.deallocate()
        sorted.deallocate()
        isChanged.deallocate()
    }

    static func index(_ key: UInt64) -> UInt32 { UInt32(key >> 32) }
    static func position(_ key: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: key)) }

    /// The piece with both ends moved behind the keys of the same index, so that no cell belongs to two pieces.
    static func whole(_ piece: Range<Int>, of keys: UnsafeBufferPointer<UInt64>) -> Range<Int> {
        func behindEquals(_ position: Int) -> Int {
            var end = position
            while end > 0, end < keys.count, index(keys[end]) == index(keys[end - 1]) { end += 1 }
            return end
        }
        let start = behindEquals(piece.lowerBound)
        return start..<max(start, behindEquals(piece.upperBound))
    }

    /// For each of `indices`, in ascending order: the index in the upper and its position among them in the lower 32 bits.
    /// Equal indices keep their order. Valid until the next call.
    mutating func ascending(_ indices: UnsafeBufferPointer<UInt32>) -> UnsafeBufferPointer<UInt64> {
        reserve(indices.count)
        for position in indices.indices { keys[position] = UInt64(indices[position]) << 32 | UInt64(position) }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.radix) { starts in
            for pass in 0..<Self.passes {
                let shift = UInt64(32 + pass * Self.digitBits)
                starts.initialize(repeating: 0)
                for position in indices.indices { starts[Int(keys[position] >> shift) & (Self.radix - 1)] += 1 }
                var sum = 0
                for digit in 0..<Self.radix { (starts[digit], sum) = (sum, sum + starts[digit]) }
                for position in indices.indices {
                    let digit = Int(keys[position] >> shift) & (Self.radix - 1)
                    sorted[starts[digit]] = keys[position]
                    starts[digit] += 1
                }
                swap(&keys, &sorted)
            }
        }
        return UnsafeBufferPointer(start: keys, count: indices.count)
    }

    private mutating func reserve(_ count: Int) {
        guard count > capacity else { return }
        keys.deallocate()
        sorted.deallocate()
        isChanged.deallocate()
        capacity = max(count, 2 * capacity)
        keys = .allocate(capacity: capacity)
        sorted = .allocate(capacity: capacity)
        isChanged = .allocate(capacity: capacity)
    }
}
