// Our queue as the harness's table of functions. The matcher writes into it without going through `push`.

/// Handed to the harness, which hands it back to `engine_init`.
nonisolated(unsafe) let ownTransport: UnsafePointer<TransportTable> = {
    let table = UnsafeMutablePointer<TransportTable>.allocate(capacity: 1)
    table.initialize(
        to: TransportTable(create: createQueue, push: pushNothing, drain: drainQueue, flush: publishQueue, destroy: destroyQueue))
    return UnsafePointer(table)
}()

#if !HARNESS_QUEUE
/// The table of our queue: that the harness finds this function makes it use it.
@_cdecl("engine_get_transport")
public func engineGetTransport() -> UnsafeRawPointer { UnsafeRawPointer(ownTransport) }
#endif

private let createQueue: TransportTable.Create = { capacity in
    guard let queue = ReportQueue(capacity: capacity) else { return nil }
    let handle = UnsafeMutablePointer<ReportQueue>.allocate(capacity: 1)
    handle.initialize(to: queue)
    return UnsafeMutableRawPointer(handle)
}

private let pushNothing: TransportTable.Push = { _, _ in fatalError("harness adapter: only the matcher writes into its queue") }

private let drainQueue: TransportTable.Drain = { handle, records, count in
    handle.unsafelyUnwrapped.assumingMemoryBound(to: ReportQueue.self).pointee.consumer.drain(into: records, count: count)
}

private let publishQueue: TransportTable.Flush = { handle in
    handle?.assumingMemoryBound(to: ReportQueue.self).pointee.producer.publish()
}

private let destroyQueue: TransportTable.Destroy = { handle in
    guard let queue = handle?.assumingMemoryBound(to: ReportQueue.self) else { return }
    queue.pointee.deallocate()
    queue.deallocate()
}
