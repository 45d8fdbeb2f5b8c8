import Engine
import Rollup

/// Sealed blocks and the batches cut from them, in `chain.sqlite`.
///
/// Invariants: block numbers are consecutive from 1, batch numbers from 0; batches cover the blocks from 1 without gap or overlap; rows are removed
/// only from the front, as ``ChainPruner`` says; block and batch rows carry a checksum over everything but the batch's progress on L1. Several connections may have the file open; one connection
/// serves one thread at a time.
package final class ChainStore {
    let database: SQLiteDatabase
    package let path: String
    private let durability: Durability
    private let deployment: DeploymentIdentity
    private let insertBlock: SQLiteStatement
    private let selectBlock: SQLiteStatement

    /// 2: the fee for blob gas of posting slots. What has format 1 belongs to a contract of before blobs.
    static let formatVersion: Int64 = 2
    /// "MxC1"
    static let applicationId: Int64 = 0x4D78_4331

    private static let schema = """
        CREATE TABLE blocks (
            number INTEGER PRIMARY KEY, hash BLOB NOT NULL, sequence INTEGER NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL);
        CREATE TABLE batches (
            number INTEGER PRIMARY KEY, first_block INTEGER NOT NULL, last_block INTEGER NOT NULL, inbox_start INTEGER NOT NULL,
            inbox_end INTEGER NOT NULL, first_time_ms INTEGER NOT NULL, last_time_ms INTEGER NOT NULL, state_root BLOB NOT NULL,
            envelopes INTEGER NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL, status INTEGER NOT NULL DEFAULT 0,
            post_transaction BLOB, claim_transaction BLOB);
        CREATE INDEX batches_by_status ON batches (status, number);
        """

    /// Opens or creates the store. Throws ``StoreRefused`` or ``SQLiteFailed``.
    package init(path: String, durability: Durability, deployment: DeploymentIdentity) throws {
        self.path = path
        self.durability = durability
        self.deployment = deployment
        database = try SQLiteDatabase.open(path: path, synchronization: durability == .fsync ? .full : .normal, isExclusive: false)
        try StoreIdentity.open(
            database, applicationId: Self.applicationId, formatVersion: Self.formatVersion, deployment: deployment, schema: Self.schema)
        try database.execute(Self.postingSchema)
        insertBlock = try database.prepare("INSERT INTO blocks VALUES (?1, ?2, ?3, ?4, ?5)")
        selectBlock = try database.prepare("SELECT sequence, checksum, bytes FROM blocks WHERE number = ?1")
    }

    /// The same file through another connection, for another thread.
    func another() throws -> ChainStore { try ChainStore(path: path, durability: durability, deployment: deployment) }

    /// Runs `body` as one transaction.
    func transaction(_ body: () throws -> Void) throws { try database.transaction(body) }

    // MARK: Blocks

    /// A block as it is stored.
    package struct StoredBlock: Equatable, Sendable {
        package var block: Block
        /// Batches admitted since genesis, this block's included.
        package var sequence: UInt64
    }

    /// Adds the next block.
    func append(_ block: Block, sequence: UInt64) throws {
        let bytes = block.bytes
        let hash = block.header.hash
        insertBlock.bind(block.header.number, at: 1)
        insertBlock.bind(withUnsafeBytes(of: hash) { Array($0) }, at: 2)
        insertBlock.bind(sequence, at: 3)
        insertBlock.bind(Self.checksum(bytes, seed: block.header.number &+ sequence), at: 4)
        try bytes.withUnsafeBytes {
            insertBlock.bindUncopied($0, at: 5)
            try insertBlock.run()
        }
    }

    /// The block with this number, or nil. Throws ``StoreRefused`` if its row is corrupted.
    package func block(_ number: UInt64) throws -> StoredBlock? {
        selectBlock.bind(number, at: 1)
        defer { selectBlock.reset() }
        guard try selectBlock.step() else { return nil }
        let sequence = selectBlock.unsigned(0)
        let bytes = Array(selectBlock.bytes(2))
        guard selectBlock.unsigned(1) == Self.checksum(bytes, seed: number &+ sequence) else {
            throw StoreRefused.corruptedRow(path: path, row: Int64(bitPattern: number), reason: "the checksum of the block does not match")
        }
        guard let block = Block(bytes: bytes), block.header.number == number else {
            throw StoreRefused.corruptedRow(path: path, row: Int64(bitPattern: number), reason: "the bytes are not block \(number)")
        }
        return StoredBlock(block: block, sequence: sequence)
    }

    /// Number of the last sealed block, 0 before the first.
    package func lastBlockNumber() throws -> UInt64 {
        let select = try database.prepare("SELECT ifnull(max(number), 0) FROM blocks")
        return try select.step() ? select.unsigned(0) : 0
    }

    static func checksum(_ bytes: [UInt8], seed: UInt64) -> UInt64 {
        bytes.withUnsafeBytes { Checksum.of($0, seed: seed) }
    }
}
