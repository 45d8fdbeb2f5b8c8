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
    /// Blocks whose nodes hold hashes.
    private var filled: PageSet
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
        filled = try PageSet(below: blocks)
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
        guard filled.contains(firstBlocks[tier] + block) else { return TreeShape.zeroSubtrees[height] }
        return nodes(tier: tier)[block * TreeShape.blockNodes + node]
    }

    /// The marks of every block of `tier`.
    func marks(tier: Int) -> UnsafeMutablePointer<UInt64> { marks.base.assumingMemoryBound(to: UInt64.self) + firstBlocks[tier] }

    /// The blocks of `tier` that have marks, in order of first mark.
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
        guard !filled.contains(firstBlocks[tier] + block) else { return }
        filled.insert(firstBlocks[tier] + block)
        TreeShape.zeroBlocks[tier].withUnsafeBufferPointer { zeros in
            if let base = zeros.baseAddress { (nodes(tier: tier) + block * TreeShape.blockNodes).update(from: base, count: zeros.count) }
        }
    }

    /// Before `tier` is hashed: marks what depends on its marked nodes in the tier above.
    func markAbove(tier: Int) {
        guard tier + 1 < TreeShape.tierCount else { return }
        for block in markedBlocks(tier: tier) { mark(tier: tier + 1, index: Int(block)) }
    }

    /// After all blocks of `tier` are hashed and their words of marks zero.
    func finish(tier: Int) { markedCounts[tier] = 0 }

    /// Whether ``joinPages()`` has something to do.
    var hasPagesToJoin: Bool { filled.hasComplete }

    /// Joins 512 pages of nodes to a huge one, if there are so many together.
    func joinPages() {
        if let stretch = filled.takeComplete() { nodeMemory.join(stretch: stretch) }
    }

    private func markedBlockSlots(tier: Int) -> UnsafeMutablePointer<UInt32> {
        markedBlockMemory.base.assumingMemoryBound(to: UInt32.self) + firstBlocks[tier]
    }

    /// Bytes of physical memory in use.
    func residentBytes() -> Int {
        nodeMemory.residentBytes() + marks.residentBytes() + markedBlockMemory.residentBytes()
            + filled.residentBytes()
    }
}
