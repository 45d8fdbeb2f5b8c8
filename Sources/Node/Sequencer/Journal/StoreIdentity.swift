import Engine

/// Which deployment the files of a data directory belong to.
package struct DeploymentIdentity: Equatable, Sendable {
    package var chainId: UInt64
    /// The rollup contract.
    package var rollup: Address
    /// Hash of the L1 block that holds the deployment, so that a fresh devnet with the same addresses is another deployment.
    package var genesis: Hash256

    package init(chainId: UInt64, rollup: Address, genesis: Hash256) {
        self.chainId = chainId
        self.rollup = rollup
        self.genesis = genesis
    }

    /// 60 bytes: chain id | rollup | genesis; compared as a whole, shown in parts.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        withUnsafeBytes(of: chainId) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: rollup) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: genesis) { bytes.append(contentsOf: $0) }
        return bytes
    }

    static func describe(_ bytes: [UInt8]) -> String {
        guard bytes.count == 60 else { return "an unreadable deployment of \(bytes.count) bytes" }
        let chainId = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        return "chain \(chainId), rollup \(hex(bytes[8..<28])), genesis \(hex(bytes[28..<60]))"
    }

    private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789abcdef")
        return "0x" + String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

/// Why a file of the data directory is not used. The node does not start; nothing was changed.
package enum StoreRefused: Error, Equatable, CustomStringConvertible {
    case unknownFormat(path: String, found: Int64, supported: Int64)
    case notOurs(path: String, applicationId: Int64)
    case otherDeployment(path: String, found: String, wanted: String)
    case corruptedRow(path: String, row: Int64, reason: String)
    case missingRow(path: String, row: Int64, found: Int64)
    /// Journal and tail end before a row that was acknowledged.
    case rowsLost(path: String, last: Int64, marked: Int64, tailPath: String)
    /// The journal's tail is gone, in which its last rows may have been.
    case missingTail(path: String, archive: String)
    case corruptedTail(path: String, reason: String)
    /// The tail was written before the end of the journal.
    case olderTail(path: String, archive: String)
    /// The tail goes with another journal.
    case otherTail(path: String, archive: String)

    /// One of the numbers in the tail's header is damaged.
    static func damagedWord(_ path: String) -> StoreRefused { .corruptedTail(path: path, reason: "a number in its header is damaged") }

    package var description: String {
        switch self {
        case .unknownFormat(let path, let found, let supported):
            "\(path) has format \(found), this version reads format \(supported): run the version that wrote it"
        case .notOurs(let path, let applicationId):
            "\(path) is a SQLite file of another program (application id \(applicationId))"
        case .otherDeployment(let path, let found, let wanted):
            "\(path) belongs to another deployment: it holds \(found), asked for is \(wanted); give each deployment its own data directory"
        case .corruptedRow(let path, let row, let reason):
            "\(path): row \(row) is corrupted: \(reason); \(Self.restoring)"
        case .missingRow(let path, let row, let found):
            "\(path): row \(row) is missing, the next is \(found); \(Self.restoring)"
        case .rowsLost(let path, let last, let marked, let tailPath):
            """
            \(path) and \(tailPath) end with row \(last), but row \(marked) was acknowledged: an end was lost (a file is damaged or was replaced, \(path)-wal is \
            damaged or missing, or power was lost without `--durability fsync`); \(Self.remedy(tailPath))
            """
        case .missingTail(let path, let archive):
            "\(path) is missing, which goes with \(archive) and may hold its last rows; \(Self.remedy(path))"
        case .corruptedTail(let path, let reason):
            "\(path), the end of the journal, is corrupted: \(reason); \(Self.remedy(path))"
        case .olderTail(let path, let archive):
            "\(path) is older than \(archive), which it goes with; \(Self.remedy(path))"
        case .otherTail(let path, let archive):
            "\(path) goes with another journal than \(archive); \(Self.remedy(path))"
        }
    }

    /// What to do where files are beyond repair.
    static let restoring =
        "restore the whole data directory from one copy; without one, what is on L1 is safe, but this node cannot go on from there: users leave through L1 (`memex exit`)"

    private static func remedy(_ tailPath: String) -> String {
        "restore both from the same copy, or, to go on without what the tail may have held, put an empty file in its place (`: > \(tailPath)`)"
    }
}

/// Stamps and checks what every SQLite file of the data directory carries: application id, format version, deployment.
enum StoreIdentity {
    /// Marks a new file, or checks an existing one. `schema` creates the tables of a new file. One of `formerVersion` has the same tables and is marked as of
    /// `formatVersion` from now on.
    static func open(
        _ database: borrowing SQLiteDatabase, applicationId: Int64, formatVersion: Int64, formerVersion: Int64? = nil,
        deployment: DeploymentIdentity, schema: String
    ) throws {
        let foundId = try database.integerPragma("application_id")
        let foundVersion = try database.integerPragma("user_version")
        if foundId == 0 && foundVersion == 0 {
            try database.execute("BEGIN IMMEDIATE")
            let tables = try database.prepare("SELECT count(*) FROM sqlite_schema")
            guard try tables.step(), tables.integer(0) == 0 else { throw StoreRefused.notOurs(path: database.path, applicationId: 0) }
            tables.reset()
            try database.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID; " + schema)
            let insert = try database.prepare("INSERT INTO meta VALUES ('deployment', ?1)")
            insert.bind(deployment.bytes, at: 1)
            try insert.run()
            try database.execute("PRAGMA application_id = \(applicationId); PRAGMA user_version = \(formatVersion); COMMIT")
            return
        }
        guard foundId == applicationId else { throw StoreRefused.notOurs(path: database.path, applicationId: foundId) }
        guard foundVersion == formatVersion || foundVersion == formerVersion else {
            throw StoreRefused.unknownFormat(path: database.path, found: foundVersion, supported: formatVersion)
        }
        let select = try database.prepare("SELECT value FROM meta WHERE key = 'deployment'")
        let found = try select.step() ? Array(select.bytes(0)) : []
        guard found == deployment.bytes else {
            throw StoreRefused.otherDeployment(
                path: database.path, found: DeploymentIdentity.describe(found), wanted: DeploymentIdentity.describe(deployment.bytes))
        }
        if foundVersion != formatVersion { try database.execute("PRAGMA user_version = \(formatVersion)") }
    }
}
