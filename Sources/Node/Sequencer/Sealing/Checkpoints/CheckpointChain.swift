import Engine
import Proof

/// A whole checkpoint and increments on it, opened and checked: one state.
struct CheckpointChain {
    /// The whole file first.
    private let readers: [CheckpointReader]

    /// Opens every file of `names`, which must not be empty. Throws as ``CheckpointReader`` does.
    init(_ names: [CheckpointName], directory: String, deployment: DeploymentIdentity) throws {
        readers = try names.map { try CheckpointReader($0, directory: directory, deployment: deployment) }
        for (before, reader) in zip(readers, readers.dropFirst()) {
            guard reader.head.previous == before.head.asPrevious else {
                let expected = reader.head.previous?.stateRoot ?? .zero
                throw CheckpointUnusable(name: reader.name, reason: .otherPrevious(expected: expected, found: before.head.header.stateRoot))
            }
        }
        precondition(!readers.isEmpty && readers[0].head.previous == nil)
    }

    /// What the newest file says.
    var head: CheckpointHead { readers[readers.count - 1].head }

    /// Calls `body` with each page that any file has, ascending, with its newest bytes.
    func forEachPage(_ body: (UInt32, UnsafeRawBufferPointer) throws -> Void) rethrows {
        var positions = [Int](repeating: 0, count: readers.count)
        while true {
            // Of those that have the lowest page, the newest is the last.
            var newest: Int?
            var lowest = UInt32.max
            for (reader, position) in positions.enumerated() where position < readers[reader].count {
                let page = readers[reader].page(at: position)
                if page <= lowest {
                    lowest = page
                    newest = reader
                }
            }
            guard let newest else { return }
            try body(lowest, readers[newest][positions[newest]].bytes)
            for reader in readers.indices where positions[reader] < readers[reader].count {
                if readers[reader].page(at: positions[reader]) == lowest { positions[reader] += 1 }
            }
        }
    }

    /// Loads the state into a fresh exchange and a fresh tree. Throws ``CheckpointUnusable`` if its root is wrong, after which neither must be used.
    func load(into hosted: HostedExchange, _ tree: StateTree) throws {
        forEachPage { page, bytes in
            guard let base = bytes.baseAddress else { return }
            tree.load(page: page, base)
            (hosted.arenaBytes + Int(page) * CheckpointFormat.pageBytes).copyMemory(from: base, byteCount: bytes.count)
        }
        let root = tree.root()
        tree.joinPages()
        guard root == head.header.stateRoot else {
            throw CheckpointUnusable(name: head.name, reason: .wrongRoot(stored: head.header.stateRoot, computed: root))
        }
    }

    /// Writes the state as one whole file. `isCancelled` is asked every so often; throws `CancellationError` if it says so.
    func fold(directory: String, deployment: DeploymentIdentity, isCancelled: () -> Bool) throws -> CheckpointName {
        var whole = head
        whole.previous = nil
        let writer = try CheckpointWriter(whole, directory: directory, deployment: deployment)
        try forEachPage { page, bytes in
            if page & 0xFF == 0, isCancelled() { throw CancellationError() }
            let isZero = bytes.withMemoryRebound(to: UInt64.self) { words in words.allSatisfy { $0 == 0 } }
            if !isZero { try writer.append(page: page, bytes) }
        }
        try writer.finish()
        try writer.publish()
        return whole.name
    }
}
