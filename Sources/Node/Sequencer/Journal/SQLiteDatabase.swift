import CSQLite

/// Owner of one connection to a SQLite database in WAL mode. One thread at a time may use it and its statements.
struct SQLiteDatabase: ~Copyable {
    private let handle: OpaquePointer
    let path: String

    /// What survives what. Both survive kill -9 at any instant.
    enum Synchronization: String {
        /// Commits reach the kernel; a power loss may lose the last ones.
        case off = "OFF"
        /// Commits reach the disk at WAL checkpoints; a power loss may lose the last ones but corrupts nothing.
        case normal = "NORMAL"
        /// Every commit reaches the disk.
        case full = "FULL"
    }

    /// Opens or creates `path`. With `isExclusive`, no other connection may use the file while this one lives.
    static func open(
        path: String, synchronization: Synchronization, isExclusive: Bool, isReadOnly: Bool = false
    ) throws(SQLiteFailed) -> SQLiteDatabase {
        let database = SQLiteDatabase(handle: try connect(path, isReadOnly: isReadOnly), path: path)
        try database.configure(synchronization, isExclusive: isExclusive, isReadOnly: isReadOnly)
        return database
    }

    private init(handle: OpaquePointer, path: String) {
        self.handle = handle
        self.path = path
    }

    private func configure(_ synchronization: Synchronization, isExclusive: Bool, isReadOnly: Bool) throws(SQLiteFailed) {
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, isExclusive ? 0 : 5000)
        if isExclusive { try execute("PRAGMA locking_mode = EXCLUSIVE") }
        guard !isReadOnly else { return }
        try execute("PRAGMA journal_mode = WAL")
        try execute("PRAGMA synchronous = \(synchronization.rawValue)")
        // Debian's SQLite writes zeros over what is removed unless told otherwise. Nothing here is secret.
        try execute("PRAGMA secure_delete = OFF")
        // An exclusive lock is only taken at the first write.
        if isExclusive { try execute("BEGIN IMMEDIATE; COMMIT") }
    }

    deinit { sqlite3_close_v2(handle) }

    private static func connect(_ path: String, isReadOnly: Bool) throws(SQLiteFailed) -> OpaquePointer {
        var handle: OpaquePointer?
        let flags = (isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        if code == SQLITE_OK, let handle { return handle }
        sqlite3_close_v2(handle)
        throw SQLiteFailed(code: code, message: String(cString: sqlite3_errstr(code)), operation: "open", path: path)
    }

    /// Runs one or several statements whose rows do not matter.
    func execute(_ sql: String) throws(SQLiteFailed) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil), sql)
    }

    /// Compiles `sql`, which holds one statement.
    func prepare(_ sql: String) throws(SQLiteFailed) -> SQLiteStatement {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil), sql)
        guard let statement else { throw SQLiteFailed(code: SQLITE_MISUSE, message: "empty statement", operation: sql, path: path) }
        return SQLiteStatement(handle: statement, database: handle, path: path)
    }

    /// The value of a pragma that is an integer.
    func integerPragma(_ name: String) throws(SQLiteFailed) -> Int64 {
        let statement = try prepare("PRAGMA \(name)")
        guard try statement.step() else { return 0 }
        return statement.integer(0)
    }

    /// Rows that the last statement inserted, changed or deleted.
    var lastChangeCount: Int64 { sqlite3_changes64(handle) }

    /// Runs `body` inside a transaction, rolled back if it throws.
    func transaction(_ body: () throws -> Void) throws {
        try execute("BEGIN IMMEDIATE")
        do {
            try body()
            try execute("COMMIT")
        } catch {
            // The rollback fails only if SQLite already rolled back.
            try? execute("ROLLBACK")
            throw error
        }
    }

    private func check(_ code: Int32, _ operation: String) throws(SQLiteFailed) {
        guard code != SQLITE_OK else { return }
        throw SQLiteFailed(
            code: sqlite3_extended_errcode(handle), message: String(cString: sqlite3_errmsg(handle)), operation: operation, path: path)
    }
}

/// SQLite refused an operation.
package struct SQLiteFailed: Error, CustomStringConvertible {
    /// Extended result code.
    package let code: Int32
    package let message: String
    package let operation: String
    package let path: String

    /// Whether another connection holds the database.
    package var isBusy: Bool { code & 0xFF == SQLITE_BUSY }

    package var description: String {
        switch code & 0xFF {
        case SQLITE_BUSY: "\(path) is in use by another process; stop that one, or choose another data directory"
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            "\(path) is corrupted (\(message)); \(StoreRefused.restoring)"
        case SQLITE_FULL: "\(path) cannot grow, the disk is full; free some space and start again"
        default: "\(path): \(message) (SQLite code \(code)) at \"\(operation)\""
        }
    }
}
