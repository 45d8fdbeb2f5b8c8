import Engine

extension ChainStore {
    private static let columns = """
        number, first_block, last_block, inbox_start, inbox_end, first_time_ms, last_time_ms, state_root, envelopes, checksum, bytes,
        status, post_transaction, claim_transaction
        """

    /// Adds the next batch.
    func append(_ batch: BatchRecord) throws {
        let insert = try database.prepare(
            "INSERT INTO batches (\(Self.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, NULL, NULL)")
        insert.bind(batch.number, at: 1)
        insert.bind(batch.firstBlock, at: 2)
        insert.bind(batch.lastBlock, at: 3)
        insert.bind(batch.inboxStart, at: 4)
        insert.bind(batch.inboxEnd, at: 5)
        insert.bind(batch.firstTimeMs, at: 6)
        insert.bind(batch.lastTimeMs, at: 7)
        insert.bind(Self.bytes(batch.stateRoot), at: 8)
        insert.bind(batch.envelopeCount, at: 9)
        insert.bind(batch.checksum, at: 10)
        insert.bind(batch.bytes, at: 11)
        insert.bind(batch.status.rawValue, at: 12)
        try insert.run()
    }

    /// The batch with this number, or nil. Throws ``StoreRefused`` if its row is corrupted.
    package func batch(_ number: UInt64) throws -> BatchRecord? {
        let select = try database.prepare("SELECT \(Self.columns) FROM batches WHERE number = ?1")
        select.bind(number, at: 1)
        return try read(select)
    }

    /// The last batch, or nil before the first.
    package func lastBatch() throws -> BatchRecord? {
        try read(database.prepare("SELECT \(Self.columns) FROM batches ORDER BY number DESC LIMIT 1"))
    }

    /// Number of the first batch that is kept, or nil before the first.
    package func firstBatchNumber() throws -> UInt64? {
        let select = try database.prepare("SELECT number FROM batches ORDER BY number LIMIT 1")
        return try select.step() ? select.unsigned(0) : nil
    }

    /// The first batch that has not come as far as `status`, or nil.
    package func firstBatch(before status: BatchStatus) throws -> BatchRecord? {
        let select = try database.prepare("SELECT \(Self.columns) FROM batches WHERE status < ?1 ORDER BY number LIMIT 1")
        select.bind(status.rawValue, at: 1)
        return try read(select)
    }

    /// Batches from number `first`, at most `countMax`.
    package func batches(from first: UInt64, countMax: Int) throws -> [BatchRecord] {
        let select = try database.prepare("SELECT \(Self.columns) FROM batches WHERE number >= ?1 ORDER BY number LIMIT ?2")
        select.bind(first, at: 1)
        select.bind(Int64(countMax), at: 2)
        var batches: [BatchRecord] = []
        while let batch = try read(select) { batches.append(batch) }
        return batches
    }

    /// Notes that a batch has come as far as `status`; going back is ignored. The transaction hashes are kept where given.
    package func setStatus(
        _ status: BatchStatus, ofBatch number: UInt64, postTransaction: Hash256? = nil, claimTransaction: Hash256? = nil
    ) throws {
        let update = try database.prepare(
            """
            UPDATE batches SET status = max(status, ?2), post_transaction = ifnull(?3, post_transaction),
            claim_transaction = ifnull(?4, claim_transaction) WHERE number = ?1
            """)
        update.bind(number, at: 1)
        update.bind(status.rawValue, at: 2)
        if let postTransaction { update.bind(Self.bytes(postTransaction), at: 3) }
        if let claimTransaction { update.bind(Self.bytes(claimTransaction), at: 4) }
        try update.run()
    }

    private func read(_ select: borrowing SQLiteStatement) throws -> BatchRecord? {
        guard try select.step() else { return nil }
        var batch = BatchRecord(
            number: select.unsigned(0), firstBlock: select.unsigned(1), lastBlock: select.unsigned(2), inboxStart: select.unsigned(3),
            inboxEnd: select.unsigned(4), firstTimeMs: select.unsigned(5), lastTimeMs: select.unsigned(6),
            stateRoot: Self.hash(select.bytes(7)) ?? .zero, envelopeCount: select.unsigned(8), bytes: Array(select.bytes(10)))
        guard select.unsigned(9) == batch.checksum, let status = BatchStatus(rawValue: select.integer(11)) else {
            throw StoreRefused.corruptedRow(path: path, row: select.integer(0), reason: "the checksum or status of the batch is wrong")
        }
        batch.status = status
        batch.postTransaction = select.isNull(12) ? nil : Self.hash(select.bytes(12))
        batch.claimTransaction = select.isNull(13) ? nil : Self.hash(select.bytes(13))
        return batch
    }

    static func bytes(_ hash: Hash256) -> [UInt8] { withUnsafeBytes(of: hash) { Array($0) } }

    static func hash(_ bytes: UnsafeRawBufferPointer) -> Hash256? {
        guard bytes.count == 32, let base = bytes.baseAddress else { return nil }
        return Hash256(loadingFrom: base)
    }
}
