import BigInt
import Engine
import Sequencer
import Settlement

/// The batches of `chain.sqlite` as the poster takes them, through a connection of its own.
actor ChainBatches: BatchStore {
    private let store: ChainStore

    init(path: String, durability: Durability, deployment: DeploymentIdentity) throws {
        store = try ChainStore(path: path, durability: durability, deployment: deployment)
    }

    func postableBatch(_ number: UInt64) async throws -> PostableBatch? {
        guard let batch = try store.batch(number) else { return nil }
        return PostableBatch(
            number: batch.number, inboxEnd: batch.inboxEnd, firstTimeMs: batch.firstTimeMs, lastTimeMs: batch.lastTimeMs, data: batch.bytes,
            stateRoot: batch.stateRoot, inboxAccumulator: try store.inboxAccumulator(count: batch.inboxEnd))
    }

    func note(_ milestone: BatchMilestone, batch number: UInt64, transaction: Hash256) async throws {
        switch milestone {
        case .posted: try store.setStatus(.posted, ofBatch: number, postTransaction: transaction)
        case .claimed: try store.setStatus(.claimed, ofBatch: number, claimTransaction: transaction)
        case .bondReclaimed: try store.setStatus(.final, ofBatch: number)
        }
    }

    func postingSlots() async throws -> [PostingSlot] {
        try store.postingSlots().compactMap { row in
            PostingCall(kind: row.kind, number: row.number).map { call in
                PostingSlot(
                    nonce: row.nonce, call: call, gasLimit: row.gasLimit, fees: Fees(tip: BigUInt(row.tip), cap: BigUInt(row.cap)),
                    hashes: row.hashes)
            }
        }
    }

    func record(_ slots: [PostingSlot]) async throws {
        for slot in slots {
            let (kind, number) = slot.call.row
            try store.record(
                ChainStore.PostingSlotRow(
                    nonce: slot.nonce, kind: kind, number: number, gasLimit: slot.gasLimit, tip: UInt64(clamping: slot.fees.tip),
                    cap: UInt64(clamping: slot.fees.cap), hashes: slot.hashes))
        }
    }

    func forgetSlots(below nonce: UInt64) async throws { try store.forgetPostingSlots(below: nonce) }

    // MARK: Beside the poster

    /// What L1 does not have yet; `posted`: batches that it has, nil if it was not asked yet.
    func backlog(posted: UInt64?) throws -> Backlog {
        guard let first = try posted ?? store.firstBatch(before: .posted)?.number else { return Backlog() }
        let (batches, bytes, oldestTimeMs) = try store.backlog(from: first)
        return Backlog(batches: batches, bytes: bytes, oldestTimeMs: oldestTimeMs)
    }

    func inboxAccumulator(count: UInt64) throws -> Hash256? { try store.inboxAccumulator(count: count) }

    /// Keeps what the exchange is about to be given, so that the batch that consumes it can be held against L1 later.
    func keep(_ accumulators: [Hash256], after first: UInt64) throws { try store.record(accumulators, after: first) }
}
