/// Reads the journal ahead of the thread that executes it, and compares it with the blocks that are stored: on a thread of its own, at most
/// ``capacity`` rows ahead.
final class ReplayFeed: Sendable {
    /// A row, and what is stored of the blocks that it opens, oldest first. Reused from row to row; one thread at a time holds it.
    final class Row {
        fileprivate(set) var number: Int64 = 0
        fileprivate(set) var bytes: [UInt8] = []
        fileprivate(set) var stored: [StoredHeader] = []
    }

    private struct State {
        var read: [Handover<Row>] = []
        var free: [Handover<Row>] = []
        var isOver = false
        var isCancelled = false
        var failure: (any Error)?
    }

    /// At most 16 MiB.
    private static let capacity = 64

    private let state: Guarded<State>
    private let reader: Parker
    private let taker: Parker

    init() throws {
        reader = try Parker()
        taker = try Parker()
        state = Guarded(State(free: (0..<Self.capacity).map { _ in Handover(Row()) }))
    }

    /// Calls `body` with every row from `first` on while another thread reads ahead. `blocks` compares them with what is stored; nil: nothing is compared.
    func forEachRow(of journal: JournalArchive, from first: Int64, blocks: StoredBlockReader?, _ body: (Row) throws -> Void) throws {
        let source = Handover((journal, blocks))
        let thread = try DedicatedThread(name: "memex-replay") { self.read(source.value.0, source.value.1, from: first) }
        // The journal is the reader's until it ended.
        defer {
            state.withLock { $0.isCancelled = true }
            reader.wake()
            thread.join()
        }
        while true {
            let (rows, isOver) = state.withLock { state in
                defer { state.read.removeAll(keepingCapacity: true) }
                return (state.read, state.isOver)
            }
            for row in rows {
                try body(row.value)
                state.withLock { $0.free.append(row) }
                reader.wake()
            }
            guard rows.isEmpty else { continue }
            if isOver { break }
            taker.park(timeoutMs: -1) { state.withLock { !$0.read.isEmpty || $0.isOver } }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    // MARK: Thread

    private func read(_ journal: JournalArchive, _ blocks: StoredBlockReader?, from first: Int64) {
        do {
            try journal.forEachRow(from: first) { number, bytes in
                let box = try takeFree()
                let row = box.value
                row.number = number
                row.bytes.removeAll(keepingCapacity: true)
                row.bytes.append(contentsOf: bytes)
                row.stored.removeAll(keepingCapacity: true)
                if let blocks {
                    try journal.forEachRecord(number, bytes) { _, record in
                        if let header = try blocks.compare(record) { row.stored.append(header) }
                    }
                }
                state.withLock { $0.read.append(box) }
                taker.wake()
            }
        } catch {
            state.withLock { $0.failure = error }
        }
        state.withLock { $0.isOver = true }
        taker.wake()
    }

    private func takeFree() throws -> Handover<Row> {
        while true {
            let (row, isCancelled) = state.withLock { ($0.isCancelled ? nil : $0.free.popLast(), $0.isCancelled) }
            if isCancelled { throw CancellationError() }
            if let row { return row }
            reader.park(timeoutMs: -1) { state.withLock { !$0.free.isEmpty || $0.isCancelled } }
        }
    }
}
