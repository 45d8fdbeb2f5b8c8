import Engine
import SeededRandom
import Testing

@testable import Proof

@Suite struct StateTreeTests {
    static func apply(_ bytes: [UInt8], at index: UInt32, to tree: StateTree) {
        bytes.withUnsafeBytes { if let base = $0.baseAddress { tree.apply(cell: index, base) } }
    }

    static func impliedRoot(_ bytes: [UInt8], at index: UInt32, _ path: [Hash256]) -> Hash256? {
        bytes.withUnsafeBytes { StateTree.impliedRoot(cell: $0, index: index, path: path) }
    }

    /// An index that is close to others often and at the edges of subtrees sometimes.
    static func randomIndex(_ generator: inout SeededGenerator) -> UInt32 {
        let highest = UInt32(Layout.cellCount - 1)
        let base = UInt32(truncatingIfNeeded: generator.next()) & highest
        switch generator.next() % 4 {
        case 0: return base
        case 1: return base & 0x3F
        case 2: return (base & 7) << 26 | UInt32(generator.next() % 512)
        default: return highest - base & 0x7FF
        }
    }

    static func randomCell(_ generator: inout SeededGenerator) -> [UInt8] {
        if generator.next() % 8 == 0 { return [UInt8](repeating: 0, count: 64) }
        return (0..<64).map { _ in UInt8(truncatingIfNeeded: generator.next()) & 3 }
    }

    @Test func emptyTreeHasGenesisRoot() throws {
        let tree = try StateTree()
        #expect(tree.root() == StateTree.genesisRoot)
        #expect(tree.root() == SlowTree().root())
    }

    @Test(arguments: [UInt64(1), 2, 3, 0xFEED])
    func randomUpdatesMatchSlowTree(seed: UInt64) throws {
        print("StateTreeTests seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let tree = try StateTree()
        var slow = SlowTree()
        for round in 0..<24 {
            for _ in 0..<Int(generator.next() % (round % 3 == 0 ? 400 : 5)) {
                let index = Self.randomIndex(&generator)
                let cell = Self.randomCell(&generator)
                Self.apply(cell, at: index, to: tree)
                slow.set(index, cell)
            }
            let root = tree.root()
            #expect(root == slow.root(), "seed \(seed), round \(round)")
            #expect(tree.root() == root)
            for index in [slow.cells.keys.min() ?? 0, Self.randomIndex(&generator)] {
                let path = tree.path(cell: index)
                #expect(path == slow.path(index), "seed \(seed), round \(round), cell \(index)")
                let cell = tree.withCell(index) { Array($0) }
                #expect(cell == slow.cells[index] ?? [UInt8](repeating: 0, count: 64))
                #expect(Self.impliedRoot(cell, at: index, path) == root)
            }
        }
        // From scratch, in another order, gives the same.
        let fresh = try StateTree()
        for (index, cell) in slow.cells { Self.apply(cell, at: index, to: fresh) }
        #expect(fresh.root() == tree.root())
        // And through pages, as from a checkpoint.
        let loaded = try StateTree()
        var lastPage: UInt32?
        var cells = 0
        tree.forEachPage { page, bytes in
            #expect(lastPage.map { $0 < page } ?? true)
            lastPage = page
            if let base = bytes.baseAddress { loaded.load(page: page, base) }
            for cell in 0..<64 where bytes[64 * cell..<64 * cell + 64].contains(where: { $0 != 0 }) {
                cells += 1
                #expect(slow.cells[page * 64 + UInt32(cell)] != nil)
            }
        }
        #expect(cells == slow.cells.count)
        #expect(loaded.root() == tree.root())
        // Back to all zero is genesis again, and no page is left.
        for index in slow.cells.keys { Self.apply([UInt8](repeating: 0, count: 64), at: index, to: tree) }
        #expect(tree.root() == StateTree.genesisRoot)
        tree.forEachPage { page, _ in Issue.record("page \(page) is zero") }
    }

    @Test func corruptedProofsGiveAnotherRoot() throws {
        var generator = SeededGenerator(seed: 77)
        let tree = try StateTree()
        for _ in 0..<200 { Self.apply(Self.randomCell(&generator), at: Self.randomIndex(&generator), to: tree) }
        let index = UInt32(0x1000_0010)
        let cell = (0..<64).map { UInt8($0) }
        Self.apply(cell, at: index, to: tree)
        let root = tree.root()
        let path = tree.path(cell: index)
        #expect(Self.impliedRoot(cell, at: index, path) == root)
        for height in path.indices {
            for bit in [0, 63] {
                var corrupted = path
                corrupted[height].word1 ^= 1 << UInt64(bit)
                #expect(Self.impliedRoot(cell, at: index, corrupted) != root)
            }
            #expect(Self.impliedRoot(cell, at: index ^ 1 << UInt32(height), path) != root)
        }
        for byte in cell.indices {
            var corrupted = cell
            corrupted[byte] ^= 0x80
            #expect(Self.impliedRoot(corrupted, at: index, path) != root)
        }
        #expect(Self.impliedRoot(cell, at: index, path.dropLast()) == nil)
        #expect(Self.impliedRoot(cell, at: index, path + [root]) == nil)
        #expect(Self.impliedRoot(cell, at: UInt32(Layout.cellCount), path) == nil)
        #expect(Self.impliedRoot(cell.dropLast(), at: index, path) == nil)
        #expect(Self.impliedRoot(cell + [0], at: index, path) == nil)
    }

    @Test func equalBytesMarkNothing() throws {
        let tree = try StateTree()
        let cell = [UInt8](repeating: 9, count: 64)
        Self.apply(cell, at: 12345, to: tree)
        let root = tree.root()
        Self.apply(cell, at: 12345, to: tree)
        #expect(tree.root() == root)
        #expect(root != StateTree.genesisRoot)
    }

    /// The shadow plus the nodes stay within 1.3 times the touched arena when what is touched lies together, as records do.
    @Test func memoryStaysSmall() throws {
        let tree = try StateTree()
        let touchedPages = 4096
        var cell = [UInt8](repeating: 1, count: 64)
        for page in 0..<touchedPages {
            cell[0] = UInt8(truncatingIfNeeded: page)
            cell[1] = UInt8(truncatingIfNeeded: page >> 8)
            // One cell a page is enough to make the page resident; four runs in four regions.
            let first = UInt32(page % 4) << 26 + UInt32(page / 4 * 64)
            Self.apply(cell, at: first + UInt32(page % 64), to: tree)
        }
        _ = tree.root()
        let resident = tree.residentBytes()
        let touched = touchedPages * TreeShape.pageBytes
        print("state tree: touched \(touched >> 10) KiB, shadow \(resident.shadow >> 10) KiB, nodes \(resident.nodes >> 10) KiB")
        #expect(resident.shadow >= touched)
        #expect(Double(resident.shadow + resident.nodes) <= 1.3 * Double(touched))
    }

    struct Way: CustomTestStringConvertible {
        let workers: Int
        let lanes: Int
        var testDescription: String { "\(workers) workers, \(lanes) lanes" }
    }

    static let ways = [0, 4, 8].filter { $0 <= WideKeccak.lanes }.flatMap { lanes in (1...2).map { Way(workers: $0, lanes: lanes) } }

    /// Jobs large enough for the helper and for several batches, dense and scattered, by every way of dispatch.
    @Test(arguments: ways)
    func largeJobsMatchSlowTree(way: Way) throws {
        var generator = SeededGenerator(seed: 99)
        let tree = try StateTree(workers: way.workers, lanes: way.lanes)
        var slow = SlowTree()
        for round in 0..<3 {
            var indices: [UInt32] = []
            var bytes: [UInt8] = []
            for position in 0..<3000 {
                // A third in one run, the others far apart; some twice.
                let scattered = UInt32(truncatingIfNeeded: generator.next()) & UInt32(Layout.cellCount - 1)
                let index = position % 3 == 0 ? UInt32(0x800_0000 + position + 1000 * round) : scattered
                let cell = Self.randomCell(&generator)
                indices.append(index)
                bytes += cell
                slow.set(index, cell)
            }
            // One so often that it fills more than the pieces in which cells are copied: the last one counts.
            for repetition in 0..<1500 {
                let cell = [UInt8](repeating: UInt8(repetition % 251), count: 64)
                indices.append(indices[5])
                bytes += cell
                slow.set(indices[5], cell)
            }
            indices.withUnsafeBufferPointer { indices in
                bytes.withUnsafeBytes { if let base = $0.baseAddress { tree.apply(cells: indices, base) } }
            }
            #expect(tree.root() == slow.root(), "round \(round)")
        }
        let index = slow.cells.keys.max() ?? 0
        #expect(tree.path(cell: index) == slow.path(index))
    }

    /// Where a node lies by its formula is where a walk up from the cells ends.
    @Test func placesAreDistinct() {
        for height in TreeShape.storedHeightMin...Layout.treeHeight {
            let tier = TreeShape.tier(height: height)
            #expect((TreeShape.bottom(ofTier: tier)...Layout.treeHeight).contains(height))
            for index in [0, 1, (1 << (Layout.treeHeight - height)) - 1] where index < 1 << (Layout.treeHeight - height) {
                let (block, node) = TreeShape.place(height: height, index: index)
                #expect(block < TreeShape.blockCount(tier: tier) && (2..<TreeShape.blockNodes).contains(node))
                let up = TreeShape.place(height: min(height + 1, Layout.treeHeight), index: index / 2)
                let sameTier = height < Layout.treeHeight && TreeShape.tier(height: height + 1) == tier
                #expect(!sameTier || (up.block == block && up.node == node / 2))
            }
        }
    }
}
