/// Decodes the bytes of a batch (``BatchFormat``) block by block, envelope by envelope. Allocates nothing; any bytes whatever end in
/// values or in a ``BatchError``.
///
///     var reader = try BatchReader(bytes, workspace: workspace)
///     while let block = try reader.nextBlock() {
///         for _ in 0..<block.envelopeCount { let envelope = try reader.nextEnvelope(into: scratch) ... }
///     }
///
/// A reader that has come to the end has seen every byte be right. Whoever changes state by what it reads calls ``validate`` before,
/// so that no batch is applied in part.
package struct BatchReader {
    /// The boundaries of one block.
    package struct Block: Equatable, Sendable {
        package var number: UInt64
        package var timeMs: UInt64
        package var l1Origin: UInt64
        /// Inbox messages consumed before the envelopes, below 2^32.
        package var messageCount: UInt64
        package var envelopeCount: Int
    }

    /// Bytes of workspace that a reader needs, aligned to 8.
    package static let workspaceBytes = BatchWorkspace.byteCount
    /// Bytes of scratch that an envelope needs: also the command that shows that it is too long is written there.
    package static let scratchBytes = Envelope.bytesMax + Command.bytesMax

    package let firstBlock: UInt64
    package let blockCount: UInt64
    package let messageCount: UInt64
    package let envelopeCount: Int
    package let commandCount: Int
    package let signerCount: Int

    var columns: InlineArray<22, BatchCursor>
    let workspace: BatchWorkspace
    private let signers: UnsafeRawPointer
    private(set) var block: Block
    private var signersNamed = 0
    private var blocksRead: UInt64 = 0
    private var messagesLeft: UInt64
    private var envelopesLeft: Int
    private var envelopesLeftInBlock = 0
    var lastMarket: UInt16?
    var lastOrderSlot: UInt32 = 0

    /// Reads the head of the batch. `bytes` and `workspace` must outlive the reader; two readers never share a workspace.
    package init(_ bytes: UnsafeRawBufferPointer, workspace memory: UnsafeMutableRawPointer) throws(BatchError) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { throw .empty }
        let version = start.load(as: UInt8.self)
        guard version == BatchFormat.version else { throw .unknownVersion(version) }
        var head = BatchCursor(start + 1, count: bytes.count - 1, column: -1)
        let firstBlock = try Self.headValue(&head)
        let blockCount = try Self.headValue(&head)
        let messageCount = try Self.headValue(&head)
        let envelopes = try Self.headValue(&head)
        let commands = try Self.headValue(&head)
        let signers = try Self.headValue(&head)
        guard firstBlock > 0, blockCount > 0, !firstBlock.addingReportingOverflow(blockCount).overflow else {
            throw .blocksOutOfRange(first: firstBlock, count: blockCount)
        }
        // From here on these are small enough for any sum and product below.
        let room = UInt64(bytes.count)
        guard max(blockCount, max(envelopes, commands)) <= room else { throw .countTooLarge(max(blockCount, max(envelopes, commands))) }
        guard signers <= envelopes, signers <= UInt64(BatchFormat.signersMax) else { throw .countTooLarge(signers) }
        self.firstBlock = firstBlock
        self.blockCount = blockCount
        self.messageCount = messageCount
        envelopeCount = Int(envelopes)
        commandCount = Int(commands)
        signerCount = Int(signers)

        var lengths = InlineArray<22, Int>(repeating: 0)
        var total = 0
        for column in 0..<BatchFormat.Column.count {
            switch column {
            case BatchFormat.Column.signers: lengths[column] = 20 * signerCount
            case BatchFormat.Column.head: lengths[column] = commandCount
            case BatchFormat.Column.signatures: lengths[column] = Envelope.signatureBytes * envelopeCount
            default:
                let length = try Self.headValue(&head)
                guard length <= room else { throw .countTooLarge(length) }
                lengths[column] = Int(length)
            }
            total += lengths[column]
        }
        guard total == head.unread else { throw .wrongLength(expected: total, actual: head.unread) }

        var position = start + (bytes.count - total)
        columns = InlineArray(repeating: BatchCursor(position, count: 0, column: 0))
        for column in 0..<BatchFormat.Column.count {
            columns[column] = BatchCursor(position, count: lengths[column], column: column)
            position += lengths[column]
        }
        self.signers = try columns[BatchFormat.Column.signers].bytes(20 * signerCount)
        workspace = BatchWorkspace(memory, signerCount: signerCount)
        block = Block(number: firstBlock - 1, timeMs: 0, l1Origin: 0, messageCount: 0, envelopeCount: 0)
        messagesLeft = messageCount
        envelopesLeft = envelopeCount
    }

    private static func headValue(_ head: inout BatchCursor) throws(BatchError) -> UInt64 {
        do throws(BatchError) { return try head.varint() } catch { throw .malformedHead }
    }

    /// The next block, or nil after the last; then every column is known to be used up. All envelopes of the block before must have been read.
    package mutating func nextBlock() throws(BatchError) -> Block? {
        precondition(envelopesLeftInBlock == 0, "the last block's envelopes come first")
        guard blocksRead < blockCount else {
            try checkEnd()
            return nil
        }
        let timeDelta = try columns[BatchFormat.Column.blockTime].varint()
        let (time, overflow) = block.timeMs.addingReportingOverflow(timeDelta)
        guard !overflow else { throw .timeOverflow }
        block.timeMs = time
        block.messageCount = UInt64(try columns[BatchFormat.Column.blockMessages].varint32())
        guard block.messageCount <= messagesLeft else { throw .countMismatch(column: BatchFormat.Column.blockMessages) }
        let envelopes = try columns[BatchFormat.Column.blockEnvelopes].varint()
        guard envelopes <= UInt64(envelopesLeft) else { throw .countMismatch(column: BatchFormat.Column.blockEnvelopes) }
        block.envelopeCount = Int(envelopes)
        block.l1Origin = try columns[BatchFormat.Column.blockOrigin].value(after: block.l1Origin)
        block.number += 1
        blocksRead += 1
        messagesLeft -= block.messageCount
        envelopesLeft -= block.envelopeCount
        envelopesLeftInBlock = block.envelopeCount
        return block
    }

    /// The next envelope of the block, written into `scratch`, where ``scratchBytes`` bytes are free; valid until the next call.
    /// To be called exactly `envelopeCount` times a block.
    package mutating func nextEnvelope(into scratch: UnsafeMutableRawPointer) throws(BatchError) -> Envelope {
        precondition(envelopesLeftInBlock > 0, "the block has no more envelopes")
        let position = try columns[BatchFormat.Column.signer].varint()
        guard position < UInt64(signerCount) else { throw .unknownSigner(position: position) }
        let signer = Int(position)
        guard signer <= signersNamed else { throw .signersOutOfOrder(position: position) }
        if signer == signersNamed { signersNamed += 1 }
        let last = workspace.lastNonces[signer]
        let nonce = try columns[BatchFormat.Column.nonce].value(after: last == 0 ? block.timeMs : last)
        workspace.lastNonces[signer] = nonce
        let commands = try columns[BatchFormat.Column.commands].varint()
        guard commands > 0, commands <= UInt64(Layout.commandsPerPayloadMax) else { throw .commandCountOutOfRange(commands) }

        scratch.copyMemory(from: signers + 20 * signer, byteCount: 20)
        scratch.storeBytes(of: nonce, toByteOffset: Envelope.nonceOffset, as: UInt64.self)
        let signature = try columns[BatchFormat.Column.signatures].bytes(Envelope.signatureBytes)
        (scratch + Envelope.signatureOffset).copyMemory(from: signature, byteCount: Envelope.signatureBytes)
        var count = Envelope.payloadOffset
        for _ in 0..<commands {
            count += try nextCommand(signer: signer).encode(to: scratch + count)
            guard count <= Envelope.bytesMax else { throw .payloadTooLong(bytes: count - Envelope.payloadOffset) }
        }
        envelopesLeftInBlock -= 1
        guard let envelope = Envelope(UnsafeRawBufferPointer(start: scratch, count: count)) else { throw .commandCountOutOfRange(commands) }
        return envelope
    }

    private func checkEnd() throws(BatchError) {
        guard messagesLeft == 0 else { throw .countMismatch(column: BatchFormat.Column.blockMessages) }
        guard envelopesLeft == 0 else { throw .countMismatch(column: BatchFormat.Column.blockEnvelopes) }
        guard signersNamed == signerCount else { throw .signersOutOfOrder(position: UInt64(signerCount)) }
        for column in 0..<BatchFormat.Column.count where columns[column].unread > 0 {
            throw .columnTooLong(column: column, unread: columns[column].unread)
        }
    }

    /// Reads the whole batch and gives its last block; throws if any byte is wrong. `scratch` and `workspace` as for reading.
    package static func validate(
        _ bytes: UnsafeRawBufferPointer, workspace: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
    ) throws(BatchError) -> Block {
        var reader = try BatchReader(bytes, workspace: workspace)
        var last = Block(number: 0, timeMs: 0, l1Origin: 0, messageCount: 0, envelopeCount: 0)
        while let block = try reader.nextBlock() {
            for _ in 0..<block.envelopeCount { _ = try reader.nextEnvelope(into: scratch) }
            last = block
        }
        return last
    }
}
