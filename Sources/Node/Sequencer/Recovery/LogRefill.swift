import Engine
import Logging

/// Brings the log of events to where the journal is. Recovery tells it all that the journal replays; what the log has already is passed over.
///
/// The journal is committed before the log, so that after `kill -9` the log lacks a group at most. If it does not fit the journal otherwise, or cannot be
/// continued at all, it is begun anew and has what is replayed.
final class LogRefill: RecordSink, ReplayObserver {
    let log: EventLog
    let answers: AnswerTable
    private let logger: Logger
    private let journalBlock: UInt64
    private var isPassingOver = false
    /// The last thing that was passed over.
    private var passedOver: StreamPosition?
    /// Of the last batch or opening that the log has; the key is 0 for an opening.
    private var last: (position: StreamPosition, envelopeKey: UInt64)

    /// How far the journal was replayed.
    private var replayed = StreamPosition(rawValue: 0)

    /// Opens the log, or makes one. `journalBlock` is the journal's last block.
    init(_ configuration: SequencerConfiguration, journalBlock: UInt64, statistics: NodeStatistics, logger: Logger) throws {
        self.journalBlock = journalBlock
        self.logger = logger
        let answers = try AnswerTable()
        self.answers = answers
        let file: EventLogFile
        do {
            file = try EventLogFile(
                path: configuration.directory.events, capacity: configuration.eventLogBytes, deployment: configuration.deployment)
        } catch {
            logger.error("events are kept in memory only, so that clients cannot resume after a crash", metadata: ["reason": "\(error)"])
            file = try EventLogFile(path: nil, capacity: configuration.eventLogBytes, deployment: configuration.deployment)
        }
        log = try EventLog(file) { record, offset in
            answers.remember(record.body.load(fromByteOffset: ResultLayout.envelopeKey, as: UInt64.self), at: offset)
        }
        // What it had before it turned out that it cannot be continued.
        if log.openedAt == nil { answers.removeAll() }
        last = log.openedAt ?? (StreamPosition(rawValue: 0), 0)
        log.onDamage = { offset in
            statistics.eventRecordsDamaged.add(1, ordering: .relaxed)
            logger.error(
                "a record in events.log is no longer as it was written; clients are told of nothing before its end any more",
                metadata: ["offset": "\(offset)"])
        }
        sayWhatWasFound()
    }

    private func sayWhatWasFound() {
        switch log.flaw {
        case nil:
            guard let offset = log.cutAt else { return }
            logger.error(
                "a record in events.log is not as it was written; what follows it is dropped, and written again as far as the journal has it",
                metadata: ["offset": "\(offset)"])
        case .empty: return
        case let flaw?:
            logger.log(
                level: flaw == .restarted ? .info : .warning,
                "events.log is begun anew with what the journal replays; clients cannot ask for what came before",
                metadata: ["reason": "\(flaw)"])
        }
    }

    func begins(after block: UInt64) {
        replayed = StreamPosition(before: block + 1)
        // A log that was cut may lack the rest of its last block, which is not replayed either if the checkpoint has it.
        let isBehind = log.cutAt == nil ? last.position.block < block : last.position.block <= block
        if isBehind || last.position.block > journalBlock { beginAnew(after: replayed) }
    }

    /// A record takes more room in the log than its command in the journal.
    var bytesKept: Int { log.capacity - 1 }

    func beginsRow(isKept: Bool) { isPassingOver = !isKept }

    func opened(_ opening: BlockOpening, _ producer: BlockProducer) throws {
        let position = StreamPosition(openingOf: opening.number)
        guard !passesOver(position), isMissing(position, key: 0) else { return }
        try writeOpening(opening, events: producer.exchange.events)
        log.commit()
    }

    func admitted(_ envelope: UnsafeRawBufferPointer, _ producer: BlockProducer) throws {
        let position = StreamPosition(block: producer.blockNumber, batch: producer.lastPosition)
        guard !passesOver(position), position >= last.position, var outcome = Outcome(envelope, block: producer.blockNumber) else { return }
        outcome.admit(by: producer)
        guard isMissing(position, key: outcome.key) else { return }
        let offset = log.end
        try writeResult(outcome, session: 0, tag: 0, events: producer.exchange.events)
        answers.remember(outcome.key, at: offset)
        log.commit()
    }

    /// Whether what happens at `position` would be overwritten before the replay is over. If that has ended, and the log has not what was passed over,
    /// it begins behind that.
    private func passesOver(_ position: StreamPosition) -> Bool {
        replayed = position
        if isPassingOver {
            passedOver = position
            return true
        }
        if let end = passedOver {
            passedOver = nil
            if end > last.position { beginAnew(after: end) }
        }
        return false
    }

    /// Everything was replayed. If rows are gone that the log had seen, it tells of what never was.
    func finish() {
        if last.position > replayed { beginAnew(after: replayed) }
    }

    func write(
        kind: UInt8, flags: UInt8, session: UInt32, tag: UInt64, bodyBytes: Int, _ fill: (UnsafeMutableRawPointer) -> Void
    ) throws {
        let isWritten = log.tryWrite(kind: kind, flags: flags, session: session, tag: tag, bodyBytes: bodyBytes, fill)
        precondition(isWritten, "the log has no readers yet")
    }

    /// Whether the log lacks what the journal has at `position`. If it has something else there, it is begun anew with this.
    private func isMissing(_ position: StreamPosition, key: UInt64) -> Bool {
        if position == last.position, key != last.envelopeKey { beginAnew(after: StreamPosition(rawValue: position.rawValue - 1)) }
        return position > last.position
    }

    private func beginAnew(after position: StreamPosition) {
        if last.position.rawValue > 0 { logger.error("the log of events does not fit the journal and is begun anew") }
        log.beginAnew(after: position)
        answers.removeAll()
        last = (position, 0)
    }
}
