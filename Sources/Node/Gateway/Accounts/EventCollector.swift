import Engine
import Sequencer

/// Puts the events of one batch, or of the opening of one block, together again when they go over several records of the log.
struct EventCollector {
    private var unfinished: [Event] = []

    /// Whether records are missing to what has begun.
    var isWaiting: Bool { !unfinished.isEmpty }

    /// Takes the events in `bytes` of `record`; calls `body` with all of them once the last is there.
    mutating func take(_ record: RingRecord, _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeBufferPointer<Event>) -> Void) {
        let here = UnsafeBufferPointer(
            start: bytes.baseAddress?.assumingMemoryBound(to: Event.self), count: bytes.count / MemoryLayout<Event>.stride)
        let isLast = record.flags & RingRecord.Flags.continues == 0
        if isLast, unfinished.isEmpty { return body(here) }
        // Rare: a sweep of thousands of orders.
        unfinished.append(contentsOf: here)
        guard isLast else { return }
        let whole = unfinished
        unfinished.removeAll()
        whole.withUnsafeBufferPointer(body)
    }
}

extension RingRecord {
    /// The bytes of the events in the record of a batch or of an opening.
    var eventBytes: UnsafeRawBufferPointer {
        kind == ToGateway.result ? UnsafeRawBufferPointer(rebasing: body[ResultLayout.events...]) : body
    }
}
