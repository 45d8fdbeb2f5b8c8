import Engine
import Proof
import Synchronization

/// What the executor tells the gateways, in order: results, replies, what the opening of blocks caused. One thread writes; several live readers
/// follow (``EventLogReader``), of which the slowest holds the writer up; any number may look back (``EventHistory``) without holding anybody up.
///
/// Invariants: `head <= published <= position <= announced` for the head of each live reader, and `position <= head + capacity`; positions are as in
/// ``RecordMemory``. What was written becomes visible at ``commit()``. Records stay until `announced` is more than a capacity ahead: the writer announces
/// how far it may write before it does, so that who copies an old record and then finds it not overtaken by `announced` has copied it whole.
///
/// In a file the log survives the end of the process at any instant, and the next process goes on with it. It is there for
/// clients to catch up; the truth is in the journal, from which what is missing is written again.
package final class EventLog: @unchecked Sendable {
    /// Bytes of records that are kept: a power of two.
    package let capacity: Int
    private let file: EventLogFile
    private let records: RecordMemory
    private let control: ReservedMemory
    /// Of live readers: 128 bytes apart, so that none shares a cache line with another.
    private let heads: UnsafeMutableRawPointer
    private(set) var readerCount = 0

    // What only the writer uses.
    private var position = 0
    private var announced = 0
    private var published = 0
    /// The slowest reader was at least here when last seen.
    private var cachedHead = 0
    private var lastSegment = -1
    /// Bytes of a segment: the writer announces this much at once, and the index is as coarse.
    private let segmentBytes: Int
    let index: Guarded<EventLogIndex>
    /// Stream position of the last record that has one, when the log was opened.
    private(set) var openedAt: (position: StreamPosition, envelopeKey: UInt64)?
    /// Why the file's log was not continued when it was opened; nil if it was.
    private(set) var flaw: EventLogFile.Flaw?
    /// Log offset of the first record that was not as it was written when the log was opened: it ends before that.
    private(set) var cutAt: Int?
    /// What every record is checked with that is read back.
    private(set) var check: RecordCheck

    /// What begins before this log offset is not told any more, since something of it is damaged.
    private let usableFrom = Atomic(0)
    /// Told the log offset of a record that was read back and is not as it was written; of others before it nobody will be told any more. Any thread.
    var onDamage: @Sendable (Int) -> Void = { _ in }

    package static let readersMax = 16

    /// Takes what the file of `file` holds if it can be continued, else begins it anew after stream position 0.
    ///
    /// - Parameter each: gets the first record of every admitted batch, oldest first, with its log offset.
    init(_ file: consuming EventLogFile, _ each: (RingRecord, Int) -> Void = { _, _ in }) throws {
        capacity = file.capacity
        records = RecordMemory(base: file.records, capacity: file.capacity)
        segmentBytes = file.capacity / file.segmentCount
        control = try ReservedMemory(byteCount: Self.readersMax * 128)
        heads = control.base
        index = Guarded(EventLogIndex())
        check = RecordCheck(salt: file.salt)
        self.file = file
        let found: EventLogFile.Survey
        do throws(EventLogFile.Flaw) {
            found = try self.file.survey(each)
        } catch {
            flaw = error
            beginAnew(after: StreamPosition(rawValue: 0))
            return
        }
        openedAt = found.last
        cutAt = found.cutAt
        index.withLock { $0 = found.index }
        position = found.end
        self.file.published.pointee.store(position, ordering: .releasing)
        self.file.forgetBoundaries(from: position)
        announced = self.file.announced.pointee.load(ordering: .relaxed)
        published = position
        cachedHead = position
        lastSegment = position > 0 ? (position - 1) / segmentBytes : -1
    }

    /// Memory without a name, for tests and where no file can be had.
    package convenience init(capacity: Int) throws {
        try self.init(EventLogFile(path: nil, capacity: capacity, deployment: .nowhere))
    }

    /// Forgets everything: the log will hold all that comes after stream position `start`. Only before any reader is made.
    func beginAnew(after start: StreamPosition) {
        precondition(readerCount == 0)
        file.reset(startPosition: start)
        check = RecordCheck(salt: file.salt)
        (position, announced, published, cachedHead, lastSegment) = (0, 0, 0, 0, -1)
        openedAt = nil
        index.withLock { $0 = EventLogIndex(start: start) }
    }

    // MARK: Writer

    /// Writes a record whose body `fill` completes; `fill` gets `bodyBytes` bytes, aligned to 8, of arbitrary content and must set them all.
    /// Visible at the next ``commit()``. Returns false, without calling `fill`, if a live reader has not read yet what lies there.
    package func tryWrite(
        kind: UInt8, flags: UInt8 = 0, session: UInt32, tag: UInt64, bodyBytes: Int, _ fill: (UnsafeMutableRawPointer) -> Void
    ) -> Bool {
        let bytesTaken = records.bytesTaken(RingRecord.byteCount(bodyBytes: bodyBytes), from: position)
        guard hasRoom(bytesTaken) else { return false }
        if position + bytesTaken > announced { announce(position + bytesTaken) }
        let written = records.write(at: position, kind: kind, flags: flags, session: session, tag: tag, bodyBytes: bodyBytes, fill)
        if written.lowerBound != position { check.seal(marker: records.base + position & records.mask, at: position) }
        check.seal(record: records.base + written.lowerBound & records.mask, at: written.lowerBound)
        position = written.upperBound
        let segment = written.lowerBound / segmentBytes
        if segment != lastSegment {
            lastSegment = segment
            file.boundaries[segment & (file.segmentCount - 1)] = written.lowerBound
        }
        if kind == RingRecord.ToGateway.blockOpened { noteBlock(at: written.lowerBound) }
        return true
    }

    /// Publishes everything written so far.
    package func commit() {
        published = position
        file.published.pointee.store(position, ordering: .releasing)
    }

    /// Whether anything was written since the last commit. Writer only.
    package var hasUncommitted: Bool { position != published }

    /// Whether records that take `byteCount` bytes together would fit now. Writer only.
    ///
    /// A marker at the end of the memory may take up to one record more; ask for room for it too.
    package func hasRoom(_ byteCount: Int) -> Bool {
        if position + byteCount - cachedHead <= capacity { return true }
        var slowest = position
        for reader in 0..<readerCount { slowest = min(slowest, head(of: reader).pointee.load(ordering: .acquiring)) }
        cachedHead = slowest
        return position + byteCount - cachedHead <= capacity
    }

    /// From here on live readers hold nobody up, since they no longer read. Writer only.
    func dropReaders() { readerCount = 0 }

    /// Log offset of the next record. Writer only.
    var end: Int { position }

    /// Calls `body` with the record at `offset`, or behind a marker there, where one once began, if it is still there as it was written. Writer only.
    func withRecord(at offset: Int, _ body: (RingRecord) -> Void) -> Bool {
        guard offset >= announced - capacity, offset < position, isIntact(offset) else { return false }
        let start = offset + (records.isMarker(at: offset) ? capacity - offset & records.mask : 0)
        guard start < position, isIntact(start) else { return false }
        _ = records.read(at: start, body)
        return true
    }

    private func isIntact(_ offset: Int) -> Bool {
        check.isIntact(records.base + offset & records.mask, at: offset, room: capacity - offset & records.mask)
    }

    private func announce(_ end: Int) {
        announced = (end + segmentBytes - 1) / segmentBytes * segmentBytes
        file.announced.pointee.store(announced, ordering: .relaxed)
        // Nothing of what is written from here on may be seen before the announcement.
        atomicMemoryFence(ordering: .releasing)
    }

    private func noteBlock(at offset: Int) {
        let block = RingRecord(at: records.base + offset & records.mask).body.load(as: UInt64.self)
        index.withLock { $0.note(block: block, offset: offset, oldest: oldestOffset, spacing: segmentBytes) }
    }

    // MARK: Readers

    /// Makes a live reader of everything written from now on. Only before the writer's thread starts.
    package func makeReader() -> EventLogReader {
        precondition(readerCount < Self.readersMax, "a log has \(Self.readersMax) live readers at most")
        let head = head(of: readerCount)
        head.initialize(to: Atomic(position))
        readerCount += 1
        return EventLogReader(log: self, records: records, published: file.published, head: head, at: position)
    }

    /// Behind the last record that readers may see. Any thread; a moment's value.
    var publishedEnd: Int { file.published.pointee.load(ordering: .acquiring) }

    /// To get ready what will be written next. The log must outlive it.
    func makePagesAhead() -> PagesAhead { PagesAhead(base: records.base, capacity: capacity) }

    /// Makes something to look back with. Any thread.
    package func makeHistory() -> EventHistory { EventHistory(log: self) }

    /// The oldest stream position after which everything is kept. A moment's value; any thread.
    package var oldestPosition: StreamPosition {
        let oldest = oldestOffset
        return index.withLock { $0.first(from: oldest)?.position } ?? StreamPosition(rawValue: .max)
    }

    /// What begins before this log offset is overwritten, or may be, or not to be told. Any thread.
    var oldestOffset: Int { max(file.announced.pointee.load(ordering: .acquiring) - capacity, usableFrom.load(ordering: .relaxed)) }

    /// The record at `offset` was read back and is not as it was written: nothing is told any more that goes over it. Any thread.
    func foundDamage(at offset: Int) {
        guard usableFrom.max(offset + 1, ordering: .relaxed).oldValue <= offset else { return }
        onDamage(offset)
    }

    /// Copies records from `offset` on, which must not cross the end of the memory; false if they are no longer there. Any thread.
    func copy(from offset: Int, _ room: UnsafeMutableRawBufferPointer) -> Bool {
        guard file.copy(from: offset, room) else { return false }
        atomicMemoryFence(ordering: .acquiring)
        return offset >= file.announced.pointee.load(ordering: .relaxed) - capacity
    }

    private func head(of reader: Int) -> UnsafeMutablePointer<Atomic<Int>> {
        (heads + reader * 128).assumingMemoryBound(to: Atomic<Int>.self)
    }
}

extension DeploymentIdentity {
    fileprivate static let nowhere = DeploymentIdentity(chainId: 0, rollup: .zero, genesis: .zero)
}
