import Engine

/// Where the nodes of the state tree lie in memory, and what nodes over untouched cells hash to.
///
/// A node has a height (0: leaf, 29: root) and an index from the left. Nodes below `storedHeightMin` are not stored but recomputed from the
/// cells. The others lie in tiers of 6 heights. A tier consists of blocks of one 4 KiB page: a subtree as a heap with its 64 lowest nodes at 64...127
/// and the children of node n at 2n and 2n + 1. The top of a block is stored where it is needed next, among the lowest nodes of the tier above, so
/// every pair of siblings is one aligned line of 64 bytes: the input of their parent's hash, which nothing needs to copy together.
enum TreeShape {
    /// See the trade in Proof.docc: one less would double the memory for nodes, one more would add 8 hashes a scattered cell.
    static let storedHeightMin = 2
    /// Cells below one node of the lowest stored height.
    static let groupCells = 1 << storedHeightMin
    static let tierHeights = 6
    static let tierCount = (Layout.treeHeight - storedHeightMin) / tierHeights + 1
    /// Nodes of the lowest height in a block.
    static let blockWidth = 1 << tierHeights
    static let blockNodes = 2 * blockWidth
    /// Bytes of one checkpoint page: 64 cells.
    static let pageBytes = 64 * Layout.cellBytes
    static let pageCount = Layout.arenaBytes / pageBytes

    /// Height of the lowest nodes of `tier`.
    static func bottom(ofTier tier: Int) -> Int { storedHeightMin + tier * tierHeights }

    /// Heights of `tier` above its lowest; the topmost of them is that of the tier above, or the root.
    static func rowsAbove(bottomOfTier tier: Int) -> Int { min(tierHeights, Layout.treeHeight - bottom(ofTier: tier)) }

    /// Blocks of `tier`, at least one.
    static func blockCount(tier: Int) -> Int { max(1, 1 << max(0, Layout.treeHeight - bottom(ofTier: tier) - tierHeights)) }

    /// The tier that a stored height belongs to.
    static func tier(height: Int) -> Int { (height - storedHeightMin) / tierHeights }

    /// The block of a stored node in its tier, and its position in the block's heap.
    static func place(height: Int, index: Int) -> (block: Int, node: Int) {
        let rowWidth = blockWidth >> ((height - storedHeightMin) % tierHeights)
        return (index / rowWidth, rowWidth + index % rowWidth)
    }

    /// The root of an all-zero subtree of each height, 0...29.
    static let zeroSubtrees: [Hash256] = {
        let cell = [UInt8](repeating: 0, count: Layout.cellBytes)
        var hashes = [cell.withUnsafeBytes { Keccak256.hash($0) }]
        for height in 0..<Layout.treeHeight { hashes.append(Keccak256.hashPair(hashes[height], hashes[height])) }
        return hashes
    }()

    /// A block of each tier over all-zero cells.
    static let zeroBlocks: [[Hash256]] = (0..<tierCount).map { tier in
        (0..<blockNodes).map { node in
            guard node > 0 else { return .zero }
            let row = tierHeights - (Int.bitWidth - 1 - node.leadingZeroBitCount)
            return zeroSubtrees[min(bottom(ofTier: tier) + row, Layout.treeHeight)]
        }
    }
}
