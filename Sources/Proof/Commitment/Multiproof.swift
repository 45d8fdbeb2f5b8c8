import Engine

/// One proof for many cells under a state root: the hashes beside their paths that cannot be computed from the cells themselves.
///
/// Cells go in ascending order, each once. Walking from left to right, a cell climbs until the next one lies under its sibling; there its hash waits as
/// a left half until the last cell on the right of it has climbed as high. Every other sibling is given, in the order in which it is needed. So there is
/// one proof for a set of cells, and `Payouts.vy`, which pays many cells by one, computes the same.
package enum Multiproof {
    /// The siblings for the cells at `indices`, from the cells' own paths of 29 hashes under the same root.
    /// Traps unless the indices ascend, are below 2^29, and each has its path.
    package static func siblings(indices: [UInt32], paths: [[Hash256]]) -> [Hash256] {
        precondition(indices.count == paths.count && paths.allSatisfy { $0.count == Layout.treeHeight })
        var siblings: [Hash256] = []
        let isProvable = walk(indices) { step in
            if case .given(let cell, let height) = step { siblings.append(paths[cell][height]) }
        }
        precondition(isProvable, "the cells must ascend and lie in the tree")
        return siblings
    }

    /// The root that cells with these leaf hashes have at `indices` with `siblings`; nil unless the indices ascend and are below 2^29, and the siblings
    /// are as many as it takes. The proof is good when this is the root one trusts.
    package static func impliedRoot(indices: [UInt32], leaves: [Hash256], siblings: [Hash256]) -> Hash256? {
        guard indices.count == leaves.count else { return nil }
        var rest = siblings[...]
        var hash = Hash256.zero
        var lefts = [Hash256](repeating: .zero, count: Layout.treeHeight)
        var isComplete = true
        let isProvable = walk(indices) { step in
            switch step {
            case .leaf(let cell): hash = leaves[cell]
            case .waits(let height): lefts[height] = hash
            case .joins(let height): hash = Keccak256.hashPair(lefts[height], hash)
            case .given(let cell, let height):
                guard let sibling = rest.popFirst() else {
                    isComplete = false
                    return
                }
                let isRight = indices[cell] >> UInt32(height) & 1 == 1
                hash = isRight ? Keccak256.hashPair(sibling, hash) : Keccak256.hashPair(hash, sibling)
            }
        }
        return isProvable && isComplete && rest.isEmpty ? hash : nil
    }

    /// What happens on the way from the cells to the root.
    private enum Step {
        /// The climb of a cell begins; cells are named by their position among the indices.
        case leaf(Int)
        /// The hash of this height waits as a left half.
        case waits(Int)
        /// The left half of this height and the hash become one.
        case joins(Int)
        /// The sibling at this height of this cell's path is given by the proof.
        case given(Int, height: Int)
    }

    /// Calls `body` with every step. False, and no step, if there are no cells, they do not ascend or one is outside of the tree.
    private static func walk(_ indices: [UInt32], _ body: (Step) -> Void) -> Bool {
        guard let last = indices.last, last < UInt32(Layout.cellCount), zip(indices, indices.dropFirst()).allSatisfy(<) else {
            return false
        }
        var waiting: UInt32 = 0
        for cell in indices.indices {
            body(.leaf(cell))
            // Behind the last cell comes one outside of the tree.
            let next = cell + 1 < indices.count ? indices[cell + 1] : UInt32(Layout.cellCount)
            for height in 0..<Layout.treeHeight {
                let (position, bit) = (indices[cell] >> UInt32(height), UInt32(1) << UInt32(height))
                if position >> 1 == next >> UInt32(height + 1) {
                    waiting |= bit
                    body(.waits(height))
                    break
                }
                if position & 1 == 1, waiting & bit != 0 {
                    waiting ^= bit
                    body(.joins(height))
                } else {
                    body(.given(cell, height: height))
                }
            }
        }
        return true
    }
}
