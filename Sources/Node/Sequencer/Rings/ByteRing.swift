import Proof
import Synchronization

/// Bounded, lock-free ring of variable-length records between one producer thread and one consumer thread.
///
/// Invariants: `head <= tail <= head + capacity`, all three multiples of 8; positions only grow and index the memory modulo
/// the capacity; a record never crosses the end of the memory (a marker fills the rest); only the producer stores `tail` and
/// only the consumer stores `head`. What is written becomes visible at ``commit()``, in order. It never grows and never blocks: a full ring
/// refuses the write and the producer decides. Both operations are O(1) and allocate nothing.
package final class ByteRing: @unchecked Sendable {
    /// Bytes of the ring: a power of two.
    package let capacity: Int
    /// Largest record, header included, that can ever be written: half the ring.
    package var recordBytesMax: Int { records.recordBytesMax }

    private let memory: ReservedMemory
    private let control: ReservedMemory
    private let records: RecordMemory
    private let producer: UnsafeMutablePointer<Side>
    private let consumer: UnsafeMutablePointer<Side>

    /// What one of the two threads owns; the other only loads `published`. 128 bytes apart, so that neither shares a
    /// cache line (nor the line that the prefetcher pairs with it) with the other.
    private struct Side: ~Copyable {
        /// Producer: tail. Consumer: head.
        let published = Atomic<Int>(0)
        /// How far this thread has got; ahead of `published` between a write and its commit.
        var position = 0
        /// Last seen `published` of the other side.
        var cachedOpposite = 0
        /// Consumer: how far ``ByteRing/peek(recordsMax:_:)`` has got, and over how many records that are still to be read.
        var peekPosition = 0
        var peekedCount = 0
    }

    /// Makes an empty ring of `capacity` bytes, a power of two from 64.
    package init(capacity: Int) throws(ReservationFailed) {
        self.capacity = capacity
        memory = try ReservedMemory(byteCount: capacity)
        control = try ReservedMemory(byteCount: 256)
        records = RecordMemory(base: memory.base, capacity: capacity)
        producer = control.base.bindMemory(to: Side.self, capacity: 1)
        producer.initialize(to: Side())
        consumer = (control.base + 128).bindMemory(to: Side.self, capacity: 1)
        consumer.initialize(to: Side())
    }

    /// Has the kernel put memory behind all of it now, rather than page by page while records are written.
    func populate() { memory.populate(0..<capacity) }

    // MARK: Producer

    /// Writes a record whose body `fill` completes; `fill` gets `bodyBytes` bytes, aligned to 8, of arbitrary content and must set them all.
    /// Visible to the consumer at the next ``commit()``. Returns false, without calling `fill`, if the ring has no room now.
    package func tryWrite(
        kind: UInt8, flags: UInt8 = 0, session: UInt32, tag: UInt64, bodyBytes: Int, _ fill: (UnsafeMutableRawPointer) -> Void
    ) -> Bool {
        let tail = producer.pointee.position
        guard hasRoom(records.bytesTaken(RingRecord.byteCount(bodyBytes: bodyBytes), from: tail)) else { return false }
        let written = records.write(at: tail, kind: kind, flags: flags, session: session, tag: tag, bodyBytes: bodyBytes, fill)
        producer.pointee.position = written.upperBound
        return true
    }

    /// Publishes everything written so far.
    package func commit() {
        producer.pointee.published.store(producer.pointee.position, ordering: .releasing)
    }

    /// Whether anything was written since the last commit. Producer only.
    package var hasUncommitted: Bool { producer.pointee.position != producer.pointee.published.load(ordering: .relaxed) }

    /// Whether records that take `byteCount` bytes together would fit now. Producer only.
    ///
    /// A marker at the end of the memory may take up to one record more; ask for room for it too.
    package func hasRoom(_ byteCount: Int) -> Bool {
        let tail = producer.pointee.position
        if tail + byteCount - producer.pointee.cachedOpposite <= capacity { return true }
        producer.pointee.cachedOpposite = consumer.pointee.published.load(ordering: .acquiring)
        return tail + byteCount - producer.pointee.cachedOpposite <= capacity
    }

    // MARK: Consumer

    /// Passes the oldest record to `body` and then gives its bytes back. Returns false if there is none.
    package func read(_ body: (RingRecord) -> Void) -> Bool {
        guard !isEmpty else { return false }
        // A marker is published together with the record behind it.
        let end = records.read(at: consumer.pointee.position, body)
        consumer.pointee.position = end
        consumer.pointee.published.store(end, ordering: .releasing)
        if consumer.pointee.peekedCount > 0 { consumer.pointee.peekedCount -= 1 }
        return true
    }

    /// Shows `body` the oldest record that was neither read nor shown before; it is still to be read. Returns false if there is none, or if
    /// `recordsMax` that were shown are still to be read.
    package func peek(recordsMax: Int, _ body: (RingRecord) -> Void) -> Bool {
        guard consumer.pointee.peekedCount < recordsMax else { return false }
        if consumer.pointee.peekedCount == 0 { consumer.pointee.peekPosition = consumer.pointee.position }
        guard hasPublished(behind: consumer.pointee.peekPosition) else { return false }
        consumer.pointee.peekPosition = records.read(at: consumer.pointee.peekPosition, body)
        consumer.pointee.peekedCount += 1
        return true
    }

    /// Whether no published record is left. Consumer only.
    package var isEmpty: Bool { !hasPublished(behind: consumer.pointee.position) }

    private func hasPublished(behind position: Int) -> Bool {
        if position != consumer.pointee.cachedOpposite { return true }
        consumer.pointee.cachedOpposite = producer.pointee.published.load(ordering: .acquiring)
        return position != consumer.pointee.cachedOpposite
    }

    // MARK: Either

    /// Published bytes not read yet, for statistics: a moment's value.
    package var usedBytes: Int {
        let head = consumer.pointee.published.load(ordering: .acquiring)
        return producer.pointee.published.load(ordering: .acquiring) - head
    }
}
