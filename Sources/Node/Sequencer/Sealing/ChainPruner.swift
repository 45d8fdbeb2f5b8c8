/// Removes from `chain.sqlite` what nobody needs any more, a few rows at a time; the file uses their pages again, so that it grows no further.
///
/// What always stays:
/// - batches that are not final on L1, which a reorganisation may make it necessary to post and claim again; younger ones than the limit;
///   the last one, which the next continues;
/// - blocks of such batches, blocks of no batch yet, and those that recovery compares with the journal;
/// - the inbox accumulators at the ends of all batches that stay, and the later ones.
///
/// Used by one thread.
final class ChainPruner {
    /// Up to where rows may go.
    struct Limits: Equatable {
        /// Batches below this number are final on L1.
        var finalBatches: UInt64
        /// Recovery needs no block up to and with this one.
        var throughBlock: UInt64
        /// Batches whose last block is younger than this (milliseconds since 1970) stay.
        var beforeMs: UInt64
    }

    /// A table of which the rows with the lowest keys go.
    private struct Front: ~Copyable {
        private let delete: SQLiteStatement
        /// No row below this key is left.
        private var doneBelow: UInt64 = 0

        init(_ store: ChainStore, table: String, key: String) throws {
            delete = try store.database.prepare(
                "DELETE FROM \(table) WHERE \(key) IN (SELECT \(key) FROM \(table) WHERE \(key) < ?1 ORDER BY \(key) LIMIT ?2)")
        }

        func isDue(below end: UInt64) -> Bool { end > doneBelow }

        mutating func remove(below end: UInt64, rowsMax: Int64, _ store: ChainStore) throws {
            guard isDue(below: end) else { return }
            delete.bind(end, at: 1)
            delete.bind(rowsMax, at: 2)
            try delete.run()
            if store.database.lastChangeCount < rowsMax { doneBelow = end }
        }
    }

    /// A block consumes 64 messages at most.
    private static let accumulatorsOfRow: Int64 = 64

    private let store: ChainStore
    private let oldestBatch: SQLiteStatement
    private let firstNotFinal: SQLiteStatement
    private let firstYoung: SQLiteStatement
    private var blocks: Front
    private var batches: Front
    private var accumulators: Front

    init(_ store: ChainStore) throws {
        self.store = store
        oldestBatch = try Self.select("ORDER BY number LIMIT 1", store)
        firstNotFinal = try Self.select("WHERE number = min(?1, (SELECT max(number) FROM batches))", store)
        firstYoung = try Self.select("WHERE number < ?1 AND last_time_ms >= ?2 ORDER BY number LIMIT 1", store)
        blocks = try Front(store, table: "blocks", key: "number")
        batches = try Front(store, table: "batches", key: "number")
        accumulators = try Front(store, table: "inbox_accumulators", key: "count")
    }

    /// Removes up to `rowsMax` blocks and batches each, and the accumulators of as many messages as these may have consumed.
    func step(_ limits: Limits, rowsMax: Int64) throws {
        guard let oldest = try first(oldestBatch) else { return }
        firstNotFinal.bind(limits.finalBatches, at: 1)
        // The last one stands in if all are final. Nil: L1 has gone back behind what is gone here, or was not asked yet.
        guard let notFinal = try first(firstNotFinal) else { return }
        let sliceEnd = min(notFinal.number, oldest.number + UInt64(rowsMax))
        firstYoung.bind(sliceEnd, at: 1)
        firstYoung.bind(limits.beforeMs, at: 2)
        let batchesEnd = try first(firstYoung)?.number ?? sliceEnd
        let blocksEnd = min(notFinal.firstBlock, limits.throughBlock + 1)
        guard blocks.isDue(below: blocksEnd) || batches.isDue(below: batchesEnd) || accumulators.isDue(below: oldest.inboxEnd) else {
            return
        }
        try store.transaction {
            try blocks.remove(below: blocksEnd, rowsMax: rowsMax, store)
            try batches.remove(below: batchesEnd, rowsMax: rowsMax, store)
            try accumulators.remove(below: oldest.inboxEnd, rowsMax: rowsMax * Self.accumulatorsOfRow, store)
        }
    }

    private static func select(_ condition: String, _ store: ChainStore) throws -> SQLiteStatement {
        try store.database.prepare("SELECT number, first_block, inbox_end FROM batches " + condition)
    }

    /// The first batch that a statement finds. The statement is reset: one that is not would hold up the write-ahead log.
    private func first(
        _ select: borrowing SQLiteStatement
    ) throws -> (number: UInt64, firstBlock: UInt64, inboxEnd: UInt64)? {
        defer { select.reset() }
        return try select.step() ? (select.unsigned(0), select.unsigned(1), select.unsigned(2)) : nil
    }
}
