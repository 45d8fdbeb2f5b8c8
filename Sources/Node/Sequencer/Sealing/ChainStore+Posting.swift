import Engine

/// What posting to L1 must not forget.
extension ChainStore {
    static let postingSchema = """
        CREATE TABLE IF NOT EXISTS posting_slots (
            nonce INTEGER PRIMARY KEY, kind INTEGER NOT NULL, number INTEGER NOT NULL, gas_limit INTEGER NOT NULL, tip INTEGER NOT NULL,
            cap INTEGER NOT NULL, hashes BLOB NOT NULL, blob_cap INTEGER);
        CREATE TABLE IF NOT EXISTS inbox_accumulators (count INTEGER PRIMARY KEY, accumulator BLOB NOT NULL);
        """

    /// A nonce of the sequencer's account on L1 and the call that was written down for it, before it was sent.
    package struct PostingSlotRow: Equatable, Sendable {
        package var nonce: UInt64
        /// What the call does, as the poster numbers it, and to which batch.
        package var kind: Int64
        package var number: UInt64
        package var gasLimit: UInt64
        /// Wei a unit of gas.
        package var tip: UInt64
        package var cap: UInt64
        /// Wei a unit of blob gas; nil: the transaction has no blob.
        package var blobCap: UInt64?
        /// Of all versions, oldest first.
        package var hashes: [Hash256]

        package init(
            nonce: UInt64, kind: Int64, number: UInt64, gasLimit: UInt64, tip: UInt64, cap: UInt64, blobCap: UInt64?, hashes: [Hash256]
        ) {
            self.nonce = nonce
            self.kind = kind
            self.number = number
            self.gasLimit = gasLimit
            self.tip = tip
            self.cap = cap
            self.blobCap = blobCap
            self.hashes = hashes
        }
    }

    /// All slots, by nonce.
    package func postingSlots() throws -> [PostingSlotRow] {
        let select = try database.prepare(
            "SELECT nonce, kind, number, gas_limit, tip, cap, hashes, blob_cap FROM posting_slots ORDER BY nonce")
        var rows: [PostingSlotRow] = []
        while try select.step() {
            let bytes = select.bytes(6)
            let hashes = stride(from: 0, to: bytes.count - bytes.count % 32, by: 32).compactMap { offset in
                Self.hash(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + 32)]))
            }
            rows.append(
                PostingSlotRow(
                    nonce: select.unsigned(0), kind: select.integer(1), number: select.unsigned(2), gasLimit: select.unsigned(3),
                    tip: select.unsigned(4), cap: select.unsigned(5), blobCap: select.isNull(7) ? nil : select.unsigned(7), hashes: hashes))
        }
        return rows
    }

    /// Keeps a slot in the place of what was kept for its nonce.
    package func record(_ slot: PostingSlotRow) throws {
        let insert = try database.prepare("INSERT OR REPLACE INTO posting_slots VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
        insert.bind(slot.nonce, at: 1)
        insert.bind(slot.kind, at: 2)
        insert.bind(slot.number, at: 3)
        insert.bind(slot.gasLimit, at: 4)
        insert.bind(slot.tip, at: 5)
        insert.bind(slot.cap, at: 6)
        insert.bind(slot.hashes.flatMap(Self.bytes), at: 7)
        if let blobCap = slot.blobCap { insert.bind(blobCap, at: 8) }
        try insert.run()
    }

    package func forgetPostingSlots(below nonce: UInt64) throws {
        let delete = try database.prepare("DELETE FROM posting_slots WHERE nonce < ?1")
        delete.bind(nonce, at: 1)
        try delete.run()
    }

    /// The accumulator over the first `count` inbox messages as they were handed to the exchange; nil if it was not kept.
    package func inboxAccumulator(count: UInt64) throws -> Hash256? {
        if count == 0 { return .zero }
        let select = try database.prepare("SELECT accumulator FROM inbox_accumulators WHERE count = ?1")
        select.bind(count, at: 1)
        return try select.step() ? Self.hash(select.bytes(0)) : nil
    }

    /// Keeps the accumulators over the first `first + 1`, `first + 2`, … messages; to be called before those messages are handed over.
    package func record(_ accumulators: [Hash256], after first: UInt64) throws {
        try transaction {
            let insert = try database.prepare("INSERT OR REPLACE INTO inbox_accumulators VALUES (?1, ?2)")
            for (index, accumulator) in accumulators.enumerated() {
                insert.bind(first + UInt64(index) + 1, at: 1)
                insert.bind(Self.bytes(accumulator), at: 2)
                try insert.run()
            }
        }
    }

    /// How many batches there are from `number` on, their bytes, and the time of the first block in them.
    package func backlog(from number: UInt64) throws -> (batches: UInt64, bytes: UInt64, oldestTimeMs: UInt64?) {
        let select = try database.prepare(
            "SELECT count(*), ifnull(sum(length(bytes)), 0), min(first_time_ms) FROM batches WHERE number >= ?1")
        select.bind(number, at: 1)
        guard try select.step() else { return (0, 0, nil) }
        return (select.unsigned(0), select.unsigned(1), select.isNull(2) ? nil : select.unsigned(2))
    }
}
