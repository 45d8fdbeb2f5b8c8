import Engine
import Proof

/// Drives the exchange block by block: the one path by which the executor (live) and recovery (from the journal) apply anything.
///
/// Invariants: blocks are numbered without gaps and their times never go back; everything between `open` and `close` ends up in the
/// block's job in the order in which it was applied; what the engine refuses leaves no trace. One thread at a time may use it.
final class BlockProducer {
    private let hosted: HostedExchange
    private var lookahead = Lookahead()
    /// The open block, or nil.
    private(set) var open: BlockOpening?
    /// Batches admitted since genesis.
    private(set) var sequence: UInt64
    /// The open block's content.
    private(set) var job: SealJob
    private var keepsContent = true

    init(_ hosted: HostedExchange, sequence: UInt64) {
        self.hosted = hosted
        self.sequence = sequence
        job = SealJob()
    }

    /// The exchange, for reading between transitions.
    var exchange: Exchange {
        _read { yield hosted.exchange }
    }

    /// Fetches memory that the first orders would wait for.
    func populateMemory() { hosted.populate() }

    /// Number of the open block, or else of the last one.
    var blockNumber: UInt64 { hosted.exchange.header.blockNumber }

    /// Opens the next block and applies the inbox messages that lead it. `exchange.events` then holds what they caused. Without `keepingContent` its job
    /// will have no envelopes, and the cells that it changed stay marked, for ``drainDirtyCells(_:)`` or the next block to take them.
    func openBlock(_ opening: BlockOpening, messages: ArraySlice<InboxMessage>, keepingContent: Bool = true) {
        precondition(open == nil, "block \(blockNumber) is open")
        hosted.exchange.clearEvents()
        hosted.exchange.beginBlock(number: opening.number, timeMs: opening.timeMs)
        for message in messages { hosted.exchange.consume(message) }
        open = opening
        keepsContent = keepingContent
        job.removeAll()
        job.opening = opening
        job.messageCount = messages.count
    }

    /// Whether to ``announce(_:)`` what waits.
    var gainsFromLookahead: Bool { hosted.exchange.gainsFromLookahead }

    /// Says that an envelope will be executed soon; whatever comes of it is the same.
    func announce(_ envelope: UnsafeRawBufferPointer) {
        guard let envelope = Envelope(envelope) else { return }
        lookahead.announce(signer: envelope.signer, payload: envelope.payload, to: hosted.exchange)
    }

    /// Applies an envelope to the open block. `exchange.events` then holds what it caused. A refused one changes nothing.
    func execute(_ envelope: UnsafeRawBufferPointer) -> RejectCode {
        precondition(open != nil, "no block is open")
        hosted.exchange.clearEvents()
        guard let envelope = Envelope(envelope) else { return .malformedPayload }
        let code =
            envelope.isUnsigned
            ? hosted.exchange.disconnect(signer: envelope.signer)
            : hosted.exchange.execute(signer: envelope.signer, nonce: envelope.nonce, payload: envelope.payload)
        guard code == .none else { return code }
        job.append(envelope: envelope.bytes, content: keepsContent)
        sequence += 1
        return .none
    }

    /// Closes the open block and gives its content away, taking `fresh` for the next one.
    func closeBlock(replacingWith fresh: SealJob) -> SealJob {
        precondition(open != nil, "no block is open")
        let closed = job
        closed.inboxCursor = hosted.exchange.header.inboxCursor
        closed.sequence = sequence
        if keepsContent { closed.takeDirtyCells(of: &hosted.exchange) }
        open = nil
        job = fresh
        return closed
    }

    /// Calls `body` with the index and the 64 bytes of every cell that changed since they were taken last.
    func drainDirtyCells(_ body: (UInt32, UnsafeRawPointer) -> Void) { hosted.exchange.drainDirtyCells(body) }

    /// Position of the batch that was admitted last in its block, from 0.
    var lastPosition: UInt32 { UInt32(truncatingIfNeeded: job.envelopeCount - 1) }
}
