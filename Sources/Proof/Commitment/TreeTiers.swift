import Engine

/// The stored nodes of the state tree and the marks on those whose children changed.
final class TreeTiers {
    private let nodes0: ReservedMemory
    private let nodes1: ReservedMemory
    private let nodes2: ReservedMemory
    private let nodes3: ReservedMemory
    /// One 64-bit word a block, tier after tier: the nodes of one height in the block that must be hashed. At rest, the lowest height.
    private let marks: ReservedMemory
    /// Blocks with marks, tier after tier: the first `markedCount(tier)` entries of the tier's part.
    private let markedBlocks: ReservedMemory
    private var markedCounts = InlineArray<4, Int>(repeating: 0)
    private let nodeBases: InlineArray<4, UnsafeMutablePointer<Hash256>>
    private let firstBlocks: InlineArray<4, Int>

    init() throws(ReservationFailed) {
        nodes0 = try Self.reserve(tier: 0)
        nodes1 = try Self.reserve(tier: 1)
        nodes2 = try Self.reserve(tier: 2)
        nodes3 = try Self.reserve(tier: 3)
        var blocks = 0
        var firstBlocks = InlineArray<4, Int>(repeating: 0)
        for tier in 0..<TreeShape.tierCount {
            firstBlocks[tier] = blocks
            blocks += TreeShape.blockCount(tier: tier)
        }
        self.firstBlocks = firstBlocks
        marks = try ReservedMemory(byteCount: blocks * 8)
        markedBlocks = try ReservedMemory(byteCount: blocks * 4)
        nodeBases = [
            nodes0.base.assumingMemoryBound(to: Hash256.self), nodes1.base.assumingMemoryBound(to: Hash256.self),
            nodes2.base.assumingMemoryBound(to: Hash256.self), nodes3.base.assumingMemoryBound(to: Hash256.self),
        ]
    }

    private static func reserve(tier: Int) throws(ReservationFailed) -> ReservedMemory {
        try ReservedMemory(byteCount: TreeShape.blockCount(tier: tier) * TreeShape.blockNodes * MemoryLayout<Hash256>.stride)
    }

    var hasMarks: Bool { markedCounts[0] > 0 }

    /// Where a stored node lies. All zero there stands for the zero subtree.
    func slot(height: Int, index: Int) -> UnsafeMutablePointer<Hash256> {
        nodeBases[TreeShape.tier(height: height)] + TreeShape.slot(height: height, index: index)
    }

    /// The hash of a stored node, with the zero subtree filled in.
    func node(height: Int, index: Int) -> Hash256 {
        let hash = slot(height: height, index: index).pointee
        return hash.isZero ? TreeShape.zeroSubtrees[height] : hash
    }

    /// The 128 nodes of a block as a heap.
    func block(_ block: Int, tier: Int) -> UnsafeMutablePointer<Hash256> { nodeBases[tier] + block * TreeShape.blockNodes }

    /// The marks of every block of `tier`.
    func marks(tier: Int) -> UnsafeMutablePointer<UInt64> {
        marks.base.assumingMemoryBound(to: UInt64.self) + firstBlocks[tier]
    }

    /// The blocks of `tier` that have marks, in order of first mark.
    func markedBlocks(tier: Int) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: markedBlockSlots(tier: tier), count: markedCounts[tier])
    }

    /// Marks the lowest node `index` of a tier.
    private func mark(tier: Int, index: Int) {
        let block = index / TreeShape.blockWidth
        let word = marks(tier: tier) + block
        if word.pointee == 0 {
            markedBlockSlots(tier: tier)[markedCounts[tier]] = UInt32(block)
            markedCounts[tier] += 1
        }
        word.pointee |= 1 << UInt64(index % TreeShape.blockWidth)
    }

    /// Marks a group of 8 cells.
    func mark(group: Int) { mark(tier: 0, index: group) }

    /// After the blocks of `tier` are hashed to their tops: clears their marks and marks the parents of their tops.
    func carryMarks(from tier: Int) {
        let blocks = markedBlocks(tier: tier)
        for block in blocks { marks(tier: tier)[Int(block)] = 0 }
        markedCounts[tier] = 0
        guard tier + 1 < TreeShape.tierCount else { return }
        for block in blocks { mark(tier: tier + 1, index: Int(block) / 2) }
    }

    private func markedBlockSlots(tier: Int) -> UnsafeMutablePointer<UInt32> {
        markedBlocks.base.assumingMemoryBound(to: UInt32.self) + firstBlocks[tier]
    }

    /// Bytes of physical memory in use.
    func residentBytes() -> Int {
        nodes0.residentBytes() + nodes1.residentBytes() + nodes2.residentBytes() + nodes3.residentBytes()
            + marks.residentBytes() + markedBlocks.residentBytes()
    }
}
