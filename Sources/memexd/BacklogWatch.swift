import Logging
import PostingStore
import Sequencer
import Settlement
import Synchronization

/// Watches what is not on L1 yet and what is final there, lets the sequencer forget the latter, and lets the executor take no new orders while that is too much, or while L1 has other deposits than those that
/// the exchange has credited.
final class BacklogWatch: Sendable {
    struct Status: Equatable {
        var backlog = Backlog()
        var posted = PostingTotals()
        /// Why no new orders are taken; nil: they are.
        var refusal: String?
    }

    private let batches: StoredBatches
    private let poster: Poster
    private let limits: BacklogLimits
    private let shared: NodeShared
    private let logger: Logger
    private let state = Mutex(Status())
    private let inboxAgrees = Atomic<Bool>(true)

    init(batches: StoredBatches, poster: Poster, limits: BacklogLimits, shared: NodeShared, logger: Logger) {
        self.batches = batches
        self.poster = poster
        self.limits = limits
        self.shared = shared
        self.logger = logger
    }

    var status: Status { state.withLock { $0 } }

    /// Whether L1 has the inbox messages that the exchange was given.
    func setInboxAgrees(_ agrees: Bool) { inboxAgrees.store(agrees, ordering: .relaxed) }

    func run() async {
        while !Task.isCancelled {
            do {
                if let count = await poster.finalCount { shared.setFinalBatchCount(count) }
                let backlog = try await batches.backlog(posted: poster.postedCount)
                update(backlog, posted: await poster.totals, nowMs: SystemClock.nowMs())
            } catch {
                logger.error("cannot tell what is not on L1 yet: \(error)")
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func update(_ backlog: Backlog, posted: PostingTotals, nowMs: UInt64) {
        let before = status.refusal
        let isExceeded = limits.isExceeded(backlog, nowMs: nowMs, wasExceeded: before != nil)
        let refusal: String?
        if !inboxAgrees.load(ordering: .relaxed) {
            refusal = "L1 has lost or changed inbox messages that the exchange has consumed"
        } else if isExceeded {
            refusal = "\(backlog.batches) batches of \(backlog.ageMs(at: nowMs) / 1000) s and \(backlog.bytes) bytes are not on L1 yet"
        } else {
            refusal = nil
        }
        state.withLock { $0 = Status(backlog: backlog, posted: posted, refusal: refusal) }
        shared.setTakesNewOrders(refusal == nil)
        if let refusal, before == nil { logger.critical("no new orders are taken: \(refusal)") }
        if refusal == nil, before != nil { logger.notice("new orders are taken again") }
    }
}
