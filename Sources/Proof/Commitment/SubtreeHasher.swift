import Engine

/// Hashes the marked nodes of a ``TreeTiers`` in batches of 64-byte inputs, so that a several-lane keccak has its lanes full.
final class SubtreeHasher {
    /// Inputs in a full batch.
    private static let capacity = 512
    private let inputs: UnsafeMutablePointer<Hash256>
    private let outputs: UnsafeMutablePointer<Hash256>
    private let targets: UnsafeMutablePointer<UnsafeMutablePointer<Hash256>>
    private var count = 0

    init() {
        inputs = .allocate(capacity: 2 * Self.capacity)
        outputs = .allocate(capacity: Self.capacity)
        targets = .allocate(capacity: Self.capacity)
    }

    deinit {
        inputs.deallocate()
        outputs.deallocate()
        targets.deallocate()
    }

    /// Hashes every marked group of 8 cells to its node at height 3.
    func hashGroups(markedIn tiers: TreeTiers, cells: UnsafeRawPointer) {
        let groupBytes = TreeShape.groupCells * Layout.cellBytes
        for block in tiers.markedBlocks(tier: 0) {
            var marks = tiers.marks(tier: 0)[Int(block)]
            let nodes = tiers.block(Int(block), tier: 0)
            while marks != 0 {
                let position = marks.trailingZeroBitCount
                marks &= marks - 1
                let group = Int(block) * TreeShape.blockWidth + position
                // The 8 leaf hashes of a group follow one another, so the rows above reduce in place.
                WideKeccak.hash64Many(cells + group * groupBytes, count: TreeShape.groupCells, into: outputs + count * TreeShape.groupCells)
                targets[count] = nodes + TreeShape.blockWidth + position
                count += 1
                if count * TreeShape.groupCells == Self.capacity { reduceGroups() }
            }
        }
        reduceGroups()
    }

    private func reduceGroups() {
        guard count > 0 else { return }
        var width = count * TreeShape.groupCells
        while width > count {
            width /= 2
            WideKeccak.hash64Many(outputs, count: width, into: outputs)
        }
        scatter()
    }

    /// Hashes the marked nodes of `tier`, height by height, up to the tops of its blocks. The marks are used up on the way: carry them next.
    func hashRows(tier: Int, of tiers: TreeTiers) {
        let bottom = TreeShape.bottom(ofTier: tier)
        let blocks = tiers.markedBlocks(tier: tier)
        let marks = tiers.marks(tier: tier)
        // The lowest height of the first tier is made of cells; that of the others, of the tops of two blocks below.
        if tier > 0 {
            for block in blocks {
                gather(marks: marks[Int(block)], into: tiers.block(Int(block), tier: tier) + TreeShape.blockWidth, height: bottom) {
                    position in
                    let below = 2 * (Int(block) * TreeShape.blockWidth + position)
                    return (tiers.block(below, tier: tier - 1) + 1, tiers.block(below + 1, tier: tier - 1) + 1)
                }
            }
            flush()
        }
        for height in bottom + 1..<min(bottom + TreeShape.tierHeights, Layout.treeHeight + 1) {
            let rowWidth = TreeShape.blockWidth >> (height - bottom)
            for block in blocks {
                marks[Int(block)] = Self.parents(marks[Int(block)])
                let row = tiers.block(Int(block), tier: tier) + rowWidth
                let below = row + rowWidth
                gather(marks: marks[Int(block)], into: row, height: height) { position in
                    (below + 2 * position, below + 2 * position + 1)
                }
            }
            flush()
        }
    }

    /// Bit i of the result: bit 2i or bit 2i + 1 of `marks`.
    static func parents(_ marks: UInt64) -> UInt64 {
        var bits = (marks | marks >> 1) & 0x5555_5555_5555_5555
        bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
        bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F
        bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF
        bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF
        return (bits | bits >> 16) & 0x0000_0000_FFFF_FFFF
    }

    /// Adds to the batch the nodes of one row whose bits are set in `marks`.
    @inline(__always)
    private func gather(
        marks: UInt64, into row: UnsafeMutablePointer<Hash256>, height: Int,
        children: (Int) -> (UnsafeMutablePointer<Hash256>, UnsafeMutablePointer<Hash256>)
    ) {
        let zero = TreeShape.zeroSubtrees[height - 1]
        var marks = marks
        while marks != 0 {
            let position = marks.trailingZeroBitCount
            marks &= marks - 1
            let (left, right) = children(position)
            inputs[2 * count] = left.pointee.isZero ? zero : left.pointee
            inputs[2 * count + 1] = right.pointee.isZero ? zero : right.pointee
            targets[count] = row + position
            count += 1
            if count == Self.capacity { flush() }
        }
    }

    private func flush() {
        WideKeccak.hash64Many(inputs, count: count, into: outputs)
        scatter()
    }

    private func scatter() {
        for index in 0..<count { targets[index].pointee = outputs[index] }
        count = 0
    }
}
