import CKeccak
import Engine

/// The commitment to an arena: a shadow copy of its cells and the keccak-256 Merkle tree of height 29 over them.
///
/// `apply` marks what changed; `root` hashes only what is marked, each node once. Memory grows with what was ever touched:
/// the shadow's pages and a quarter of that for nodes (see ``TreeShape``). One thread at a time may use it; for a large job it has a helper
/// of its own (``HashingHelper``).
///
/// Invariants between calls:
/// - every stored node whose subtree has no marked group is the hash of its children;
/// - a group of 4 cells is marked if one of them changed since the last `root`;
/// - every page of 64 cells that is not all zero has its bit in `touchedPages`.
package final class StateTree {
    private let shadow: ReservedMemory
    private let tiers: TreeTiers
    private var touchedPages: PageSet
    private var order = CellOrder()
    /// One for each worker.
    private let hashers: [SubtreeHasher]
    private let workers: Int
    private lazy var helper = HashingHelper()
    /// Of the tier being hashed: where each piece of its marked blocks ends.
    private var pieceEnds: [Int] = []
    private var currentRoot = TreeShape.zeroSubtrees[Layout.treeHeight]

    /// Cells or marked nodes from which the helper is worth waking: half a millisecond at least.
    private static let helpedMin = 2048
    /// Cells that are brought into the shadow at a time.
    private static let cellsPerPiece = 512
    /// Cells between the one that is copied and the one that is fetched.
    private static let fetchAhead = 16
    /// Marked nodes that are hashed at a time: a sixth of a millisecond at most, so that two threads end together.
    private static let nodesPerPiece = 252

    /// The tree of an all-zero arena. Nothing is committed up front. `workers`: 1 to hash on the calling thread alone, 2 to have help with large
    /// jobs; the thread is started by the first of them. `lanes`: as in ``WideKeccak``.
    package init(workers: Int = 2, lanes: Int = WideKeccak.lanes) throws(ReservationFailed) {
        precondition((1...2).contains(workers) && lanes <= WideKeccak.lanes)
        self.workers = workers
        hashers = (0..<workers).map { _ in SubtreeHasher(lanes: lanes) }
        shadow = try ReservedMemory(byteCount: Layout.arenaBytes)
        tiers = try TreeTiers()
        touchedPages = try PageSet(below: TreeShape.pageCount)
    }

    /// The root of the all-zero arena.
    package static var genesisRoot: Hash256 { TreeShape.zeroSubtrees[Layout.treeHeight] }

    /// Sets the cell at `index` (below `Layout.cellCount`) to the 64 bytes at `bytes`. Cheap if they are what it holds.
    package func apply(cell index: UInt32, _ bytes: UnsafeRawPointer) {
        if copy(cell: index, bytes) { mark(cell: index) }
    }

    /// Sets the cells at `indices` to the 64 bytes each at `bytes`, in that order where one is named twice. Fast also where the cells are far apart and
    /// in no cache: goes through them in ascending order and fetches ahead.
    package func apply(cells indices: UnsafeBufferPointer<UInt32>, _ bytes: UnsafeRawPointer) {
        let keys = order.ascending(indices)
        let isChanged = order.isChanged
        let size = Self.cellsPerPiece
        share((keys.count + size - 1) / size, helped: keys.count >= Self.helpedMin) { piece, _ in
            for position in CellOrder.whole(piece * size..<min((piece + 1) * size, keys.count), of: keys) {
                if position + Self.fetchAhead < keys.count {
                    let next = keys[position + Self.fetchAhead]
                    memex_prefetch(shadow.base + Int(CellOrder.index(next)) * Layout.cellBytes)
                    memex_prefetch(bytes + CellOrder.position(next) * Layout.cellBytes)
                }
                let key = keys[position]
                isChanged[position] = copy(cell: CellOrder.index(key), bytes + CellOrder.position(key) * Layout.cellBytes)
            }
        }
        for position in keys.indices where isChanged[position] { mark(cell: CellOrder.index(keys[position])) }
    }

    /// Whether the cell was another before.
    @inline(__always)
    private func copy(cell index: UInt32, _ bytes: UnsafeRawPointer) -> Bool {
        precondition(Int(index) < Layout.cellCount)
        let cell = shadow.base + Int(index) * Layout.cellBytes
        let old = cell.load(as: SIMD8<UInt64>.self)
        let new = bytes.loadUnaligned(as: SIMD8<UInt64>.self)
        guard old != new else { return false }
        cell.storeBytes(of: new, as: SIMD8<UInt64>.self)
        return true
    }

    @inline(__always)
    private func mark(cell index: UInt32) {
        touchedPages.insert(Int(index) / 64)
        tiers.mark(tier: 0, index: Int(index) / TreeShape.groupCells)
    }

    /// Sets the 64 cells of a page (below 2^23) to the 4096 bytes at `bytes`: loads a checkpoint.
    package func load(page: UInt32, _ bytes: UnsafeRawPointer) {
        precondition(Int(page) < TreeShape.pageCount)
        for cell in 0..<64 { apply(cell: page * 64 + UInt32(cell), bytes + cell * Layout.cellBytes) }
    }

    /// The Merkle root over the cells as last set.
    package func root() -> Hash256 {
        guard tiers.hasMarks else { return currentRoot }
        for tier in 0..<TreeShape.tierCount {
            tiers.markAbove(tier: tier)
            hashMarked(tier: tier)
            tiers.finish(tier: tier)
        }
        currentRoot = tiers.node(height: Layout.treeHeight, index: 0)
        joinPages(stretchesMax: 1)
        return currentRoot
    }

    /// Joins pages to huge ones where that takes no more memory, which makes a root over scattered cells a tenth faster: now instead of bit by bit
    /// with the next roots. For those who have time, as after a checkpoint was loaded.
    package func joinPages() { joinPages(stretchesMax: .max) }

    private func joinPages(stretchesMax: Int) {
        var stretches = 0
        while stretches < stretchesMax, touchedPages.hasComplete || tiers.hasPagesToJoin {
            if let stretch = touchedPages.takeComplete() { shadow.join(stretch: stretch) }
            tiers.joinPages()
            stretches += 1
        }
    }

    private func hashMarked(tier: Int) {
        let blocks = tiers.markedBlocks(tier: tier)
        let nodes = cut(blocks, marks: tiers.marks(tier: tier))
        share(pieceEnds.count, helped: nodes >= Self.helpedMin) { piece, worker in
            let start = piece == 0 ? 0 : pieceEnds[piece - 1]
            hashers[worker].hash(blocks[start..<pieceEnds[piece]], tier: tier, of: tiers, cells: shadow.base)
        }
    }

    /// Cuts `blocks` into pieces, to `pieceEnds`. Returns how many nodes are marked in them.
    private func cut(_ blocks: UnsafeBufferPointer<UInt32>, marks: UnsafePointer<UInt64>) -> Int {
        pieceEnds.removeAll(keepingCapacity: true)
        var (nodes, nodesBefore) = (0, 0)
        for position in blocks.indices {
            nodes += marks[Int(blocks[position])].nonzeroBitCount
            guard nodes - nodesBefore >= Self.nodesPerPiece || position == blocks.count - 1 else { continue }
            pieceEnds.append(position + 1)
            nodesBefore = nodes
        }
        return nodes
    }

    /// Calls `work` for each piece below `pieces`, on both workers if `helped`.
    private func share(_ pieces: Int, helped: Bool, _ work: (_ piece: Int, _ worker: Int) -> Void) {
        if workers > 1 && helped {
            helper.run(count: pieces, work)
        } else {
            for piece in 0..<pieces { work(piece, 0) }
        }
    }

    /// The 29 sibling hashes of the cell at `index`, from the leaf up, under `root()`.
    package func path(cell index: UInt32) -> [Hash256] {
        precondition(Int(index) < Layout.cellCount)
        _ = root()
        let group = Int(index) / TreeShape.groupCells
        let cells = shadow.base + group * TreeShape.groupCells * Layout.cellBytes
        var row = (0..<TreeShape.groupCells).map { Keccak256.hash64(cells + $0 * Layout.cellBytes) }
        var path: [Hash256] = []
        path.reserveCapacity(Layout.treeHeight)
        for height in 0..<TreeShape.storedHeightMin {
            path.append(row[(Int(index) >> height) % row.count ^ 1])
            row = (0..<row.count / 2).map { Keccak256.hashPair(row[2 * $0], row[2 * $0 + 1]) }
        }
        for height in TreeShape.storedHeightMin..<Layout.treeHeight {
            path.append(tiers.node(height: height, index: Int(index) >> height ^ 1))
        }
        return path
    }

    /// The root that a cell of these 64 bytes at `index` has with the siblings `path`; nil unless there are 29 of them and the
    /// index is below 2^29. A proof is good when this is the root one trusts.
    package static func impliedRoot(cell bytes: UnsafeRawBufferPointer, index: UInt32, path: [Hash256]) -> Hash256? {
        guard bytes.count == Layout.cellBytes, path.count == Layout.treeHeight, Int(index) < Layout.cellCount else { return nil }
        var hash = Keccak256.hash(bytes)
        for height in 0..<path.count {
            let isRight = index >> UInt32(height) & 1 == 1
            hash = isRight ? Keccak256.hashPair(path[height], hash) : Keccak256.hashPair(hash, path[height])
        }
        return hash
    }

    /// Calls `body` with the 64 bytes of the cell at `index`.
    package func withCell<Result>(_ index: UInt32, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        precondition(Int(index) < Layout.cellCount)
        return try body(UnsafeRawBufferPointer(start: shadow.base + Int(index) * Layout.cellBytes, count: Layout.cellBytes))
    }

    /// Calls `body` with the 4096 bytes of a page (below 2^23).
    package func withPage<Result>(_ page: UInt32, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        precondition(Int(page) < TreeShape.pageCount)
        return try body(UnsafeRawBufferPointer(start: shadow.base + Int(page) * TreeShape.pageBytes, count: TreeShape.pageBytes))
    }

    /// Calls `body` with the number (cell index / 64) and the 4096 bytes of every page that is not all zero, in ascending order.
    package func forEachPage(_ body: (UInt32, UnsafeRawBufferPointer) throws -> Void) rethrows {
        for word in 0..<touchedPages.wordCount where touchedPages.words[word] != 0 {
            var bits = touchedPages.words[word]
            while bits != 0 {
                let page = word * 64 + bits.trailingZeroBitCount
                bits &= bits - 1
                let bytes = UnsafeRawBufferPointer(start: shadow.base + page * TreeShape.pageBytes, count: TreeShape.pageBytes)
                if !isZero(bytes) { try body(UInt32(page), bytes) }
            }
        }
    }

    private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.withMemoryRebound(to: UInt64.self) { words in words.allSatisfy { $0 == 0 } }
    }

    /// Bytes of physical memory behind the shadow, and behind everything else. For tests and status pages: it walks the page tables.
    package func residentBytes() -> (shadow: Int, nodes: Int) {
        (shadow.residentBytes(), tiers.residentBytes() + touchedPages.residentBytes())
    }
}
