import Synchronization

/// The last rows of the journal, in a mapped file, until `journal.sqlite` has them: what is written here survives `kill -9` without a system call.
///
/// A ring of records (``RecordMemory``) between two threads: the executor's appends rows, the mover's takes them. A record has the row's number as its tag; its
/// body:
///
/// | offset | field |
/// | --- | --- |
/// | 0 | last block, u64 |
/// | 8 | check, u64: over the row's checksum, the position where the record begins, the start of the node and the file's salt |
/// | 16 | the row's bytes |
///
/// So nothing passes for a row but a whole one in its place: neither half of one, nor one of an earlier round of the ring, nor bytes that a client chose.
///
/// Invariants: `moved <= published <= moved + capacity`; rows from `moved` on have consecutive numbers, follow those of `journal.sqlite` or overlap with
/// them, and reach the mark at least; with `durability = fsync` the disk has every row up to the mark, and has `moved` before the room is used again.
final class JournalTail: @unchecked Sendable {
    let file: JournalTailFile
    private let records: RecordMemory
    private let isSynced: Bool
    /// Start of the node that wrote the rows, until ``begin(run:)``; then the one that writes them.
    private var run: UInt64

    // What only the executor's thread uses.
    /// Number of the last row.
    private(set) var lastRow: Int64
    private var position: Int
    /// `moved` was at least here when last seen.
    private var cachedMoved: Int

    /// Behind the last row that was appended.
    private let published: Atomic<Int>
    /// What lies before may be written over.
    private let moved: Atomic<Int>

    private static let recordKind: UInt8 = 1
    private static let rowOffset = 16
    /// What is added to a group's bytes when a gateway's slowness cuts it into several rows.
    private static let cutBytes = 512

    /// Goes on with a file of which everything is in `journal.sqlite`, the last row being `lastRow`.
    init(_ file: JournalTailFile, lastRow: Int64, isSynced: Bool) throws {
        self.file = file
        self.isSynced = isSynced
        self.lastRow = lastRow
        records = RecordMemory(base: file.records, capacity: file.capacity)
        guard let end = file.moved, let run = file.run else { throw StoreRefused.damagedWord(file.path) }
        self.run = run
        position = end
        cachedMoved = end
        published = Atomic(end)
        moved = Atomic(end)
    }

    /// A start of the node begins, with an empty tail. What an earlier one left behind the last row must not pass for a row of this one: after a loss of
    /// power that can be rows of a history that was cut off before them.
    func begin(run: UInt64) { self.run = run }

    /// Bytes of the tail that groups of up to `groupBytes` need.
    static func capacity(groupBytes: Int) -> Int {
        var capacity = JournalTailFile.capacityRange.lowerBound
        while capacity < 2 * bytesTaken(groupBytes) { capacity *= 2 }
        return capacity
    }

    /// Room that a group takes at most: it may have to begin at the start of the memory, for want of as much before the end.
    private static func bytesTaken(_ groupBytes: Int) -> Int { 2 * (groupBytes + cutBytes) }

    // MARK: Executor's thread

    /// Whether a group of `groupBytes` can be appended now.
    func hasRoom(_ groupBytes: Int) -> Bool {
        let end = position + Self.bytesTaken(groupBytes)
        if end - cachedMoved <= file.capacity { return true }
        // In one order with what both sides do about a wake-up (``Journal/hasRoom(_:)``).
        cachedMoved = moved.load(ordering: .sequentiallyConsistent)
        return end - cachedMoved <= file.capacity
    }

    /// Whether more than a quarter is waiting to be moved.
    var isFillingUp: Bool {
        if position - cachedMoved <= file.capacity / 4 { return false }
        cachedMoved = moved.load(ordering: .acquiring)
        return position - cachedMoved > file.capacity / 4
    }

    /// Appends a group as the next row. After that it survives what `durability` says. After a throw nothing of it may be acknowledged, and the tail
    /// must not be used again.
    func append(_ bytes: UnsafeRawBufferPointer, lastBlock: UInt64) throws(SystemCallFailed) {
        let row = lastRow + 1
        let bodyBytes = Self.rowOffset + bytes.count
        let taken = records.bytesTaken(RingRecord.byteCount(bodyBytes: bodyBytes), from: position)
        let used = position - moved.load(ordering: .acquiring)
        precondition(used + taken <= file.capacity, "a row of \(taken) bytes, but \(used) of \(file.capacity) are in use")
        let start = position + taken - RingRecord.byteCount(bodyBytes: bodyBytes)
        let check = check(JournalRow.checksum(number: row, lastBlock: lastBlock, bytes), at: start)
        let written = records.write(
            at: position, kind: Self.recordKind, flags: 0, session: 0, tag: UInt64(row), bodyBytes: bodyBytes
        ) { body in
            body.storeBytes(of: lastBlock, as: UInt64.self)
            body.storeBytes(of: check, toByteOffset: 8, as: UInt64.self)
            UnsafeMutableRawBufferPointer(start: body + Self.rowOffset, count: bytes.count).copyMemory(from: bytes)
        }
        precondition(written.lowerBound == start)
        if isSynced { try sync(from: position, to: written.upperBound) }
        file.setMark(row)
        lastRow = row
        position = written.upperBound
        published.store(position, ordering: .sequentiallyConsistent)
    }

    private func sync(from start: Int, to end: Int) throws(SystemCallFailed) {
        let first = start & records.mask
        let byteCount = end - start
        if first + byteCount <= file.capacity { return try file.sync(first..<first + byteCount) }
        try file.sync(first..<file.capacity)
        try file.sync(0..<end & records.mask)
    }

    // MARK: Mover's thread

    /// Behind the last row. Any thread; a moment's value.
    var end: Int { published.load(ordering: .acquiring) }

    /// Whether every row was moved. Any thread; a moment's value.
    var isEmpty: Bool { usedBytes == 0 }

    /// Whether the mover should not wait any longer. Any thread; a moment's value.
    var isQuarterFull: Bool { usedBytes > file.capacity / 4 }

    private var usedBytes: Int {
        let start = moved.load(ordering: .sequentiallyConsistent)
        return published.load(ordering: .sequentiallyConsistent) - start
    }

    /// To get ready what will be written next. The tail must outlive it.
    func makePagesAhead() -> PagesAhead { PagesAhead(base: file.records, capacity: file.capacity) }

    /// Passes the oldest rows to `body`, up to a quarter of the capacity or at least one, and returns the position behind them; nil if there are none.
    /// They stay until ``release(to:)``.
    func oldestRows(_ body: (JournalRow) throws -> Void) throws -> Int? {
        let start = moved.load(ordering: .relaxed)
        let end = published.load(ordering: .acquiring)
        var position = start
        while position < end, position - start < file.capacity / 4 {
            guard let found = row(at: position) else {
                throw StoreRefused.corruptedTail(path: file.path, reason: "a row is no longer as it was written, at position \(position)")
            }
            try body(found.row)
            position = found.end
        }
        return position == start ? nil : position
    }

    /// `journal.sqlite` has everything before `position`: it may be written over.
    func release(to position: Int) throws(SystemCallFailed) {
        file.setMoved(position)
        // Else, after a loss of power, the file might say that rows begin where younger ones lie.
        if isSynced { try file.syncHeader() }
        moved.store(position, ordering: .sequentiallyConsistent)
    }

    // MARK: What the last process left

    /// Passes the rows that are in the file to `body`, oldest first, up to the first that is not whole or does not follow; returns the position behind them.
    func survey(_ body: (JournalRow) throws -> Void) throws -> Int {
        let start = moved.load(ordering: .relaxed)
        var position = start
        var last: Int64?
        while let found = row(at: position), last.map({ $0 + 1 == found.row.number }) ?? true, found.end - start <= file.capacity {
            try body(found.row)
            last = found.row.number
            position = found.end
        }
        return position
    }

    /// Goes on behind what ``survey(_:)`` found, all of which `journal.sqlite` has.
    func adopt(lastRow: Int64, end: Int) throws {
        try release(to: end)
        self.lastRow = lastRow
        position = end
        cachedMoved = end
        published.store(end, ordering: .releasing)
    }

    /// The row at `position`, or behind a marker there, and where it ends; nil if there is none that is whole.
    private func row(at position: Int) -> (row: JournalRow, end: Int)? {
        var start = position
        if (records.base + start & records.mask).load(as: UInt32.self) == RingRecord.endMarker {
            start += records.capacity - start & records.mask
        }
        let bytes = UnsafeRawPointer(records.base + start & records.mask)
        guard RingRecord.isWhole(at: bytes, room: records.capacity - start & records.mask) else { return nil }
        let record = RingRecord(at: bytes)
        let bodyBytes = bytes.load(fromByteOffset: RingRecord.Offset.check, as: UInt32.self)
        guard record.kind == Self.recordKind, record.body.count >= Self.rowOffset, bodyBytes == UInt32(record.body.count),
            let number = Int64(exactly: record.tag)
        else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: record.body[Self.rowOffset...])
        let lastBlock = record.body.load(as: UInt64.self)
        let checksum = JournalRow.checksum(number: number, lastBlock: lastBlock, content)
        guard record.body.load(fromByteOffset: 8, as: UInt64.self) == check(checksum, at: start) else { return nil }
        let row = JournalRow(number: number, lastBlock: lastBlock, checksum: checksum, bytes: content)
        return (row, start + RingRecord.byteCount(bodyBytes: record.body.count))
    }

    private func check(_ checksum: UInt64, at position: Int) -> UInt64 {
        Checksum.mixed(Checksum.mixed(Checksum.mixed(file.salt, run), UInt64(position)), checksum)
    }
}
