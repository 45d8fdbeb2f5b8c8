import Synchronization

/// The queue from the matcher to the publisher: one producer, one consumer, a ring of 32-byte reports.
///
/// The producer publishes its position every ``publishInterval`` reports and when it is told to, so that the line which both sides share
/// moves between the cores once for many reports; it reads the consumer's position only when the ring seems full. The ring is mapped once
/// and touched before use: no page fault while orders flow.
struct ReportQueue {
    /// Reports that may wait unpublished, unless the producer is told to publish.
    static let publishInterval: UInt64 = 32
    private static let lineBytes = 64

    var producer: Producer
    /// Keeps the two sides on cache lines of their own.
    private var padding = InlineArray<16, UInt64>(repeating: 0)
    var consumer: Consumer
    private let memory: UnsafeMutableRawPointer
    private let memoryBytes: Int

    /// Room for at least `capacity` reports; nil when the system has not that much memory.
    init?(capacity: UInt32) {
        var count = 1024
        while count < Int(capacity) { count *= 2 }
        // The two positions on lines of their own (a pair of lines each: they are prefetched in pairs), then the ring.
        memoryBytes = 4 * Self.lineBytes + count * MemoryLayout<Report>.stride
        guard let memory = Pages.map(bytes: memoryBytes, touched: true) else { return nil }
        self.memory = memory
        let published = memory.bindMemory(to: Position.self, capacity: 1)
        let consumed = (memory + 2 * Self.lineBytes).bindMemory(to: Position.self, capacity: 1)
        published.initialize(to: Position(0))
        consumed.initialize(to: Position(0))
        let ring = Ring(
            reports: (memory + 4 * Self.lineBytes).bindMemory(to: Report.self, capacity: count), count: UInt64(count), published: published,
            consumed: consumed)
        producer = Producer(ring: ring)
        consumer = Consumer(ring: ring)
    }

    func deallocate() { Pages.unmap(memory, bytes: memoryBytes) }

    typealias Position = Atomic<UInt64>

    struct Ring {
        let reports: UnsafeMutablePointer<Report>
        let count: UInt64
        let published: UnsafeMutablePointer<Position>
        let consumed: UnsafeMutablePointer<Position>

        @inline(__always)
        func report(_ position: UInt64) -> UnsafeMutablePointer<Report> { reports + Int(truncatingIfNeeded: position & (count &- 1)) }
    }

    /// For the matcher's thread only.
    struct Producer {
        private let ring: Ring
        private var written: UInt64 = 0
        /// How far it may write before it must look where the consumer is.
        private var writableEnd: UInt64

        init(ring: Ring) {
            self.ring = ring
            writableEnd = ring.count
        }

        /// Adds a report; waits while the ring is full.
        @inline(__always)
        mutating func append(_ report: Report) {
            if written == writableEnd { waitForRoom() }
            ring.report(written).pointee = report
            written &+= 1
            if written % ReportQueue.publishInterval == 0 { publish() }
        }

        /// Makes all that was added visible to the consumer.
        @inline(__always)
        mutating func publish() { ring.published.pointee.store(written, ordering: .releasing) }

        @inline(never)
        private mutating func waitForRoom() {
            publish()
            repeat { writableEnd = ring.consumed.pointee.load(ordering: .acquiring) &+ ring.count } while writableEnd == written
        }
    }

    /// For the publisher's thread only.
    struct Consumer {
        private let ring: Ring
        private var read: UInt64 = 0

        init(ring: Ring) { self.ring = ring }

        /// Takes up to `count` reports, as the harness's 64-byte records; returns how many.
        mutating func drain(into records: UnsafeMutableRawPointer, count: UInt32) -> UInt32 {
            let taken = min(ring.published.pointee.load(ordering: .acquiring) &- read, UInt64(count))
            guard taken > 0 else { return 0 }
            var record = records
            for position in read..<read + taken {
                ring.report(position).pointee.expand(into: record)
                record += Report.harnessBytes
            }
            read &+= taken
            ring.consumed.pointee.store(read, ordering: .releasing)
            return UInt32(truncatingIfNeeded: taken)
        }
    }
}
