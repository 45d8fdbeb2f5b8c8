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
        self.file = file
        guard let found = self.file.survey(each) else {
            beginAnew(after: StreamPosition(rawValue: 0))
            return
        }
        openedAt = found.last
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

    /// Calls `body` with the record at `offset`, where one once began, if it is still there. Writer only.
    func withRecord(at offset: Int, _ body: (RingRecord) -> Void) -> Bool {
        guard offset >= announced - capacity, offset < position else { return false }
        _ = records.read(at: offset, body)
        return true
    }

    private func announce(_ end: Int) {
        announced = (end + segmentBytes - 1) / segmentBytes * segmentBytes
        file.announced.pointee.store(announced, ordering: .relaxed)
        // Nothing of what is written from here on may be seen before the announcement.
        atomicMemoryFence(ordering: .releasing)
    }

    private func noteBlock(at offset: Int) {
        let block = RingRecord(at: records.base + offset & records.mask).body.load(as: UInt64.self)
        index.withLock { $0.note(block: block, offset: offset, oldest: announced - capacity, spacing: segmentBytes) }
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

    /// Makes something to look back with. Any thread.
    package func makeHistory() -> EventHistory { EventHistory(log: self) }

    /// The oldest stream position after which everything is kept. A moment's value; any thread.
    package var oldestPosition: StreamPosition {
        let oldest = oldestOffset
        return index.withLock { $0.first(from: oldest)?.position } ?? StreamPosition(rawValue: .max)
    }

    /// What begins before this log offset is overwritten, or may be. Any thread.
    var oldestOffset: Int { file.announced.pointee.load(ordering: .acquiring) - capacity }

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
