/// A row of the journal: what one group applied.
struct JournalRow {
    /// Consecutive, from 1.
    let number: Int64
    /// Number of the block that the last entry belongs to.
    let lastBlock: UInt64
    /// Over all the rest (``checksum(number:lastBlock:bytes:)``).
    let checksum: UInt64
    /// Entries (``JournalRecord``). Valid as long as what the row is read from says.
    let bytes: UnsafeRawBufferPointer

    static func checksum(number: Int64, lastBlock: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
        Checksum.of(bytes, seed: UInt64(bitPattern: number) &+ lastBlock &* 0xD1B5_4A32_D192_ED03)
    }
}

/// The part of the journal that is in `journal.sqlite`: all rows but the last few, which its ``JournalTail`` has.
///
/// Invariants: row numbers are consecutive; each row carries a checksum over its number and bytes; rows are removed only from the front, and only when the
/// older of two checkpoints covers them. One thread at a time may use it.
final class JournalArchive {
    let database: SQLiteDatabase
    private let insert: SQLiteStatement
    private let deleteOldest: SQLiteStatement
    private let selectChecksum: SQLiteStatement
    let path: String
    /// Number of the last row.
    private(set) var lastRow: Int64
    /// Block that the last entry of the last row belongs to; 0 if there is none.
    private(set) var lastBlock: UInt64
    /// Numbers of the rows that may have been pruned end here.
    private var firstRow: Int64

    /// Also counts the changes of what the exchange makes of the same commands, since a journal is replayed: 2 mixes client order ids. 4 has its last
    /// rows in a tail, which 3 does not know of.
    static let formatVersion: Int64 = 4
    /// Format that is brought to this one as it is opened.
    private static let formerVersion: Int64 = 3
    /// "MxJ1"
    static let applicationId: Int64 = 0x4D78_4A31

    /// Opens or creates the file. Throws ``StoreRefused`` or ``SQLiteFailed``.
    init(path: String, durability: Durability, deployment: DeploymentIdentity) throws {
        self.path = path
        database = try SQLiteDatabase.open(path: path, synchronization: durability == .fsync ? .full : .off, isExclusive: true)
        try StoreIdentity.open(
            database, applicationId: Self.applicationId, formatVersion: Self.formatVersion, formerVersion: Self.formerVersion,
            deployment: deployment,
            schema:
                "CREATE TABLE groups (id INTEGER PRIMARY KEY, last_block INTEGER NOT NULL, checksum INTEGER NOT NULL, records BLOB NOT NULL);"
        )
        // The WAL is folded into the file by the writer, every 16 MiB.
        try database.execute("PRAGMA wal_autocheckpoint = 4096")
        insert = try database.prepare("INSERT INTO groups VALUES (?1, ?2, ?3, ?4)")
        deleteOldest = try database.prepare("DELETE FROM groups WHERE id < ?1 AND last_block <= ?2")
        selectChecksum = try database.prepare("SELECT checksum FROM groups WHERE id = ?1")
        // Two searches: asked for in one query, both ends are found by reading every row.
        let oldest = try database.prepare("SELECT id FROM groups ORDER BY id LIMIT 1")
        firstRow = try oldest.step() ? oldest.integer(0) : 1
        let newest = try database.prepare("SELECT id, last_block FROM groups ORDER BY id DESC LIMIT 1")
        let isEmpty = try !newest.step()
        lastRow = isEmpty ? 0 : newest.integer(0)
        lastBlock = isEmpty ? 0 : newest.unsigned(1)
    }

    /// Commits what `rows` passes on, the rows that follow the last, in one transaction. After a throw none of them is there.
    func append(_ rows: (_ add: (JournalRow) throws -> Void) throws -> Void) throws {
        var last = (row: lastRow, block: lastBlock)
        try database.transaction {
            try rows { row in
                precondition(row.number == last.row + 1, "row \(row.number) does not follow row \(last.row)")
                insert.bind(row.number, at: 1)
                insert.bind(row.lastBlock, at: 2)
                insert.bind(row.checksum, at: 3)
                insert.bindUncopied(row.bytes, at: 4)
                try insert.run()
                last = (row.number, row.lastBlock)
            }
        }
        (lastRow, lastBlock) = last
    }

    /// Which tail belongs to it; nil if none does yet.
    func tail() throws -> TailIdentity? {
        let select = try database.prepare("SELECT value FROM meta WHERE key = 'tail'")
        guard try select.step() else { return nil }
        let bytes = Array(select.bytes(0))
        guard bytes.count == 16 else { throw StoreRefused.corruptedRow(path: path, row: 0, reason: "\(bytes.count) bytes name the tail") }
        return bytes.withUnsafeBytes {
            TailIdentity(salt: $0.loadUnaligned(as: UInt64.self), run: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    /// Notes which tail belongs to it from now on.
    func setTail(_ tail: TailIdentity?) throws {
        guard let tail else { return try database.execute("DELETE FROM meta WHERE key = 'tail'") }
        let replace = try database.prepare("INSERT OR REPLACE INTO meta VALUES ('tail', ?1)")
        replace.bind([tail.salt, tail.run].flatMap { word in withUnsafeBytes(of: word) { Array($0) } }, at: 1)
        try replace.run()
    }

    /// The checksum that is stored of a row; nil if the row is not there.
    func storedChecksum(ofRow row: Int64) throws -> UInt64? {
        selectChecksum.bind(row, at: 1)
        defer { selectChecksum.reset() }
        return try selectChecksum.step() ? selectChecksum.unsigned(0) : nil
    }

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
            let computed = JournalRow.checksum(number: row, lastBlock: select.unsigned(1), bytes)
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
}
