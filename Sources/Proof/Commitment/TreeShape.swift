import Engine

/// Where the nodes of the state tree lie in memory, and what nodes over untouched cells hash to.
///
/// A node has a height (0: leaf, 29: root) and an index from the left. Nodes below `storedHeightMin` are not stored but recomputed:
/// that costs at most 14 extra hashes a changed cell and divides the memory for nodes by 8. The others lie in tiers of 7 heights. A tier consists of
/// blocks of one 4 KiB page: a subtree of 127 nodes as a heap, node 1 its top, the children of node n at 2n and 2n + 1, node 0 unused.
/// A changed cell so touches 4 pages of nodes, of which all but the first are shared with many other cells.
enum TreeShape {
    static let storedHeightMin = 3
    /// Cells below one node of the lowest stored height.
    static let groupCells = 1 << storedHeightMin
    static let tierHeights = 7
    static let tierCount = 4
    /// Nodes of the lowest height in a block.
    static let blockWidth = 1 << (tierHeights - 1)
    static let blockNodes = 2 * blockWidth
    /// Bytes of one checkpoint page: the cells of 8 groups.
    static let pageBytes = 64 * Layout.cellBytes
    static let pageCount = Layout.arenaBytes / pageBytes

    /// Height of the lowest nodes of `tier`.
    static func bottom(ofTier tier: Int) -> Int { storedHeightMin + tier * tierHeights }

    /// Blocks of `tier`, at least one.
    static func blockCount(tier: Int) -> Int { max(1, 1 << (Layout.treeHeight - bottom(ofTier: tier) - (tierHeights - 1))) }

    /// Position of a node in its tier's memory, in nodes.
    static func slot(height: Int, index: Int) -> Int {
        let row = (height - storedHeightMin) % tierHeights
        let rowWidth = blockWidth >> row
        return (index / rowWidth) * blockNodes + rowWidth + index % rowWidth
    }

    /// The tier that a stored height belongs to.
    static func tier(height: Int) -> Int { (height - storedHeightMin) / tierHeights }

    /// The root of an all-zero subtree of each height, 0...29.
    static let zeroSubtrees: [Hash256] = {
        let cell = [UInt8](repeating: 0, count: Layout.cellBytes)
        var hashes = [cell.withUnsafeBytes { Keccak256.hash($0) }]
        for height in 0..<Layout.treeHeight { hashes.append(Keccak256.hashPair(hashes[height], hashes[height])) }
        return hashes
    }()
}
