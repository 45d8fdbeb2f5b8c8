/// When the rollup may be halted, and by what. Mirrors `halt` of the contract. Times in seconds since 1970.
package struct RollupDeadlines: Equatable, Sendable {
    /// From after this time on, while no batch consumes the oldest message; nil if none waits.
    package var inbox: UInt64?
    /// From after this time on, while no further batch is posted.
    package var batch: UInt64
    /// From after this time on, while the oldest unclaimed batch stays so; nil if all are claimed.
    package var claim: UInt64?

    package init(inbox: UInt64?, batch: UInt64, claim: UInt64?) {
        self.inbox = inbox
        self.batch = batch
        self.claim = claim
    }

    /// What anyone may halt the rollup for at `time`, as the contract words it; nil if nothing is overdue.
    package func overdue(at time: UInt64) -> String? {
        if let inbox, time > inbox { return "inbox overdue" }
        if time > batch { return "batch overdue" }
        if let claim, time > claim { return "claim overdue" }
        return nil
    }
}

extension RollupContract {
    /// The deadlines that follow from `progress`, of this contract.
    package func deadlines(_ progress: RollupProgress, _ parameters: RollupParameters) async throws(EthereumError) -> RollupDeadlines {
        var deadlines = RollupDeadlines(inbox: nil, batch: parameters.deployedAt + parameters.batchDeadline, claim: nil)
        if progress.inboxConsumed < progress.inboxCount {
            deadlines.inbox = try await inboxTime(index: progress.inboxConsumed) + parameters.inboxDeadline
        }
        if progress.batchCount > 0 {
            deadlines.batch = try await batch(progress.batchCount - 1).postedAt + parameters.batchDeadline
        }
        if progress.claimCount < progress.batchCount {
            deadlines.claim = try await batch(progress.claimCount).postedAt + parameters.batchDeadline
        }
        return deadlines
    }
}
