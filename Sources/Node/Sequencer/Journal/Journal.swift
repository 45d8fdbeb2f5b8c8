import Engine

/// What an acknowledgement promises.
package enum Durability: String, Sendable, CaseIterable {
    /// Survives kill -9 of the process.
    case process
    /// Survives power loss as well; every group waits for the disk.
    case fsync
}

/// The log of everything that was applied, one row a group, in `journal.sqlite`.
///
/// Invariants: row ids are consecutive; a row is committed before any of its commands is acknowledged; each row carries a checksum over its id and bytes;
/// rows are removed only from the front, and only when the older of two checkpoints covers them. One thread at a time may use it.
package final class Journal {
    let database: SQLiteDatabase
    private let insert: SQLiteStatement
    private let deleteOldest: SQLiteStatement
    private let path: String
    private let mark: JournalMark
    /// Id of the last row.
    private(set) var lastRow: Int64
    /// Block that the last entry of the last row belongs to; 0 if there is none.
    private(set) var lastBlock: UInt64
    /// Ids of the rows that may have been pruned end here.
    private var firstRow: Int64

    /// Also counts the changes of what the exchange makes of the same commands, since a journal is replayed: 2 mixes client order ids.
    static let formatVersion: Int64 = 3
    /// "MxJ1"
    static let applicationId: Int64 = 0x4D78_4A31

    /// Opens or creates the journal. Throws ``StoreRefused`` or ``SQLiteFailed``.
    package init(path: String, durability: Durability, deployment: DeploymentIdentity) throws {
        self.path = path
        database = try SQLiteDatabase.open(path: path, synchronization: durability == .fsync ? .full : .off, isExclusive: true)
        try StoreIdentity.open(
            database, applicationId: Self.applicationId, formatVersion: Self.formatVersion, deployment: deployment,
            schema:
                "CREATE TABLE groups (id INTEGER PRIMARY KEY, last_block INTEGER NOT NULL, checksum INTEGER NOT NULL, records BLOB NOT NULL);"
        )
        // The WAL is folded into the file by the writer, every 16 MiB.
        try database.execute("PRAGMA wal_autocheckpoint = 4096")
        insert = try database.prepare("INSERT INTO groups VALUES (?1, ?2, ?3, ?4)")
        deleteOldest = try database.prepare("DELETE FROM groups WHERE id < ?1 AND last_block <= ?2")
        // Two searches: asked for in one query, both ends are found by reading every row.
        let oldest = try database.prepare("SELECT id FROM groups ORDER BY id LIMIT 1")
        firstRow = try oldest.step() ? oldest.integer(0) : 1
        let newest = try database.prepare("SELECT id, last_block FROM groups ORDER BY id DESC LIMIT 1")
        let isEmpty = try !newest.step()
        lastRow = isEmpty ? 0 : newest.integer(0)
        lastBlock = isEmpty ? 0 : newest.unsigned(1)
        let markPath = Self.markPath(journal: path)
        mark = try JournalMark(path: markPath)
        if let marked = mark.row, marked > lastRow {
            throw StoreRefused.rowsLost(path: path, last: lastRow, marked: marked, markPath: markPath)
        }
        mark.row = lastRow
    }

    /// Commits `group` as one row. `lastBlock`: number of the block that its last entry belongs to.
    /// After a throw nothing of the group may be acknowledged.
    func append(_ group: borrowing JournalGroup, lastBlock: UInt64) throws {
        let row = lastRow + 1
        try group.bytes.withUnsafeBytes { bytes in
            insert.bind(row, at: 1)
            insert.bind(lastBlock, at: 2)
            insert.bind(Self.checksum(row: row, lastBlock: lastBlock, bytes), at: 3)
            insert.bindUncopied(bytes, at: 4)
            try insert.run()
        }
        mark.row = row
        lastRow = row
        self.lastBlock = lastBlock
    }

    /// Path of the ``JournalMark`` of the journal at `journal`.
    static func markPath(journal: String) -> String { journal.replacing(/\.sqlite$/, with: "") + ".mark" }

    /// Calls `body` with every entry of every row from `first` on, oldest first. Throws ``StoreRefused`` naming the row that is corrupted or missing,
    /// and whatever `body` throws.
    func replay(from first: Int64 = 0, _ body: (_ row: Int64, _ record: JournalRecord) throws -> Void) throws {
        try forEachRow(from: first) { row, bytes in try forEachRecord(row, bytes, body) }
    }

    /// Calls `body` with the bytes of every row from `first` on, oldest first, once their checksum was found right.
    func forEachRow(from first: Int64, _ body: (_ row: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Void) throws {
        let select = try database.prepare("SELECT id, last_block, checksum, records FROM groups WHERE id >= ?1 ORDER BY id")
        select.bind(first, at: 1)
        var expected = max(firstRow, first)
        while try select.step() {
            let row = select.integer(0)
            guard row == expected else { throw StoreRefused.missingRow(path: path, row: expected, found: row) }
            expected += 1
            let bytes = select.bytes(3)
            let stored = select.unsigned(2)
            let computed = Self.checksum(row: row, lastBlock: select.unsigned(1), bytes)
            guard stored == computed else {
                throw StoreRefused.corruptedRow(
                    path: path, row: row, reason: "checksum \(String(computed, radix: 16)), stored \(String(stored, radix: 16))")
            }
            try body(row, bytes)
        }
        guard expected == max(lastRow + 1, first) else { throw StoreRefused.missingRow(path: path, row: expected, found: lastRow) }
    }

    /// Calls `body` with every entry of a row.
    func forEachRecord(
        _ row: Int64, _ bytes: UnsafeRawBufferPointer, _ body: (_ row: Int64, _ record: JournalRecord) throws -> Void
    ) throws {
        var reader = JournalRowReader(bytes)
        do {
            while let record = try reader.next() { try body(row, record) }
        } catch let error as MalformedRow {
            throw StoreRefused.corruptedRow(path: path, row: row, reason: error.reason)
        }
    }

    /// The last rows that have `byteCount` bytes together at most begin here.
    func firstRow(ofLast byteCount: Int) throws -> Int64 {
        let select = try database.prepare("SELECT id, length(records) FROM groups ORDER BY id DESC")
        var bytes = 0
        while try select.step() {
            bytes += Int(select.integer(1))
            guard bytes <= byteCount else { return select.integer(0) + 1 }
        }
        return firstRow
    }

    /// The first row whose last entry belongs to block `block` or a later one, if the rows are as they were written: nothing is checked. One beyond the
    /// last if there is none.
    func firstRow(reaching block: UInt64) throws -> Int64 {
        let select = try database.prepare("SELECT last_block FROM groups WHERE id = ?1")
        var low = firstRow
        var high = lastRow + 1
        while low < high {
            let middle = low + (high - low) / 2
            select.bind(middle, at: 1)
            let isReached = try select.step() && select.unsigned(0) >= block
            select.reset()
            if isReached { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Removes up to `rowsMax` of the oldest rows that lie wholly within blocks up to `block`. Returns whether more may be left.
    func prune(throughBlock block: UInt64, rowsMax: Int64) throws -> Bool {
        let end = min(firstRow + rowsMax, lastRow)
        guard firstRow < end else { return false }
        deleteOldest.bind(end, at: 1)
        deleteOldest.bind(block, at: 2)
        try deleteOldest.run()
        let removed = database.lastChangeCount
        firstRow += removed
        return removed == rowsMax
    }

    private static func checksum(row: Int64, lastBlock: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
        Checksum.of(bytes, seed: UInt64(bitPattern: row) &+ lastBlock &* 0xD1B5_4A32_D192_ED03)
    }
}
