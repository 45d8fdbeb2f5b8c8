import Engine
import Proof
import Signing

/// Re-executes posted batches: from the state before, the L1 inbox and the bytes of the batch alone come all block headers and the state after.
/// These rules say what a batch means; nothing that a sequencer says can change them.
///
/// 1. The whole batch is read and checked first. If its bytes are malformed, or if its block numbers, times or inbox messages contradict
///    the state or what it was posted with (``BatchFault``), it is a no-op.
/// 2. From there on nothing can fail. For each block: open it, consume its inbox messages, then execute its envelopes in order.
/// 3. An envelope whose signature is not good for its signer (EIP-712 digest, ecrecover, low s) is passed over. So is one that the exchange
///    refuses as a whole. Both stay part of the commands root, which commits to what was posted.
/// 4. One form needs no signature (`Envelope.isUnsigned`): the sequencer's word that a session ended, which the exchange takes only for an
///    account that asked for it. Any other envelope without a signature has a bad one.
/// 5. After its last envelope a block's header is complete. The signature of the header is no input.
///
/// One thread at a time may use it.
package final class Derivation {
    package let hosted: HostedExchange
    package let tree: StateTree
    /// The header of the last block derived; nil at genesis.
    package private(set) var head: BlockHeader?
    private let domain: SigningDomain
    private let verifier: SignatureVerifier
    private let workspace: UnsafeMutableRawPointer
    private let scratch: UnsafeMutableRawPointer

    /// Goes on from the state in `hosted`, which `tree` matches, after the block with header `head` (nil: genesis).
    package init(hosted: HostedExchange, tree: StateTree, head: BlockHeader?, domain: SigningDomain) {
        precondition(hosted.exchange.header.blockNumber == head?.number ?? 0, "the header is not that of the state's last block")
        self.hosted = hosted
        self.tree = tree
        self.head = head
        self.domain = domain
        verifier = SignatureVerifier()
        workspace = .allocate(byteCount: BatchReader.workspaceBytes, alignment: 8)
        scratch = .allocate(byteCount: BatchReader.scratchBytes, alignment: 8)
    }

    /// Starts at genesis: an arena of zeros.
    package convenience init(domain: SigningDomain) throws(ReservationFailed) {
        self.init(hosted: try HostedExchange(), tree: try StateTree(), head: nil, domain: domain)
    }

    deinit {
        workspace.deallocate()
        scratch.deallocate()
    }

    /// The root of the state as derived so far.
    package var stateRoot: Hash256 { tree.root() }

    /// Applies the next posted batch. `inboxMessage` gives a message of the L1 inbox by its index.
    /// On an error nothing has changed.
    package func apply(
        batch: [UInt8], parameters: BatchParameters, inboxMessage: (UInt64) -> InboxMessage?
    ) throws(MissingInboxMessage) -> BatchOutcome {
        let result = batch.withUnsafeBytes { bytes -> Result<BatchOutcome, MissingInboxMessage> in
            do throws(MissingInboxMessage) {
                return .success(try apply(bytes, parameters, inboxMessage))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func apply(
        _ batch: UnsafeRawBufferPointer, _ posted: BatchParameters, _ inboxMessage: (UInt64) -> InboxMessage?
    ) throws(MissingInboxMessage) -> BatchOutcome {
        let messageCount: UInt64
        do throws(BatchFault) { messageCount = try check(batch, posted) } catch { return .ignored(error) }
        let cursor = hosted.exchange.header.inboxCursor
        var messages: [InboxMessage] = []
        for index in cursor..<cursor + messageCount {
            guard let message = inboxMessage(index) else { throw MissingInboxMessage(index: index) }
            messages.append(message)
        }
        do throws(BatchError) {
            return .applied(try execute(batch, messages: messages))
        } catch {
            fatalError("a batch that had been checked did not decode: \(error)")
        }
    }

    /// Finds everything that can be wrong with a batch; gives the number of inbox messages that it consumes. Changes nothing.
    private func check(_ batch: UnsafeRawBufferPointer, _ posted: BatchParameters) throws(BatchFault) -> UInt64 {
        let first: BatchReader.Block?
        let last: BatchReader.Block
        var reader: BatchReader
        do throws(BatchError) {
            last = try BatchReader.validate(batch, workspace: workspace, scratch: scratch)
            reader = try BatchReader(batch, workspace: workspace)
            first = try reader.nextBlock()
        } catch {
            throw .undecodable(error)
        }
        let state = hosted.exchange.header
        guard reader.firstBlock == state.blockNumber + 1 else {
            throw .wrongBlock(expected: state.blockNumber + 1, actual: reader.firstBlock)
        }
        let firstTimeMs = first?.timeMs ?? 0
        guard firstTimeMs >= state.blockTimeMs else { throw .timeGoesBack(last: state.blockTimeMs, first: firstTimeMs) }
        guard firstTimeMs == posted.firstTimeMs, last.timeMs == posted.lastTimeMs else {
            throw .wrongTimes(firstMs: firstTimeMs, lastMs: last.timeMs, posted: posted)
        }
        let (end, overflow) = state.inboxCursor.addingReportingOverflow(reader.messageCount)
        guard !overflow, end == posted.inboxEnd else {
            throw .wrongInboxCount(consumed: reader.messageCount, cursor: state.inboxCursor, postedEnd: posted.inboxEnd)
        }
        return reader.messageCount
    }

    private func execute(_ batch: UnsafeRawBufferPointer, messages: [InboxMessage]) throws(BatchError) -> DerivedBatch {
        var derived = DerivedBatch(headers: [])
        var messages = messages[...]
        var reader = try BatchReader(batch, workspace: workspace)
        derived.envelopeCount = reader.envelopeCount
        derived.commandCount = reader.commandCount
        while let block = try reader.nextBlock() {
            hosted.exchange.beginBlock(number: block.number, timeMs: block.timeMs)
            hosted.exchange.clearEvents()
            for message in messages.prefix(Int(block.messageCount)) {
                hosted.exchange.consume(message)
                hosted.exchange.clearEvents()
            }
            messages = messages.dropFirst(Int(block.messageCount))
            var commandsRoot = CommandsRoot()
            for _ in 0..<block.envelopeCount {
                let envelope = try reader.nextEnvelope(into: scratch)
                commandsRoot.append(envelope.bytes)
                execute(envelope, &derived)
            }
            derived.headers.append(close(block, commandsRoot: commandsRoot.value))
        }
        return derived
    }

    private func execute(_ envelope: Envelope, _ derived: inout DerivedBatch) {
        if envelope.isUnsigned {
            if hosted.exchange.disconnect(signer: envelope.signer) != .none { derived.refused += 1 }
            hosted.exchange.clearEvents()
            return
        }
        let digest = domain.commandsDigest(nonce: envelope.nonce, payload: envelope.payload)
        guard verifier.isValid(Signature(loadingFrom: envelope.signature), of: digest, by: envelope.signer) else {
            derived.badSignatures += 1
            return
        }
        let code = hosted.exchange.execute(signer: envelope.signer, nonce: envelope.nonce, payload: envelope.payload)
        if code != .none { derived.refused += 1 }
        hosted.exchange.clearEvents()
    }

    private func close(_ block: BatchReader.Block, commandsRoot: Hash256) -> BlockHeader {
        hosted.exchange.drainDirtyCells { index, bytes in tree.apply(cell: index, bytes) }
        let header = BlockHeader(
            number: block.number, parentHash: head?.hash ?? .zero, stateRoot: tree.root(), commandsRoot: commandsRoot,
            inboxCursor: hosted.exchange.header.inboxCursor, timeMs: block.timeMs, l1Origin: block.l1Origin)
        head = header
        return header
    }
}
