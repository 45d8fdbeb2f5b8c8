import Engine

/// Hashes marked nodes of a ``TreeTiers``, height by height over many blocks at once, so that a several-lane keccak has its lanes full and can fetch ahead.
/// Each worker has one: it is nothing but lists.
final class SubtreeHasher {
    /// Blocks in one call, at most.
    static let blocksMax = 256
    /// Hashes in a full batch: what they read and write stays near the core. A multiple of four times 9, so that lanes are full on the way from
    /// cells to groups.
    private static let batchCount = 504
    private let inputs: UnsafeMutablePointer<UnsafeRawPointer?>
    private let outputs: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private var count = 0
    /// Hashes of cells and the unstored nodes above them.
    private let scratch: UnsafeMutablePointer<Hash256>
    /// The nodes hashed last, as indices into their tier, each block's in a row.
    private let slots: UnsafeMutablePointer<UInt32>
    private var slotCount = 0
    private let lanes: Int

    /// `lanes` as in ``WideKeccak``.
    init(lanes: Int) {
        self.lanes = lanes
        inputs = .allocate(capacity: Self.batchCount)
        outputs = .allocate(capacity: Self.batchCount)
        scratch = .allocate(capacity: Self.batchCount)
        slots = .allocate(capacity: Self.blocksMax * TreeShape.blockWidth)
    }

    deinit {
        inputs.deallocate()
        outputs.deallocate()
        scratch.deallocate()
        slots.deallocate()
    }

    /// Hashes what is marked in `blocks` of `tier`, up to their tops, and clears the marks. `cells` is the copy of the arena.
    func hash(_ blocks: Slice<UnsafeBufferPointer<UInt32>>, tier: Int, of tiers: TreeTiers, cells: UnsafeRawPointer) {
        precondition(blocks.count <= Self.blocksMax)
        list(blocks, marks: tiers.marks(tier: tier))
        let nodes = tiers.nodes(tier: tier)
        if tier == 0 { hashGroups(into: nodes, cells: cells) }
        let rows = TreeShape.rowsAbove(bottomOfTier: tier)
        for row in 1...rows {
            guard row == TreeShape.tierHeights else {
                hashParents(in: nodes) { nodes + Int($0) }
                continue
            }
            // The tops: lowest nodes of the tier above.
            let above = tiers.nodes(tier: tier + 1)
            hashParents(in: nodes) { slot in
                let (block, position) = (Int(slot) / TreeShape.blockNodes).quotientAndRemainder(dividingBy: TreeShape.blockWidth)
                return above + block * TreeShape.blockNodes + TreeShape.blockWidth + position
            }
        }
    }

    /// Takes the marks of the lowest nodes.
    private func list(_ blocks: Slice<UnsafeBufferPointer<UInt32>>, marks: UnsafeMutablePointer<UInt64>) {
        slotCount = 0
        for block in blocks {
            let first = block * UInt32(TreeShape.blockNodes) + UInt32(TreeShape.blockWidth)
            var word = marks[Int(block)]
            marks[Int(block)] = 0
            while word != 0 {
                slots[slotCount] = first + UInt32(truncatingIfNeeded: word.trailingZeroBitCount)
                slotCount += 1
                word &= word - 1
            }
        }
    }

    /// Hashes the listed groups of cells to their nodes.
    private func hashGroups(into nodes: UnsafeMutablePointer<Hash256>, cells: UnsafeRawPointer) {
        let width = TreeShape.groupCells
        let groupsPerBatch = Self.batchCount / width
        for start in stride(from: 0, to: slotCount, by: groupsPerBatch) {
            let end = min(start + groupsPerBatch, slotCount)
            for position in start..<end {
                let slot = Int(slots[position])
                let group = slot / TreeShape.blockNodes * TreeShape.blockWidth + slot % TreeShape.blockWidth
                for cell in 0..<width {
                    let output = width == 1 ? nodes + slot : scratch + count
                    add(cells + (group * width + cell) * Layout.cellBytes, output)
                }
            }
            flush()
            // Now the hashes of a group's cells follow one another, and so do those of their parents until one a group is left.
            guard width > 1 else { continue }
            var hashes = (end - start) * width
            while hashes > 2 * (end - start) {
                hashes /= 2
                WideKeccak.hash64Many(scratch, count: hashes, into: scratch, lanes: lanes)
            }
            for position in start..<end { add(scratch + 2 * (position - start), nodes + Int(slots[position])) }
            flush()
        }
    }

    /// Replaces the listed nodes by their parents, hashing these to where `place` says.
    @inline(__always)
    private func hashParents(in nodes: UnsafeMutablePointer<Hash256>, to place: (UInt32) -> UnsafeMutablePointer<Hash256>) {
        let positions = UInt32(TreeShape.blockNodes - 1)
        var parents = 0
        var last = UInt32.max
        for index in 0..<slotCount {
            let slot = slots[index]
            let parent = slot & ~positions | (slot & positions) >> 1
            // Siblings follow one another in the list.
            guard parent != last else { continue }
            last = parent
            slots[parents] = parent
            parents += 1
            add(nodes + Int(slot & ~1), place(parent))
        }
        flush()
        slotCount = parents
    }

    @inline(__always)
    private func add(_ input: UnsafeRawPointer, _ output: UnsafeMutablePointer<Hash256>) {
        inputs[count] = input
        outputs[count] = UnsafeMutableRawPointer(output)
        count += 1
        if count == Self.batchCount { flush() }
    }

    private func flush() {
        WideKeccak.hash64Scattered(inputs, count: count, into: outputs, lanes: lanes)
        count = 0
    }
}
