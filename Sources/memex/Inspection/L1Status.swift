import Engine
import Settlement

/// What L1 says of the rollup.
struct L1Status {
    let progress: RollupProgress
    let parameters: RollupParameters
    let deadlines: RollupDeadlines
    /// The last claimed state and the number of its batch.
    let lastClaim: (number: UInt64, claim: Claim)?
    /// When the oldest claim that is not final will be, in seconds since 1970.
    let nextFinalAt: UInt64?
    /// Time of the newest block that a batch on L1 holds, in milliseconds since 1970; 0: none.
    let lastTimeMs: UInt64

    init(_ contract: RollupContract) async throws {
        progress = try await contract.progress()
        parameters = try await contract.parameters()
        lastTimeMs = try await contract.lastTimeMs()
        deadlines = try await contract.deadlines(progress, parameters)
        if progress.claimCount > 0 {
            lastClaim = (progress.claimCount - 1, try await contract.claim(progress.claimCount - 1))
        } else {
            lastClaim = nil
        }
        if progress.finalCount < progress.claimCount {
            nextFinalAt = try await contract.claim(progress.finalCount).claimedAt + parameters.challengeWindow
        } else {
            nextFinalAt = nil
        }
    }

    /// What anyone may halt it for now; nil if nothing is overdue or it is halted already.
    private var overdue: String? { progress.haltedAt == nil ? deadlines.overdue(at: progress.l1Time) : nil }

    /// Why nobody may halt it now, in a sentence; nil if anyone may.
    var reasonNotToHalt: String? {
        if let haltedAt = progress.haltedAt { return "the rollup was halted \(when(haltedAt)) already; `memex exit` takes funds out" }
        guard overdue == nil else { return nil }
        let due = [("the oldest inbox message", deadlines.inbox), ("the next batch", deadlines.batch), ("the next claim", deadlines.claim)]
        let (what, time) =
            due.compactMap { what, time in time.map { (what, $0) } }.min { $0.1 < $1.1 } ?? ("the next batch", deadlines.batch)
        return "nothing is overdue: nobody may halt it before \(what) is, due \(when(time))"
    }

    var json: JSON {
        [
            "block": .integer(progress.l1Block), "time": .integer(progress.l1Time), "batches": .integer(progress.batchCount),
            "claims": .integer(progress.claimCount), "final": .integer(progress.finalCount),
            "lastClaimedRoot": .optional(lastClaim) { .text($0.claim.root.hex) }, "nextFinalAt": .optional(nextFinalAt) { .integer($0) },
            "inboxCount": .integer(progress.inboxCount), "inboxConsumed": .integer(progress.inboxConsumed),
            "lastBlockTimeMs": .integer(lastTimeMs), "timeDriftSeconds": .integer(parameters.timeDrift),
            "halted": .flag(progress.haltedAt != nil), "haltedAt": .optional(progress.haltedAt) { .integer($0) },
            "overdue": .optional(overdue) { .text($0) },
            "deadlines": [
                "inbox": .optional(deadlines.inbox) { .integer($0) }, "batch": .integer(deadlines.batch),
                "claim": .optional(deadlines.claim) { .integer($0) },
            ],
            "challengeWindowSeconds": .integer(parameters.challengeWindow), "inboxDeadlineSeconds": .integer(parameters.inboxDeadline),
            "batchDeadlineSeconds": .integer(parameters.batchDeadline), "claimBondWei": .text(String(parameters.claimBond)),
        ]
    }

    var text: String {
        var fields = [
            ("L1 block", "\(progress.l1Block), \(Moment.text(seconds: progress.l1Time))"), ("batches posted", String(progress.batchCount)),
            ("states claimed", String(progress.claimCount)), ("states final", String(progress.finalCount)),
        ]
        if lastTimeMs > 0 { fields.append(("newest block on L1", when(lastTimeMs / 1000))) }
        if let lastClaim { fields.append(("last claimed root", "\(lastClaim.claim.root) (batch \(lastClaim.number))")) }
        if let nextFinalAt { fields.append(("next final", when(nextFinalAt))) }
        fields.append(("inbox messages", "\(progress.inboxCount), \(progress.inboxConsumed) consumed"))
        if let haltedAt = progress.haltedAt {
            fields.append(("halted", "\(when(haltedAt)): `memex exit` takes funds out once the last claim is final"))
        } else {
            if let inbox = deadlines.inbox { fields.append(("oldest message due", when(inbox))) }
            fields.append(("next batch due", when(deadlines.batch)))
            if let claim = deadlines.claim { fields.append(("next claim due", when(claim))) }
            fields.append(("halted", overdue.map { "no, but anyone may halt it: \($0)" } ?? "no"))
        }
        return TextTable.fields(fields)
    }

    private func when(_ time: UInt64) -> String { "\(Moment.text(seconds: time)) (\(Moment.distance(to: time, from: progress.l1Time)))" }
}
