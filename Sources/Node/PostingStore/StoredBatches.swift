import BigInt
import Engine
import Sequencer
import Settlement

/// The batches and posting slots of a node's `chain.sqlite` as the poster takes them, through a connection of its own.
package actor StoredBatches: BatchStore {
    let store: ChainStore
    /// A running node holds its journal; while we hold it, none can start.
    private let journal: Journal?

    /// Beside a node, running or not. Throws ``StoreRefused`` or ``SQLiteFailed``.
    package init(_ directory: DataDirectory, durability: Durability, deployment: DeploymentIdentity) throws {
        store = try ChainStore(path: directory.chain, durability: durability, deployment: deployment)
        journal = nil
    }

    /// In the place of a node, which must be stopped and cannot start until this ends: what no batch holds yet is cut into one.
    package init(cuttingRemainderOf directory: DataDirectory, deployment: DeploymentIdentity) throws {
        let journal = try Journal(path: directory.journal, durability: .fsync, deployment: deployment)
        store = try ChainStore(path: directory.chain, durability: .fsync, deployment: deployment)
        _ = try store.cutRemainder(holding: journal)
        self.journal = journal
    }

    // MARK: BatchStore

    package func postableBatch(_ number: UInt64) async throws -> PostableBatch? {
        guard let batch = try store.batch(number) else {
            if let first = try store.firstBatchNumber(), number < first { throw BatchPruned(number: number, firstKept: first) }
            return nil
        }
        return PostableBatch(
            number: batch.number, inboxEnd: batch.inboxEnd, firstTimeMs: batch.firstTimeMs, lastTimeMs: batch.lastTimeMs, data: batch.bytes,
            stateRoot: batch.stateRoot, inboxAccumulator: try store.inboxAccumulator(count: batch.inboxEnd))
    }

    package func note(_ milestone: BatchMilestone, batch number: UInt64, transaction: Hash256) async throws {
        switch milestone {
        case .posted: try store.setStatus(.posted, ofBatch: number, postTransaction: transaction)
        case .claimed: try store.setStatus(.claimed, ofBatch: number, claimTransaction: transaction)
        case .bondReclaimed: try store.setStatus(.final, ofBatch: number)
        }
    }

    package func postingSlots() async throws -> [PostingSlot] { try store.postingSlots().compactMap(PostingSlot.init) }

    package func record(_ slots: [PostingSlot]) async throws {
        for slot in slots { try store.record(ChainStore.PostingSlotRow(slot)) }
    }

    package func forgetSlots(below nonce: UInt64) async throws { try store.forgetPostingSlots(below: nonce) }
}

/// A batch is no longer in the data directory, since it was final on L1 for long.
package struct BatchPruned: Error, Equatable, CustomStringConvertible {
    package let number: UInt64
    package let firstKept: UInt64

    package init(number: UInt64, firstKept: UInt64) {
        self.number = number
        self.firstKept = firstKept
    }

    package var description: String {
        """
        batch \(number) is no longer in the data directory, whose first is \(firstKept): it was final on L1, where `memex batch inspect \(number)` reads it; if L1 \
        does not have it any more, this is another L1, or one that went back behind what was final
        """
    }
}

extension PostingSlot {
    /// Nil for calls of other versions.
    fileprivate init?(_ row: ChainStore.PostingSlotRow) {
        guard let call = PostingCall(kind: row.kind, number: row.number) else { return nil }
        self.init(
            nonce: row.nonce, call: call, gasLimit: row.gasLimit,
            fees: Fees(tip: BigUInt(row.tip), cap: BigUInt(row.cap), blobCap: row.blobCap.map { BigUInt($0) }), hashes: row.hashes)
    }
}

extension ChainStore.PostingSlotRow {
    fileprivate init(_ slot: PostingSlot) {
        let (kind, number) = slot.call.row
        self.init(
            nonce: slot.nonce, kind: kind, number: number, gasLimit: slot.gasLimit, tip: UInt64(clamping: slot.fees.tip),
            cap: UInt64(clamping: slot.fees.cap), blobCap: slot.fees.blobCap.map { UInt64(clamping: $0) }, hashes: slot.hashes)
    }
}
