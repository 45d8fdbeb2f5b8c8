/// Where the matcher's reports go: our own queue, or whatever queue the harness chose.
protocol ReportSink {
    func append(_ report: Report)
    /// Makes all that was added visible to the other side.
    func publish()
}

/// Our queue, created by the harness through ``engine_get_transport``.
struct OwnQueueSink: ReportSink {
    let queue: UnsafeMutablePointer<ReportQueue>

    @inline(__always)
    func append(_ report: Report) { queue.pointee.producer.append(report) }

    @inline(__always)
    func publish() { queue.pointee.producer.publish() }
}

/// A queue of the harness: one call through its table for each report.
struct HarnessQueueSink: ReportSink {
    let push: TransportTable.Push
    let handle: UnsafeMutableRawPointer?
    /// Room for one of the harness's records. (A temporary with this alignment would come from the heap, each time.)
    private let record = UnsafeMutableRawPointer.allocate(byteCount: Report.harnessBytes, alignment: Report.harnessBytes)

    init(push: @escaping TransportTable.Push, handle: UnsafeMutableRawPointer?) {
        self.push = push
        self.handle = handle
    }

    func deallocate() { record.deallocate() }

    @inline(__always)
    func append(_ report: Report) {
        report.expand(into: record)
        // Full: the other side is draining on its own core.
        while push(handle, record) == 0 {}
    }

    @inline(__always)
    func publish() {}
}

/// The harness's table of a queue's functions: five pointers.
struct TransportTable {
    typealias Create = @convention(c) (_ capacity: UInt32) -> UnsafeMutableRawPointer?
    typealias Push = @convention(c) (_ handle: UnsafeMutableRawPointer?, _ record: UnsafeRawPointer) -> Int32
    typealias Drain = @convention(c) (_ handle: UnsafeMutableRawPointer?, _ records: UnsafeMutableRawPointer, _ count: UInt32) -> UInt32
    typealias Flush = @convention(c) (_ handle: UnsafeMutableRawPointer?) -> Void
    typealias Destroy = @convention(c) (_ handle: UnsafeMutableRawPointer?) -> Void

    let create: Create
    let push: Push
    let drain: Drain
    let flush: Flush
    let destroy: Destroy
}
