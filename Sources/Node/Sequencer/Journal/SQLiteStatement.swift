import CSQLite

/// Owner of one compiled statement. Parameters count from 1, columns from 0.
struct SQLiteStatement: ~Copyable {
    private let handle: OpaquePointer
    private let database: OpaquePointer
    private let path: String

    init(handle: OpaquePointer, database: OpaquePointer, path: String) {
        self.handle = handle
        self.database = database
        self.path = path
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ value: Int64, at index: Int32) { requireBound(sqlite3_bind_int64(handle, index, value)) }

    /// Unsigned numbers are stored as the signed number with the same bits; those compared in SQL must stay below 2^63.
    func bind(_ value: UInt64, at index: Int32) { bind(Int64(bitPattern: value), at: index) }

    func bind(_ value: String, at index: Int32) { requireBound(sqlite3_bind_text(handle, index, value, -1, Self.transient)) }

    /// Does not copy: `bytes` must stay valid until the statement is reset or bound anew.
    func bindUncopied(_ bytes: UnsafeRawBufferPointer, at index: Int32) {
        // A nil pointer would bind NULL.
        if let base = bytes.baseAddress, !bytes.isEmpty {
            requireBound(sqlite3_bind_blob64(handle, index, base, UInt64(bytes.count), nil))
        } else {
            requireBound(sqlite3_bind_zeroblob(handle, index, 0))
        }
    }

    func bind(_ bytes: [UInt8], at index: Int32) {
        bytes.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress, !bytes.isEmpty {
                requireBound(sqlite3_bind_blob64(handle, index, base, UInt64(bytes.count), Self.transient))
            } else {
                requireBound(sqlite3_bind_zeroblob(handle, index, 0))
            }
        }
    }

    /// Advances to the next row; false after the last.
    func step() throws(SQLiteFailed) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let failure = SQLiteFailed(
            code: sqlite3_extended_errcode(database), message: String(cString: sqlite3_errmsg(database)),
            operation: String(cString: sqlite3_sql(handle)), path: path)
        sqlite3_reset(handle)
        throw failure
    }

    /// Runs a statement without rows to its end and makes it ready for the next run.
    func run() throws(SQLiteFailed) {
        while try step() {}
        sqlite3_reset(handle)
    }

    /// Makes the statement ready for the next run, with its parameters kept.
    func reset() { sqlite3_reset(handle) }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func unsigned(_ column: Int32) -> UInt64 { UInt64(bitPattern: sqlite3_column_int64(handle, column)) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        return String(cString: text)
    }

    /// Valid until the next step or reset.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let base = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(handle, column)))
    }

    /// Tells SQLite to copy what is bound.
    private static var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func requireBound(_ code: Int32) {
        precondition(code == SQLITE_OK, "bind: \(String(cString: sqlite3_errstr(code)))")
    }
}
