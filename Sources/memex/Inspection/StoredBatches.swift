import BigInt
import Engine
import Sequencer
import Settlement

/// The batches of a node's chain store as the poster takes them.
actor StoredBatches: BatchStore {
    private let store: ChainStore
    /// A running node holds its journal; while we hold it, none can start.
    private let journal: Journal?

    /// With `cutsRemainder` the node must be stopped, and what no batch holds yet is cut into one.
    init(_ directory: DataDirectory, _ deployment: DeploymentIdentity, cutsRemainder: Bool) throws {
        let journal = cutsRemainder ? try Journal(path: directory.journal, durability: .fsync, deployment: deployment) : nil
        store = try ChainStore(path: directory.chain, durability: .fsync, deployment: deployment)
        if let journal { _ = try store.cutRemainder(holding: journal) }
        self.journal = journal
    }

    func batchCount() throws -> UInt64 { try store.lastBatch().map { $0.number + 1 } ?? 0 }

    func blocksNotCut() throws -> UInt64 { try store.lastBlockNumber() - (store.lastBatch()?.lastBlock ?? 0) }

    func postableBatch(_ number: UInt64) async throws -> PostableBatch? {
        try store.batch(number).map {
            PostableBatch(
                number: $0.number, inboxEnd: $0.inboxEnd, firstTimeMs: $0.firstTimeMs, lastTimeMs: $0.lastTimeMs, data: $0.bytes,
                stateRoot: $0.stateRoot, inboxAccumulator: try store.inboxAccumulator(count: $0.inboxEnd))
        }
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
}
