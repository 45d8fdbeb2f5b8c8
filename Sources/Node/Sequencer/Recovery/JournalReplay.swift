import Engine
import Logging
import Rollup

/// Executes what the journal holds behind the checkpoint.
///
/// A block that `chain.sqlite` has is compared with it byte by byte, and the state root only at the last of them: what the engine makes of the same
/// bytes differs in the end if it differs anywhere. Only if it does, everything is done once more with the root of every block, to name the first that differs.
/// The blocks behind those are sealed as if they had just been closed.
final class JournalReplay {
    /// How the blocks that are sealed already are checked.
    enum Checking {
        /// Contents of every block, state root of the last.
        case contents
        /// State root of every block.
        case roots
    }

    private let journal: JournalArchive
    private let store: ChainStore
    private let producer: BlockProducer
    private let sealer: BlockSealer
    private let observer: (any ReplayObserver)?
    /// Last block that is compared with what is stored of it.
    private let lastComparedBlock: UInt64
    private let lastStoredBlock: UInt64
    private let needed: UInt64
    private var progress: ReplayProgress
    private var isSkipping = true
    private var spare = SealJob()
    private var envelopes = 0
    /// What is stored of the blocks that were read and are not closed yet.
    private var stored: [StoredHeader] = []

    init(
        journal: JournalArchive, store: ChainStore, producer: BlockProducer, sealer: BlockSealer, observer: (any ReplayObserver)?,
        checking: Checking, logger: Logger
    ) throws {
        self.journal = journal
        self.store = store
        self.producer = producer
        self.sealer = sealer
        self.observer = observer
        lastStoredBlock = try store.lastBlockNumber()
        lastComparedBlock = checking == .contents ? lastStoredBlock : 0
        needed = sealer.head.number + 1
        progress = ReplayProgress(logger: logger)
    }

    /// Replays everything. Throws ``RecoveryRefused``, ``StoreRefused`` or ``SQLiteFailed``, and ``SealedStateDiffers`` if a stored block differs and
    /// `checking` does not tell which is the first.
    func run() throws {
        observer?.begins(after: needed - 1)
        // Rows before it belong to blocks that the checkpoint has.
        let first = try journal.firstRow(reaching: needed)
        progress.begin(rows: journal.lastRow - first + 1)
        let firstKept = try observer.map { try journal.firstRow(ofLast: $0.bytesKept) - 1 } ?? 0
        var blocks: StoredBlockReader?
        if needed <= lastComparedBlock { blocks = StoredBlockReader(try store.another(), first: needed, last: lastComparedBlock) }
        try ReplayFeed().forEachRow(of: journal, from: first, blocks: blocks) { row in
            stored += row.stored
            observer?.beginsRow(isKept: row.number >= firstKept)
            try row.bytes.withUnsafeBytes { try execute($0, row: row.number) }
            progress.advance(row: row.number - first + 1)
        }
        if isSkipping && journal.lastBlock >= needed {
            throw RecoveryRefused.journalStartsLate(needed: needed, found: journal.lastBlock)
        }
        let last = max(needed - 1, lastStoredBlock)
        guard journal.lastBlock >= last, sealer.head.number >= last else {
            throw RecoveryRefused.journalEndsEarly(last: journal.lastBlock, needed: last)
        }
        progress.end(sealer.head, openBlock: producer.open?.number, envelopes: envelopes, sequence: producer.sequence)
    }

    /// Executes a row, with a look at what comes next in it where that saves time.
    private func execute(_ bytes: UnsafeRawBufferPointer, row: Int64) throws {
        var ahead = JournalRowReader(bytes)
        var announced = 0
        try journal.forEachRecord(row, bytes) { row, record in
            while producer.gainsFromLookahead, announced < Lookahead.batchesAhead, let next = try ahead.next() {
                guard case .commands(let envelope) = next else { continue }
                producer.announce(envelope)
                announced += 1
            }
            try execute(record, row: row)
            if case .commands = record, announced > 0 { announced -= 1 }
        }
    }

    private func execute(_ record: JournalRecord, row: Int64) throws {
        switch record {
        case .blockOpened(let opening, let bytes):
            if isSkipping {
                if opening.number < needed { return }
                guard opening.number == needed else { throw RecoveryRefused.journalStartsLate(needed: needed, found: opening.number) }
                isSkipping = false
            }
            guard producer.open == nil, opening.number == producer.blockNumber + 1,
                opening.timeMs >= producer.exchange.header.blockTimeMs
            else {
                throw RecoveryRefused.journalOutOfOrder(
                    row: row, reason: "block \(opening.number) cannot open after block \(producer.blockNumber)")
            }
            producer.openBlock(opening, messages: Self.messages(bytes)[...], keepingContent: opening.number > lastComparedBlock)
            try observer?.opened(opening, producer)
        case .commands(let envelope):
            if isSkipping { return }
            guard producer.open != nil else { throw RecoveryRefused.journalOutOfOrder(row: row, reason: "commands outside of a block") }
            let code = producer.execute(envelope)
            guard code == .none else {
                throw RecoveryRefused.journaledBatchRefused(row: row, block: producer.blockNumber, code: code.rawValue)
            }
            envelopes += 1
            try observer?.admitted(envelope, producer)
        case .blockClosed(let number):
            if isSkipping { return }
            guard producer.open?.number == number else {
                throw RecoveryRefused.journalOutOfOrder(row: row, reason: "block \(number) closes, but it is not open")
            }
            try close(number)
        }
    }

    private func close(_ number: UInt64) throws {
        let closed = producer.closeBlock(replacingWith: spare)
        if number <= lastComparedBlock { try adopt(closed, stored.removeFirst()) } else { try sealer.seal(closed) }
        closed.removeAll()
        spare = closed
    }

    /// Compares what execution made of a block with what is stored, and the state with the root of the last.
    private func adopt(_ closed: SealJob, _ stored: StoredHeader) throws {
        let header = stored.header
        guard header.number == closed.opening.number, header.parentHash == sealer.head.hash, header.inboxCursor == closed.inboxCursor,
            stored.sequence == closed.sequence
        else { throw SealedStateDiffers() }
        try sealer.adopt(header, sequence: stored.sequence)
        guard header.number == lastComparedBlock else { return }
        producer.drainDirtyCells { sealer.state.apply(cell: $0, $1) }
        guard sealer.state.tree.root() == header.stateRoot else { throw SealedStateDiffers() }
    }

    private static func messages(_ bytes: UnsafeRawBufferPointer) -> [InboxMessage] {
        guard let base = bytes.baseAddress else { return [] }
        return stride(from: 0, to: bytes.count, by: InboxMessage.bytes).map { InboxMessage(loadingFrom: base + $0) }
    }
}

/// Replay came to something else than what was sealed; which block differs first is not known.
struct SealedStateDiffers: Error {}

/// Says how far a replay is, when it takes long.
struct ReplayProgress {
    private let logger: Logger
    private let startedMs = SystemClock.monotonicMs()
    private var saidAtMs = SystemClock.monotonicMs()
    private var rows: Int64 = 0

    private static let intervalMs: UInt64 = 2000

    init(logger: Logger) { self.logger = logger }

    mutating func begin(rows: Int64) { self.rows = rows }

    mutating func advance(row: Int64) {
        guard row & 0xFF == 0 else { return }
        let nowMs = SystemClock.monotonicMs()
        guard nowMs - saidAtMs >= Self.intervalMs else { return }
        saidAtMs = nowMs
        logger.info(
            "replaying the journal",
            metadata: [
                "percent": "\(100 * row / max(1, rows))", "rows": "\(row)", "rowsPerSecond": "\(row * 1000 / Int64(nowMs - startedMs))",
            ])
    }

    func end(_ head: SealedHead, openBlock: UInt64?, envelopes: Int, sequence: UInt64) {
        logger.info(
            "recovered",
            metadata: [
                "block": "\(head.number)", "root": "\(head.stateRoot)", "openBlock": "\(openBlock ?? 0)", "batchesReplayed": "\(envelopes)",
                "sequence": "\(sequence)", "milliseconds": "\(SystemClock.monotonicMs() - startedMs)",
            ])
    }
}
