import Engine
import Sequencer
import Settlement

/// What a node and its operator want to know beside the poster.
extension StoredBatches {
    /// Batches that were cut, from number 0 on.
    package func batchCount() throws -> UInt64 { try store.lastBatch().map { $0.number + 1 } ?? 0 }

    /// Sealed blocks that no batch holds yet.
    package func blocksNotCut() throws -> UInt64 { try store.lastBlockNumber() - (store.lastBatch()?.lastBlock ?? 0) }

    /// What L1 does not have yet; `posted`: batches that it has, nil if it was not asked yet.
    package func backlog(posted: UInt64?) throws -> Backlog {
        guard let first = try posted ?? store.firstBatch(before: .posted)?.number else { return Backlog() }
        let (batches, bytes, oldestTimeMs) = try store.backlog(from: first)
        return Backlog(batches: batches, bytes: bytes, oldestTimeMs: oldestTimeMs)
    }

    /// The accumulator over the first `count` inbox messages as they were handed to the exchange; nil if it was not kept.
    package func inboxAccumulator(count: UInt64) throws -> Hash256? { try store.inboxAccumulator(count: count) }

    /// Keeps what the exchange is about to be given, so that the batch that consumes it can be held against L1 later.
    package func keep(_ accumulators: [Hash256], after first: UInt64) throws { try store.record(accumulators, after: first) }
}
