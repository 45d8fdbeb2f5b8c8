import Engine

/// The binary Merkle tree over the leaves of a group of receipts.
///
/// A node is keccak256(left || right); the last of a row of odd length goes up unchanged, so no leaf is ever repeated. Leaves are hashes of 128
/// bytes and nodes of 64: neither can be taken for the other.
package struct ReceiptTree: Sendable {
    /// From the leaves to the root; never empty.
    private let rows: [[Hash256]]

    /// Hashes once for every leaf but one. `leaves` must not be empty.
    package init(leaves: [Hash256]) {
        precondition(!leaves.isEmpty, "a group has at least one receipt")
        var rows = [leaves]
        while let row = rows.last, row.count > 1 {
            rows.append(
                stride(from: 0, to: row.count, by: 2).map { index in
                    index + 1 < row.count ? Keccak256.hashPair(row[index], row[index + 1]) : row[index]
                })
        }
        self.rows = rows
    }

    package var root: Hash256 { rows[rows.count - 1][0] }

    /// The siblings on the way from leaf `index` to the root, where there are any.
    package func path(of index: Int) -> [Hash256] {
        var position = index
        return rows.dropLast().compactMap { row in
            defer { position /= 2 }
            return position ^ 1 < row.count ? row[position ^ 1] : nil
        }
    }

    /// The root of the tree of `count` leaves that has `leaf` at `index` and `path` beside its way up; nil if that is no such path.
    package static func root(leaf: Hash256, index: UInt32, count: UInt32, path: [Hash256]) -> Hash256? {
        guard index < count else { return nil }
        var (node, position, width, siblings) = (leaf, index, count, path[...])
        while width > 1 {
            if position ^ 1 < width {
                guard let sibling = siblings.popFirst() else { return nil }
                node = position & 1 == 0 ? Keccak256.hashPair(node, sibling) : Keccak256.hashPair(sibling, node)
            }
            position /= 2
            width = width / 2 + width % 2
        }
        return siblings.isEmpty ? node : nil
    }
}
