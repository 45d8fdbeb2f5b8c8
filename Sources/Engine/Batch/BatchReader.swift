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

    var values: RangeDecoder
    let workspace: BatchWorkspace
    private let signers: UnsafeRawPointer
    private let signatures: UnsafeRawPointer
    private(set) var block: Block
    private var signersNamed = 0
    private var blocksRead: UInt64 = 0
    private var messagesLeft: UInt64
    private var envelopesRead = 0
    private var envelopesLeftInBlock = 0
    private var commandsLeft: Int
    private var lastNonce: UInt64 = 0
    var lastOrderSlot: UInt32 = 0

    private typealias Column = BatchContexts.Number

    /// Reads the head of the batch. `bytes` and `workspace` must outlive the reader; two readers never share a workspace.
    package init(_ bytes: UnsafeRawBufferPointer, workspace memory: UnsafeMutableRawPointer) throws(BatchError) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { throw .empty }
        let version = start.load(as: UInt8.self)
        guard version == BatchFormat.version else { throw .unknownVersion(version) }
        var head = BatchHead(start + 1, count: bytes.count - 1)
        let firstBlock = try head.varint()
        let blockCount = try head.varint()
        messageCount = try head.varint()
        let envelopes = try head.varint()
        let commands = try head.varint()
        let signers = try head.varint()
        guard firstBlock > 0, blockCount > 0, !firstBlock.addingReportingOverflow(blockCount).overflow else {
            throw .blocksOutOfRange(first: firstBlock, count: blockCount)
        }
        guard blockCount <= UInt64(BatchFormat.blocksMax) else { throw .countTooLarge(blockCount) }
        guard commands <= UInt64(BatchFormat.commandsMax) else { throw .countTooLarge(commands) }
        guard envelopes <= UInt64(head.unread) else { throw .countTooLarge(envelopes) }
        guard signers <= envelopes, signers <= UInt64(BatchFormat.signersMax) else { throw .countTooLarge(signers) }
        self.firstBlock = firstBlock
        self.blockCount = blockCount
        envelopeCount = Int(envelopes)
        commandCount = Int(commands)
        signerCount = Int(signers)
        let apart = 20 * signerCount + Envelope.signatureBytes * envelopeCount
        guard apart <= head.unread else { throw .countTooLarge(envelopes) }
        self.signers = head.position
        signatures = head.position + 20 * signerCount

        workspace = BatchWorkspace(memory, signerCount: signerCount)
        values = RangeDecoder(head.position + apart, count: head.unread - apart, contexts: workspace.contexts)
        block = Block(number: firstBlock - 1, timeMs: 0, l1Origin: 0, messageCount: 0, envelopeCount: 0)
        messagesLeft = messageCount
        commandsLeft = commandCount
    }

    /// The next block, or nil after the last; then every byte is known to be used up. All envelopes of the block before must have been read.
    package mutating func nextBlock() throws(BatchError) -> Block? {
        precondition(envelopesLeftInBlock == 0, "the last block's envelopes come first")
        guard blocksRead < blockCount else {
            try checkEnd()
            return nil
        }
        let (time, overflow) = block.timeMs.addingReportingOverflow(try values.number(Column.blockTime))
        guard !overflow else { throw .timeOverflow }
        block.timeMs = time
        block.messageCount = UInt64(try values.number32(Column.blockMessages))
        guard block.messageCount <= messagesLeft else { throw .countMismatch(column: Column.blockMessages) }
        let envelopes = try values.number(Column.blockEnvelopes)
        guard envelopes <= UInt64(envelopeCount - envelopesRead) else { throw .countMismatch(column: Column.blockEnvelopes) }
        block.envelopeCount = Int(envelopes)
        block.l1Origin = try values.value(Column.blockOrigin, after: block.l1Origin)
        block.number += 1
        blocksRead += 1
        messagesLeft -= block.messageCount
        envelopesLeftInBlock = block.envelopeCount
        return block
    }

    /// The next envelope of the block, written into `scratch`, where ``scratchBytes`` bytes are free; valid until the next call.
    /// To be called exactly `envelopeCount` times a block.
    package mutating func nextEnvelope(into scratch: UnsafeMutableRawPointer) throws(BatchError) -> Envelope {
        precondition(envelopesLeftInBlock > 0, "the block has no more envelopes")
        let position = try nextSigner()
        let signer = workspace.signers + position
        let nonce = try values.value(Column.nonce, after: lastNonce != 0 ? lastNonce : block.timeMs)
        if nonce != 0 { lastNonce = nonce }
        let commands = try values.number(Column.commands)
        guard commands > 0, commands <= UInt64(Layout.commandsPerPayloadMax) else { throw .commandCountOutOfRange(commands) }
        guard commands <= UInt64(commandsLeft) else { throw .countMismatch(column: Column.commands) }
        commandsLeft -= Int(commands)

        scratch.copyMemory(from: signers + 20 * position, byteCount: 20)
        scratch.storeBytes(of: nonce, toByteOffset: Envelope.nonceOffset, as: UInt64.self)
        (scratch + Envelope.signatureOffset).copyMemory(
            from: signatures + Envelope.signatureBytes * envelopesRead, byteCount: Envelope.signatureBytes)
        var count = Envelope.payloadOffset
        for _ in 0..<commands {
            count += try nextCommand(signer).encode(to: scratch + count)
            guard !values.isExhausted else { throw .valuesTooShort }
            guard count <= Envelope.bytesMax else { throw .payloadTooLong(bytes: count - Envelope.payloadOffset) }
        }
        envelopesRead += 1
        envelopesLeftInBlock -= 1
        guard let envelope = Envelope(UnsafeRawBufferPointer(start: scratch, count: count)) else { throw .commandCountOutOfRange(commands) }
        return envelope
    }

    private mutating func nextSigner() throws(BatchError) -> Int {
        if values.flag(BatchContexts.isNewSigner) {
            guard signersNamed < signerCount else { throw .unknownSigner(position: UInt64(signersNamed)) }
            signersNamed += 1
            return signersNamed - 1
        }
        let position = try values.number(Column.signer)
        guard position < UInt64(signersNamed) else { throw .unknownSigner(position: position) }
        return Int(position)
    }

    private func checkEnd() throws(BatchError) {
        guard messagesLeft == 0 else { throw .countMismatch(column: Column.blockMessages) }
        guard envelopesRead == envelopeCount else { throw .countMismatch(column: Column.blockEnvelopes) }
        guard commandsLeft == 0 else { throw .countMismatch(column: Column.commands) }
        guard signersNamed == signerCount else { throw .unknownSigner(position: UInt64(signersNamed)) }
        guard values.isAtEnd else { throw values.isExhausted ? .valuesTooShort : .wrongEnd }
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

/// The counts at the head.
private struct BatchHead {
    private(set) var position: UnsafeRawPointer
    private(set) var unread: Int

    init(_ start: UnsafeRawPointer, count: Int) {
        position = start
        unread = count
    }

    mutating func varint() throws(BatchError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while unread > 0 {
            let byte = position.load(as: UInt8.self)
            position += 1
            unread -= 1
            // The tenth byte has one bit left; a last byte of 0 after others could have been left out.
            guard shift < 63 || byte <= 1, byte != 0 || shift == 0 else { throw .malformedHead }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        throw .malformedHead
    }
}
