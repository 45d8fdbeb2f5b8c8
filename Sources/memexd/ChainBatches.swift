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
            stateRoot: batch.stateRoot)
    }

    func note(_ milestone: BatchMilestone, batch number: UInt64, transaction: Hash256) async throws {
        switch milestone {
        case .posted: try store.setStatus(.posted, ofBatch: number, postTransaction: transaction)
        case .claimed: try store.setStatus(.claimed, ofBatch: number, claimTransaction: transaction)
        case .bondReclaimed: try store.setStatus(.final, ofBatch: number)
        }
    }
}
