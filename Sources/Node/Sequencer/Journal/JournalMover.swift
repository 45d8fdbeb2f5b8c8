/// Moves rows from the journal's tail to its archive, on a thread of its own, and removes from the archive what checkpoints made needless.
///
/// Without load it costs next to nothing: it sleeps until the first row comes, lets more gather, and moves them in one transaction.
final class JournalMover: Sendable {
    private let journal: Journal
    private let shared: NodeShared

    /// How long rows gather, unless the tail fills up.
    private static let gatherMs: Int32 = 20
    /// Rows that are removed after each move at least; so many more than were moved that the archive gets no longer under any load.
    private static let prunedRowsMin: Int64 = 256

    init(_ journal: Journal, shared: NodeShared) {
        self.journal = journal
        self.shared = shared
    }

    func start() throws -> DedicatedThread { try DedicatedThread(name: "memex-journal") { self.run() } }

    /// Ends when the executor has and everything is moved, or when the archive cannot be written: the tail then keeps what it has for the next start.
    private func run() {
        var prunedThroughBlock: UInt64 = 0
        do {
            while true {
                let isLast = shared.isExecutorDone
                let moved = try journal.move { shared.executorParker.wake() }
                if isLast && moved == 0 { return }
                let target = shared.pruneThroughBlock
                if target > prunedThroughBlock,
                    try !journal.archive.prune(throughBlock: target, rowsMax: Self.prunedRowsMin + 2 * moved)
                {
                    prunedThroughBlock = target
                }
                if moved == 0, target == prunedThroughBlock {
                    journal.waitForRows { shared.isExecutorDone || shared.pruneThroughBlock > prunedThroughBlock }
                }
                journal.parker.park(timeoutMs: Self.gatherMs) { journal.isMoveUrgent || shared.isExecutorDone }
            }
        } catch {
            shared.fail(error)
        }
    }
}
