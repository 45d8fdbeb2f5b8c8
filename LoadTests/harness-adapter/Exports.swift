// The harness's C interface. It calls from one thread; another one drains the queue.

/// What lives between `engine_init` and `engine_shutdown`.
private struct Session {
    let engine: HarnessEngine
    /// Our own queue if the harness took it, else nil.
    let ownQueue: UnsafeMutablePointer<ReportQueue>?
    let harnessQueue: HarnessQueueSink
}

private nonisolated(unsafe) var session: UnsafeMutablePointer<Session>?

/// Runs `body` with the session and the sink of its reports: specialised for each of the two.
@inline(__always)
private func running(_ own: (HarnessEngine, OwnQueueSink) -> Void, _ other: (HarnessEngine, HarnessQueueSink) -> Void) {
    guard let session else { fatalError("harness adapter: a call before engine_init") }
    if let queue = session.pointee.ownQueue {
        own(session.pointee.engine, OwnQueueSink(queue: queue))
    } else {
        other(session.pointee.engine, session.pointee.harnessQueue)
    }
}

/// Makes an empty book. The nonce is not used: nothing here is random.
@_cdecl("engine_init")
public func engineInit(_ nonce: UInt64, _ table: UnsafeRawPointer?, _ handle: UnsafeMutableRawPointer?) {
    guard let transport = table?.assumingMemoryBound(to: TransportTable.self), let engine = HarnessEngine()
    else { fatalError("harness adapter: no queue given, or no memory") }
    let isOwn = transport == ownTransport
    session = .allocate(capacity: 1)
    session?.initialize(
        to: Session(
            engine: engine, ownQueue: isOwn ? handle?.assumingMemoryBound(to: ReportQueue.self) : nil,
            harnessQueue: HarnessQueueSink(push: transport.pointee.push, handle: handle)))
}

/// Gives all memory back.
@_cdecl("engine_shutdown")
public func engineShutdown() {
    session?.pointee.engine.deallocate()
    session?.pointee.harnessQueue.deallocate()
    session?.deallocate()
    session = nil
}

/// Places an order: the report that it is accepted, one for each fill, and one for what is left of an immediate-or-cancel order.
@_cdecl("engine_on_new_order")
public func engineOnNewOrder(_ message: UnsafeRawPointer) {
    running({ $0.newOrder(message, $1) }, { $0.newOrder(message, $1) })
}

/// Cancels a resting order, or reports that none with this id rests.
@_cdecl("engine_on_cancel")
public func engineOnCancel(_ message: UnsafeRawPointer) {
    running({ $0.cancel(message, $1) }, { $0.cancel(message, $1) })
}

/// Cancels and places anew, or reports that no order with this id rests.
@_cdecl("engine_on_modify")
public func engineOnModify(_ message: UnsafeRawPointer) {
    running({ $0.modify(message, $1) }, { $0.modify(message, $1) })
}

/// A run of messages, each handled to its end before the next one is looked at.
@_cdecl("engine_on_batch")
public func engineOnBatch(_ messages: UnsafeRawPointer, _ count: UInt32) {
    running({ handle(messages, count, $0, $1) }, { handle(messages, count, $0, $1) })
}

@inline(__always)
private func handle<Sink: ReportSink>(_ messages: UnsafeRawPointer, _ count: UInt32, _ engine: HarnessEngine, _ sink: Sink) {
    var tagged = messages
    for _ in 0..<count {
        let message = tagged + HarnessRecord.messagePayload
        switch tagged.load(as: UInt8.self) {
        case HarnessRecord.newOrder: engine.newOrder(message, sink)
        case HarnessRecord.cancel: engine.cancel(message, sink)
        default: engine.modify(message, sink)
        }
        tagged += HarnessRecord.messageBytes
    }
    sink.publish()
}

/// Every message was handled when its call returned; what is left is to show the last reports.
@_cdecl("engine_flush")
public func engineFlush() {
    running({ $1.publish() }, { $1.publish() })
}

/// Best bid in ticks, the smallest number when there is none.
@_cdecl("engine_query_best_bid")
public func engineQueryBestBid() -> Int64 { session?.pointee.engine.bestBidTicks ?? .min }

/// Best ask in ticks, the greatest number when there is none.
@_cdecl("engine_query_best_ask")
public func engineQueryBestAsk() -> Int64 { session?.pointee.engine.bestAskTicks ?? .max }

/// What rests at one price of one side (0 buy, 1 sell).
@_cdecl("engine_query_depth_at")
public func engineQueryDepthAt(_ ticks: Int64, _ side: UInt8) -> UInt64 { session?.pointee.engine.depth(ticks: ticks, side: side) ?? 0 }
