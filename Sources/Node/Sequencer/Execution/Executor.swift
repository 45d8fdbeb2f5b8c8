import Engine
import Proof

/// Applies what comes in and answers it: the only writer of the exchange.
///
/// A pure duty cycle without thread or clock of its own, used by one thread at a time (``SharedExecutor``): ``step(nowMs:)`` drains a bounded group, applies it, appends it to the journal and only then
/// publishes the results, so acknowledged means journaled. Invariant between steps: everything the exchange applied is in the journal, and the log
/// holds no uncommitted record.
final class Executor {
    let producer: BlockProducer
    let journal: Journal
    var inputs: InputRings
    let log: EventLog
    let answers: AnswerTable
    let inbox: InboxQueue
    let sealing: SealQueue
    let shared: NodeShared
    let configuration: ExecutorConfiguration
    private var queries = Queries()
    var group = JournalGroup()
    /// Blocks closed in this step; they go to the sealer once the journal has them.
    var closed: [SealJob] = []
    var lastBlockTimeMs: UInt64
    /// When the open block was opened, by the clock; 0 if recovery left it open.
    var openedAtMs: UInt64 = 0
    /// When the last block closed, by the clock.
    var closedAtMs: UInt64 = 0
    /// L1 block of the last block's opening; it never goes back.
    var l1Origin: UInt64
    /// Next account to look at of those whose sessions are all known to have ended; nil when that is done.
    var sessionsEndedCursor: UInt32? = 1
    /// During a brief step: what to do about a full log.
    var makeRoom: (() -> Void)?

    init(
        producer: BlockProducer, journal: Journal, inputs: [ByteRing], log: EventLog, answers: AnswerTable, inbox: InboxQueue,
        sealing: SealQueue, shared: NodeShared, configuration: ExecutorConfiguration, l1Origin: UInt64
    ) {
        self.producer = producer
        self.journal = journal
        self.inputs = InputRings(inputs)
        self.log = log
        self.answers = answers
        self.inbox = inbox
        self.sealing = sealing
        self.shared = shared
        self.configuration = configuration
        self.l1Origin = l1Origin
        lastBlockTimeMs = producer.exchange.header.blockTimeMs
    }

    /// One turn at clock time `nowMs`. Returns how much was done: 0 means there is nothing to do now.
    /// Throws if the journal cannot be written; nothing of the step is then acknowledged and the executor must not be used again.
    func step(nowMs: UInt64) throws -> Int {
        if closedAtMs == 0 { closedAtMs = nowMs }
        var work = 0
        if inbox.hasMessages && producer.open == nil && hasJournalRoom {
            try openBlock(nowMs)
            work += 1
        }
        work += try endSessions(nowMs)
        var hasMore = sessionsEndedCursor == nil
        while hasMore && work < configuration.groupRecordsMax && group.bytes.count < configuration.groupBytesMax {
            guard hasRoom, makeRoomInBlock(nowMs) else { break }
            hasMore = try takeIn(nowMs)
            if hasMore { work += 1 }
        }
        if isCloseDue(nowMs), canCloseBlock {
            if producer.open == nil { try openBlock(nowMs) }
            closeBlock(nowMs)
            work += 1
        }
        try commitGroup()
        return work
    }

    /// The part of a step that clients wait for, and no more than a little of it: for a thread that has something else to do. Returns whether nothing
    /// is left to do at once. What is not for the moment (closing blocks) or may take long stays for ``step(nowMs:)``.
    ///
    /// `makeRoom` is called when the log is full, which it stays until all gateways have read: the caller may be one of them.
    func stepBriefly(nowMs: UInt64, makeRoom: () -> Void) throws -> Bool {
        guard closedAtMs != 0, sessionsEndedCursor == nil, producer.open != nil || !inbox.hasMessages && !hasUnfinishedBusiness else {
            return false
        }
        try withoutActuallyEscaping(makeRoom) { makeRoom in
            self.makeRoom = makeRoom
            defer { self.makeRoom = nil }
            var count = 0
            while count < configuration.briefRecordsMax, group.bytes.count < configuration.briefBytesMax, !isBlockFull, hasRoom,
                try takeIn(nowMs)
            {
                count += 1
            }
            try commitGroup()
        }
        return inputs.isEmpty
    }

    /// From here on all sessions count as ended: to be called once the input rings are no longer read, before ``finish(nowMs:)``.
    func endAllSessions() { sessionsEndedCursor = 1 }

    /// Whether sealer and journal have room for another block's end.
    var canCloseBlock: Bool { sealing.hasRoom && hasJournalRoom }

    /// Closes the open block at the end. Returns false if the sealer, or the journal's mover, must catch up first.
    func finish(nowMs: UInt64) throws -> Bool {
        _ = try endSessions(nowMs)
        guard sessionsEndedCursor == nil else {
            try commitGroup()
            return false
        }
        if producer.open != nil {
            guard canCloseBlock else { return false }
            closeBlock(nowMs)
        }
        try commitGroup()
        return true
    }

    /// How long to sleep, in milliseconds, if no wake-up comes: until a block must be closed or made; at least 1.
    func sleepMs(nowMs: UInt64) -> Int32 {
        // A gateway that makes room in the log need not wake us.
        if !inputs.isEmpty && !hasOutputRoom { return 1 }
        guard !isCloseDue(nowMs) else { return canCloseBlock ? 1 : 100 }
        return Int32(clamping: dueAtMs - nowMs)
    }

    /// Whether a step would find something to do at once.
    var hasWork: Bool {
        if inbox.hasMessages && producer.open == nil && hasJournalRoom { return true }
        guard !inputs.isEmpty, hasRoom else { return false }
        return !isBlockFull || sealing.hasRoom
    }

    /// Whether nothing waits in the input rings.
    var isDrained: Bool { inputs.isEmpty }

    // MARK: Records

    /// Handles the oldest record of the rings; false if there is none.
    private func takeIn(_ nowMs: UInt64) throws -> Bool {
        lookAhead()
        var failure: (any Error)?
        let isTaken = inputs.read { record in
            do { try handle(record, nowMs) } catch { failure = error }
        }
        if let failure { throw failure }
        return isTaken
    }

    /// Announces command batches that wait in the ring.
    private func lookAhead() {
        guard producer.gainsFromLookahead else { return }
        while inputs.peek(
            recordsMax: Lookahead.batchesAhead,
            { record in
                if record.kind == RingRecord.ToExecutor.commands { producer.announce(record.body) }
            })
        {}
    }

    private func handle(_ record: RingRecord, _ nowMs: UInt64) throws {
        switch record.kind {
        case RingRecord.ToExecutor.commands: try handleCommands(record, nowMs)
        case RingRecord.ToExecutor.disconnected:
            guard record.body.count == MemoryLayout<Address>.size, let base = record.body.baseAddress else {
                preconditionFailure("the gateway wrote a signer of \(record.body.count) bytes")
            }
            try endSession(of: Address(loadingFrom: base), nowMs)
        case RingRecord.ToExecutor.query:
            let position = Queries.Position(sequence: producer.sequence, sealed: shared.sealedHead)
            queries.answer(record.body, producer.exchange, position)
            shared.statistics.queries.add(1)
            try queries.reply.withUnsafeBytes { reply in
                try write(kind: RingRecord.ToGateway.queryReply, flags: 0, session: record.session, tag: record.tag, bodyBytes: reply.count)
                {
                    if let base = reply.baseAddress { $0.copyMemory(from: base, byteCount: reply.count) }
                }
            }
        default: preconditionFailure("the gateway wrote a record of kind \(record.kind)")
        }
    }

    private func handleCommands(_ record: RingRecord, _ nowMs: UInt64) throws {
        if producer.open == nil { try openBlock(nowMs) }
        guard var outcome = Outcome(record.body, block: producer.blockNumber) else {
            preconditionFailure("the gateway wrote an envelope of \(record.body.count) bytes")
        }
        outcome.code = shared.takesNewOrders || !NewOrders.areIn(record.body) ? producer.execute(record.body) : .settlementBehind
        guard outcome.code == .none else {
            shared.statistics.batchesRefused.add(1)
            if outcome.code == .nonceRepeated || outcome.code == .nonceBelowRemembered {
                outcome.sequence = answers.answer(to: outcome.key, in: log)
            }
            return try writeResult(outcome, session: record.session, tag: record.tag, events: UnsafeBufferPointer(start: nil, count: 0))
        }
        group.appendCommands(record.body)
        shared.statistics.count(producer.exchange.events)
        shared.statistics.batchesAdmitted.add(1)
        outcome.admit(by: producer)
        let offset = log.end
        try writeResult(outcome, session: record.session, tag: record.tag, events: producer.exchange.events)
        answers.remember(outcome.key, at: offset)
    }
}
