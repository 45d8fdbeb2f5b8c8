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
}
