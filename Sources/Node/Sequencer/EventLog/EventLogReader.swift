import Synchronization

/// Follows an ``EventLog`` as it is written. Used by one thread. The writer never overwrites what this has not read.
package final class EventLogReader: @unchecked Sendable {
    package let log: EventLog
    private let records: RecordMemory
    private let published: UnsafeMutablePointer<Atomic<Int>>
    private let head: UnsafeMutablePointer<Atomic<Int>>
    private var cachedPublished: Int
    /// Log offset of the next record: everything before was read.
    package private(set) var offset: Int

    init(
        log: EventLog, records: RecordMemory, published: UnsafeMutablePointer<Atomic<Int>>, head: UnsafeMutablePointer<Atomic<Int>>,
        at offset: Int
    ) {
        self.log = log
        self.records = records
        self.published = published
        self.head = head
        self.offset = offset
        cachedPublished = offset
    }

    /// Passes the oldest unread record to `body` and then lets the writer have its bytes. Returns false if there is none.
    package func read(_ body: (RingRecord) -> Void) -> Bool {
        guard !isEmpty else { return false }
        // A marker is published together with the record behind it.
        offset = records.read(at: offset, body)
        head.pointee.store(offset, ordering: .releasing)
        return true
    }

    /// Whether no published record is unread.
    package var isEmpty: Bool {
        if offset != cachedPublished { return false }
        cachedPublished = published.pointee.load(ordering: .acquiring)
        return offset == cachedPublished
    }

    /// Published bytes not read yet, for statistics: a moment's value. Any thread.
    package var unreadBytes: Int {
        let head = head.pointee.load(ordering: .acquiring)
        return published.pointee.load(ordering: .acquiring) - head
    }
}
