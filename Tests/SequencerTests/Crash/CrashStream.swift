import Engine
import Testing

@testable import Sequencer

/// What a node's log of events tells, against what happened.
struct CrashStream {
    /// The opening of a block, or a batch.
    struct Thing: Equatable {
        var position: StreamPosition
        /// All that it caused.
        var events: [UInt8]
    }

    /// Everything that happened, in order.
    private(set) var things: [Thing] = []

    mutating func note(_ position: StreamPosition, _ events: UnsafeBufferPointer<Event>) {
        things.append(Thing(position: position, events: Array(UnsafeRawBufferPointer(events))))
    }

    /// What the log tells, oldest first, put together where it goes over several records.
    static func told(_ log: EventLog) throws -> [Thing] {
        let history = log.makeHistory()
        var cursor = try #require(history.cursor(after: log.oldestPosition))
        var told: [Thing] = []
        var step = EventHistory.Step.more
        while step == .more {
            step = history.read(&cursor, until: log.end) { record, position in
                guard let position else { return true }
                if told.last?.position != position { told.append(Thing(position: position, events: [])) }
                let header = record.kind == RingRecord.ToGateway.result ? ResultLayout.events : 0
                if record.kind != RingRecord.ToGateway.blockOpened { told[told.count - 1].events += record.body[header...] }
                return true
            }
        }
        try #require(step == .done)
        return told
    }

    /// Whether the log of a node that has stopped tells the last things, all of them from some position on. Returns how many.
    func verify(_ configuration: SequencerConfiguration, seed: UInt64) throws -> Int {
        let file = try EventLogFile(
            path: configuration.directory.events, capacity: configuration.eventLogBytes, deployment: configuration.deployment)
        let told = try Self.told(try EventLog(file))
        try #require(!told.isEmpty)
        if told != things.suffix(told.count) {
            let differing = zip(told, things.suffix(told.count)).first { $0 != $1 }
            Issue.record("the log tells \(String(describing: differing?.0.position)) otherwise than it happened, seed \(seed)")
        }
        return told.count
    }
}
