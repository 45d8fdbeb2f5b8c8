import BigInt
import Engine
import Logging

/// Brings the sequencer's batches to L1: posts each, claims the state after it, and takes the bond back when the claim is final.
///
/// L1 alone says what was done: every step begins by asking it, so that a restart, a lost transaction or a reorganization never
/// leads to a batch posted twice or left out. The contract enforces the order besides.
package actor Poster {
    /// What one step did.
    package enum Step: Equatable, Sendable {
        /// Nothing waits.
        case idle
        case submitted(posted: UInt64?, claimed: [UInt64], reclaimed: [UInt64], gasUsed: UInt64)
        /// The rollup was halted: nothing can be posted any more.
        case halted
    }

    private static let claimsPerStep = 4
    private static let reclaimsPerStep = 8

    private let store: any BatchStore
    private let chain: any PostingChain
    private let pollSeconds: Double
    private let lookSeconds: Double
    private let logger: Logger
    private var bond: BigUInt?
    private var nextReclaim: UInt64?
    private var checkedBatches: UInt64 = 0
    /// As L1 said last.
    private var nextBatch: UInt64 = 0

    /// - Parameters:
    ///   - pollSeconds: pause between looks for a new batch.
    ///   - lookSeconds: pause between looks at L1 while there is none.
    package init(
        store: any BatchStore, chain: any PostingChain, pollSeconds: Double = 0.25, lookSeconds: Double = 4, logger: Logger
    ) {
        self.store = store
        self.chain = chain
        self.pollSeconds = pollSeconds
        self.lookSeconds = lookSeconds
        self.logger = logger
    }

    /// Posts until the task is cancelled or the rollup is halted. Failures are logged and tried again with growing pauses.
    package func run() async {
        var backoff = Backoff(first: max(1, pollSeconds))
        while !Task.isCancelled {
            do {
                switch try await step() {
                case .idle: try await waitForWork()
                case .submitted: break
                case .halted:
                    logger.critical("the rollup is halted on L1: no batch can be posted any more; balances leave by `memex exit`")
                    return
                }
                if backoff.failures > 0 { logger.info("posting works again", metadata: ["failures": "\(backoff.failures)"]) }
                backoff.succeed()
            } catch {
                let pause = backoff.fail()
                let isTransient = (error as? EthereumError)?.isTransient ?? false
                logger.log(level: isTransient ? .warning : .error, "cannot post to L1: \(error); next try in \(pause) s")
                try? await Task.sleep(for: .seconds(pause))
            }
        }
    }

    /// Waits for the next batch, but not so long that L1 goes unwatched: bonds become free, and somebody may halt the rollup.
    private func waitForWork() async throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(lookSeconds)
        repeat {
            try? await Task.sleep(for: .seconds(pollSeconds))
            if Task.isCancelled { return }
        } while try await store.postableBatch(nextBatch) == nil && clock.now < end
    }

    /// Asks L1 how far it is and submits what can be submitted at once: the next batch, claims, bonds that are free.
    /// Throws ``EthereumError``, ``PosterError`` or what the store throws.
    package func step() async throws -> Step {
        let progress = try await chain.progress()
        if progress.haltedAt != nil { return .halted }
        try await checkStoreMatches(progress)

        var calls: [RollupCall] = []
        nextBatch = progress.batchCount
        let batch = try await store.postableBatch(nextBatch)
        if let batch {
            calls.append(
                .postBatch(
                    number: batch.number, inboxEnd: batch.inboxEnd, firstTimeMs: batch.firstTimeMs, lastTimeMs: batch.lastTimeMs,
                    data: batch.data))
        }
        var claimed: [UInt64] = []
        let claimEnd = min(progress.batchCount + (batch == nil ? 0 : 1), progress.claimCount + UInt64(Self.claimsPerStep))
        for number in progress.claimCount..<max(claimEnd, progress.claimCount) {
            guard let root = number == batch?.number ? batch?.stateRoot : try await store.postableBatch(number)?.stateRoot else {
                throw PosterError.batchNotKept(number: number)
            }
            calls.append(.claimState(number: number, root: root, bond: try await claimBond()))
            claimed.append(number)
        }
        let reclaimed = try await reclaimable(finalCount: progress.finalCount)
        calls += reclaimed.map { .reclaimBond(number: $0) }
        guard !calls.isEmpty else { return .idle }

        let receipts = try await chain.submit(calls)
        if let last = reclaimed.last { nextReclaim = last + 1 }
        // The same order as the calls.
        let milestones =
            (batch.map { [(BatchMilestone.posted, $0.number)] } ?? []) + claimed.map { (.claimed, $0) }
            + reclaimed.map { (.bondReclaimed, $0) }
        for ((milestone, number), receipt) in zip(milestones, receipts) {
            try await store.note(milestone, batch: number, transaction: receipt.transactionHash)
        }
        let gasUsed = receipts.reduce(0) { $0 + $1.gasUsed }
        if let batch {
            logger.info(
                "posted a batch",
                metadata: [
                    "batch": "\(batch.number)", "bytes": "\(batch.data.count)", "inboxEnd": "\(batch.inboxEnd)",
                    "root": "\(batch.stateRoot)", "gas": "\(gasUsed)", "l1Block": "\(receipts.first?.blockNumber ?? 0)",
                ])
        } else {
            logger.info(
                "settled on L1", metadata: ["claimed": "\(claimed)", "bondsReclaimed": "\(reclaimed)", "gas": "\(gasUsed)"])
        }
        return .submitted(posted: batch?.number, claimed: claimed, reclaimed: reclaimed, gasUsed: gasUsed)
    }

    /// Throws ``PosterError`` if the batches on L1 are not those of the store, so that nothing that could be posted may follow; changes nothing.
    package func check() async throws { try await checkStoreMatches(chain.progress()) }

    /// Refuses to go on from batches that are not those that L1 has: another data directory, one restored from an old copy, or one that lost its
    /// end with the power. What is posted next must follow the last batch on L1, and what is claimed must be the state after the bytes on L1.
    private func checkStoreMatches(_ progress: RollupProgress) async throws {
        guard progress.batchCount > checkedBatches, progress.batchCount > 0 else { return }
        for number in max(checkedBatches, min(progress.claimCount, progress.batchCount - 1))..<progress.batchCount {
            guard let ours = try await store.postableBatch(number) else { throw PosterError.batchNotKept(number: number) }
            let theirs = try await chain.batch(number)
            let previous = number == 0 ? .zero : try await chain.batch(number - 1).hash
            let hash = ours.hash(after: previous, inboxAccumulator: try await chain.inboxAccumulator(count: ours.inboxEnd))
            guard hash == theirs.hash else {
                throw PosterError.otherBatch(number: number, ours: "batch hash \(hash)", onL1: "\(theirs.hash)")
            }
            if progress.claimCount > number {
                let claim = try await chain.claim(number)
                guard claim.root == ours.stateRoot else {
                    throw PosterError.otherBatch(number: number, ours: "state root \(ours.stateRoot)", onL1: "\(claim.root)")
                }
            }
        }
        checkedBatches = progress.batchCount
    }

    private func claimBond() async throws -> BigUInt {
        if let bond { return bond }
        let value = try await chain.claimBond()
        bond = value
        return value
    }

    /// Numbers of final claims whose bond can be taken back. Bonds come back in order, so the first is found by bisection.
    private func reclaimable(finalCount: UInt64) async throws -> [UInt64] {
        guard try await claimBond() > 0 else { return [] }
        if nextReclaim == nil {
            var low: UInt64 = 0
            var high = finalCount
            while low < high {
                let middle = (low + high) / 2
                if try await chain.claim(middle).bond == 0 { low = middle + 1 } else { high = middle }
            }
            nextReclaim = low
        }
        guard let first = nextReclaim, first < finalCount else { return [] }
        var numbers: [UInt64] = []
        for number in first..<min(finalCount, first + UInt64(Self.reclaimsPerStep)) {
            if try await chain.claim(number).bond > 0 { numbers.append(number) }
        }
        if numbers.isEmpty { nextReclaim = min(finalCount, first + UInt64(Self.reclaimsPerStep)) }
        return numbers
    }
}

/// The sequencer's batches do not fit what L1 has.
package enum PosterError: Error, Equatable, CustomStringConvertible {
    case otherBatch(number: UInt64, ours: String, onL1: String)
    case batchNotKept(number: UInt64)

    package var description: String {
        switch self {
        case .otherBatch(let number, let ours, let onL1):
            "batch \(number) on L1 is not ours: here it has \(ours), on L1 \(onL1); the data directory belongs to another run, or is an old copy"
        case .batchNotKept(let number):
            "batch \(number) is on L1, but the data directory does not have it; restore the directory, or rebuild from L1"
        }
    }
}
