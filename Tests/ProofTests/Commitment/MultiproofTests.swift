import Engine
import Foundation
import SeededRandom
import Testing

@testable import Proof

/// Proofs for many cells: against golden vectors, against the cells' own paths, and that nothing else passes.
@Suite struct MultiproofTests {
    private static let start = UInt32(Layout.withdrawals / Layout.cellBytes)

    /// A tree of `count` cells, half of them neighbours, with what each holds.
    private func randomTree(_ random: inout SeededGenerator, count: Int) throws -> (tree: StateTree, cells: [UInt32: [UInt8]]) {
        let tree = try StateTree()
        var cells: [UInt32: [UInt8]] = [:]
        for number in 0..<count {
            let index = number % 2 == 0 ? Self.start + UInt32(number) : UInt32(Int.random(in: 0..<Layout.cellCount, using: &random))
            let bytes = (0..<Layout.cellBytes).map { _ in UInt8(Int.random(in: 0..<256, using: &random)) }
            cells[index] = bytes
            bytes.withUnsafeBytes { if let base = $0.baseAddress { tree.apply(cell: index, base) } }
        }
        return (tree, cells)
    }

    private func leaf(_ bytes: [UInt8]) -> Hash256 { bytes.withUnsafeBytes { Keccak256.hash($0) } }

    @Test func `siblings are those of the golden vectors`() throws {
        let vectors = try TreeVectorTests.load()
        let cells = Dictionary(uniqueKeysWithValues: vectors.paths.map { ($0.index, $0) })
        #expect(vectors.multiproofs.count >= 5)
        for proof in vectors.multiproofs {
            let known = try proof.indices.map { try #require(cells[$0]) }
            let siblings = Multiproof.siblings(indices: proof.indices, paths: known.map { $0.path.map(TreeVectorTests.hash) })
            #expect(siblings == proof.siblings.map(TreeVectorTests.hash))
            let leaves = known.map { leaf(TreeVectorTests.bytes($0.cell)) }
            #expect(
                Multiproof.impliedRoot(indices: proof.indices, leaves: leaves, siblings: siblings) == TreeVectorTests.hash(vectors.root))
        }
    }

    @Test(arguments: [1, 2, 3, 4]) func `random cells are proven, and altered proofs are not`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (tree, cells) = try randomTree(&random, count: 60)
        let root = tree.root()
        for _ in 0..<30 {
            let indices = Array(cells.keys.shuffled(using: &random).prefix(1 + Int.random(in: 0..<32, using: &random))).sorted()
            let leaves = indices.map { leaf(cells[$0] ?? []) }
            let siblings = Multiproof.siblings(indices: indices, paths: indices.map(tree.path(cell:)))
            #expect(Multiproof.impliedRoot(indices: indices, leaves: leaves, siblings: siblings) == root)
            if indices.count == 1 { #expect(siblings == tree.path(cell: indices[0])) }

            let position = Int.random(in: 0..<siblings.count, using: &random)
            var changed = siblings
            changed[position] = leaf([UInt8](repeating: 1, count: 64))
            #expect(Multiproof.impliedRoot(indices: indices, leaves: leaves, siblings: changed) != root)
            changed = siblings
            changed.remove(at: position)
            #expect(Multiproof.impliedRoot(indices: indices, leaves: leaves, siblings: changed) == nil)
            changed = siblings
            changed.insert(siblings[position], at: position)
            #expect(Multiproof.impliedRoot(indices: indices, leaves: leaves, siblings: changed) == nil)
            var wrong = leaves
            wrong[Int.random(in: 0..<leaves.count, using: &random)] = siblings[position]
            #expect(Multiproof.impliedRoot(indices: indices, leaves: wrong, siblings: siblings) != root)
        }
    }

    @Test func `cells out of order, twice, outside of the tree or none at all prove nothing`() throws {
        var random = SeededGenerator(seed: 5)
        let (tree, cells) = try randomTree(&random, count: 6)
        let indices = cells.keys.sorted()
        let leaves = indices.map { leaf(cells[$0] ?? []) }
        let siblings = Multiproof.siblings(indices: indices, paths: indices.map(tree.path(cell:)))
        let twice = [indices[0]] + indices
        for wrong in [Array(indices.reversed()), twice, indices.dropLast() + [UInt32(Layout.cellCount)], []] {
            let leaves = wrong.indices.map { leaves[min($0, leaves.count - 1)] }
            #expect(Multiproof.impliedRoot(indices: wrong, leaves: leaves, siblings: siblings) == nil)
        }
        #expect(Multiproof.impliedRoot(indices: indices, leaves: leaves.dropLast(), siblings: siblings) == nil)
        #expect(Multiproof.impliedRoot(indices: [], leaves: [], siblings: []) == nil)
    }
}
