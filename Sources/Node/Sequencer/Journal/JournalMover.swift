import Logging

/// Moves rows from the journal's tail to its archive, on a thread of its own, and removes from the archive what checkpoints made needless.
///
/// It also gets the pages ready that tail and log of events are written to next, so that who writes there need not wait for the disk.
///
/// Without load it costs next to nothing: it sleeps until the first row comes, lets more gather, and moves them in one transaction.
final class JournalMover: Sendable {
    private let journal: Journal
    private let log: EventLog
    private let shared: NodeShared
    private let logger: Logger

    /// How long rows gather, unless the tail fills up.
    private static let gatherMs: Int32 = 20
    /// Rows that are removed after each move at least; so many more than were moved that the archive gets no longer under any load.
    private static let prunedRowsMin: Int64 = 256

    init(_ journal: Journal, log: EventLog, shared: NodeShared, logger: Logger) {
        self.journal = journal
        self.log = log
        self.shared = shared
        self.logger = logger
    }

    func start() throws -> DedicatedThread { try DedicatedThread(name: "memex-journal") { self.run() } }

    /// Ends when the executor has and everything is moved, or when the archive cannot be written: the tail then keeps what it has for the next start.
    private func run() {
        var prunedThroughBlock: UInt64 = 0
        var tailPages = journal.tail.makePagesAhead()
        var logPages = log.makePagesAhead()
        var pauseLog = PauseLog()
        do {
            while true {
                let isLast = shared.isExecutorDone
                let target = shared.pruneThroughBlock
                let moved = try journal.writes.whileWriting {
                    tailPages.follow(journal.tail.end)
                    logPages.follow(log.publishedEnd)
                    let moved = try journal.move { shared.executorParker.wake() }
                    if target > prunedThroughBlock,
                        try !journal.archive.prune(throughBlock: target, rowsMax: Self.prunedRowsMin + 2 * moved)
                    {
                        prunedThroughBlock = target
                    }
                    return moved
                } ended: {
                    note(tookMs: $0, &pauseLog)
                }
                if isLast && moved == 0 { return }
                if moved == 0, target == prunedThroughBlock {
                    journal.waitForRows { shared.isExecutorDone || shared.pruneThroughBlock > prunedThroughBlock }
                }
                journal.parker.park(timeoutMs: Self.gatherMs) { journal.isMoveUrgent || shared.isExecutorDone }
            }
        } catch {
            shared.fail(error)
        }
    }

    private func note(tookMs: UInt64, _ log: inout PauseLog) {
        shared.statistics.journalLongestWriteMs.raise(to: tookMs)
        guard let unsaidCount = log.noteEnd(at: SystemClock.monotonicNs(), tookNs: tookMs * 1_000_000) else { return }
        logger.warning(
            "the disk with the data directory is slow: rows of the journal took long to write",
            metadata: ["milliseconds": "\(tookMs)", "unsaidBefore": "\(unsaidCount)"])
    }
}
