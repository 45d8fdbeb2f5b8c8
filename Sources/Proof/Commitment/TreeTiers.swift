import Engine

/// The stored nodes of the state tree and the marks on those that must be hashed.
///
/// Invariants:
/// - a block is all zero until a node of it is marked for the first time, and from then on has a hash in each of its nodes;
/// - `markedBlocks(tier:)` names exactly the blocks of the tier whose word of marks is not zero, each once.
final class TreeTiers {
    /// Blocks of all tiers, tier after tier; what follows is numbered alike.
    private let nodeMemory: ReservedMemory
    /// One 64-bit word a block: its lowest nodes that must be hashed.
    private let marks: ReservedMemory
    /// Blocks with marks: the first `markedCounts[tier]` entries of the tier's part.
    private let markedBlockMemory: ReservedMemory
    private let sortingMemory: ReservedMemory
    /// One bit a block: whether its nodes hold hashes.
    private let filled: ReservedMemory
    private var markedCounts = InlineArray<5, Int>(repeating: 0)
    private let firstBlocks: InlineArray<5, Int>

    init() throws(ReservationFailed) {
        precondition(TreeShape.tierCount == 5)
        var blocks = 0
        var firstBlocks = InlineArray<5, Int>(repeating: 0)
        for tier in 0..<TreeShape.tierCount {
            firstBlocks[tier] = blocks
            blocks += TreeShape.blockCount(tier: tier)
        }
        self.firstBlocks = firstBlocks
        nodeMemory = try ReservedMemory(byteCount: blocks * TreeShape.blockNodes * MemoryLayout<Hash256>.stride)
        marks = try ReservedMemory(byteCount: blocks * 8)
        markedBlockMemory = try ReservedMemory(byteCount: blocks * 4)
        sortingMemory = try ReservedMemory(byteCount: TreeShape.blockCount(tier: 0) * 4)
        filled = try ReservedMemory(byteCount: (blocks + 63) / 64 * 8)
    }

    var hasMarks: Bool { markedCounts[0] > 0 }

    /// The nodes of `tier`: node n of block b at 128 b + n.
    func nodes(tier: Int) -> UnsafeMutablePointer<Hash256> {
        nodeMemory.base.assumingMemoryBound(to: Hash256.self) + firstBlocks[tier] * TreeShape.blockNodes
    }

    /// The hash of a stored node.
    func node(height: Int, index: Int) -> Hash256 {
        let tier = TreeShape.tier(height: height)
        let (block, node) = TreeShape.place(height: height, index: index)
        guard isFilled(firstBlocks[tier] + block) else { return TreeShape.zeroSubtrees[height] }
        return nodes(tier: tier)[block * TreeShape.blockNodes + node]
    }

    /// The marks of every block of `tier`.
    func marks(tier: Int) -> UnsafeMutablePointer<UInt64> { marks.base.assumingMemoryBound(to: UInt64.self) + firstBlocks[tier] }

    /// The blocks of `tier` that have marks.
    func markedBlocks(tier: Int) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: markedBlockSlots(tier: tier), count: markedCounts[tier])
    }

    /// Marks the lowest node `index` of a tier.
    @inline(__always)
    func mark(tier: Int, index: Int) {
        let block = index / TreeShape.blockWidth
        let word = marks(tier: tier) + block
        if word.pointee == 0 { markBlock(tier: tier, block) }
        word.pointee |= 1 << UInt64(index % TreeShape.blockWidth)
    }

    private func markBlock(tier: Int, _ block: Int) {
        markedBlockSlots(tier: tier)[markedCounts[tier]] = UInt32(block)
        markedCounts[tier] += 1
        guard !isFilled(firstBlocks[tier] + block) else { return }
        filled.base.assumingMemoryBound(to: UInt64.self)[(firstBlocks[tier] + block) / 64] |= 1 << UInt64((firstBlocks[tier] + block) % 64)
        TreeShape.zeroBlocks[tier].withUnsafeBufferPointer { zeros in
            if let base = zeros.baseAddress { (nodes(tier: tier) + block * TreeShape.blockNodes).update(from: base, count: zeros.count) }
        }
    }

    /// Before `tier` is hashed: brings its marked blocks into ascending order and marks what depends on them in the tier above.
    func prepare(tier: Int) {
        sortMarkedBlocks(tier: tier)
        guard tier + 1 < TreeShape.tierCount else { return }
        for block in markedBlocks(tier: tier) { mark(tier: tier + 1, index: Int(block)) }
    }

    /// After all blocks of `tier` are hashed and their words of marks zero.
    func finish(tier: Int) { markedCounts[tier] = 0 }

    /// Order matters to nothing but speed: it turns jumps all over the memory into walks.
    private func sortMarkedBlocks(tier: Int) {
        let count = markedCounts[tier]
        guard count > 256 else { return }
        var source = markedBlockSlots(tier: tier)
        var target = sortingMemory.base.assumingMemoryBound(to: UInt32.self)
        let digitBits = 11
        let radix = 1 << digitBits
        withUnsafeTemporaryAllocation(of: Int.self, capacity: radix) { starts in
            var shift: UInt32 = 0
            while 1 << Int(shift) < TreeShape.blockCount(tier: tier) {
                starts.update(repeating: 0)
                for position in 0..<count { starts[Int(source[position] >> shift) & (radix - 1)] += 1 }
                var sum = 0
                for digit in 0..<radix { (starts[digit], sum) = (sum, sum + starts[digit]) }
                for position in 0..<count {
                    let digit = Int(source[position] >> shift) & (radix - 1)
                    target[starts[digit]] = source[position]
                    starts[digit] += 1
                }
                swap(&source, &target)
                shift += UInt32(digitBits)
            }
        }
        if source != markedBlockSlots(tier: tier) { markedBlockSlots(tier: tier).update(from: source, count: count) }
    }

    private func isFilled(_ block: Int) -> Bool {
        filled.base.assumingMemoryBound(to: UInt64.self)[block / 64] >> UInt64(block % 64) & 1 == 1
    }

    private func markedBlockSlots(tier: Int) -> UnsafeMutablePointer<UInt32> {
        markedBlockMemory.base.assumingMemoryBound(to: UInt32.self) + firstBlocks[tier]
    }

    /// Bytes of physical memory in use.
    func residentBytes() -> Int {
        nodeMemory.residentBytes() + marks.residentBytes() + markedBlockMemory.residentBytes() + sortingMemory.residentBytes()
            + filled.residentBytes()
    }
}
