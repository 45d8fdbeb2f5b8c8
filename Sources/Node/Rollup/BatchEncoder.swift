import Engine

/// Writes a run of blocks as the bytes of a batch (``BatchFormat``); ``BatchReader`` reads them back to the same envelopes, bit by bit.
package struct BatchEncoder {
    var columns = BatchColumns()
    private var firstHeader: BlockHeader?
    private var lastHeader: BlockHeader?
    private var messageCount: UInt64 = 0
    private var envelopeCount = 0
    private var commandCount = 0
    private var signers: [Address: Int] = [:]
    private var lastNonces: [UInt64] = []
    var lastClientOrderIds: [UInt64] = []
    var lastPrices = [UInt32](repeating: 0, count: BatchFormat.lastPriceCount)
    var lastMarket: UInt16?
    var lastOrderSlot: UInt32 = 0

    package init() {}

    /// Blocks appended so far.
    package private(set) var blockCount = 0

    /// Orders, cancels and other commands appended so far.
    package var commands: Int { commandCount }

    /// What to post the batch with; nil while it is empty.
    package var parameters: BatchParameters? {
        guard let firstHeader, let lastHeader else { return nil }
        return BatchParameters(inboxEnd: lastHeader.inboxCursor, firstTimeMs: firstHeader.timeMs, lastTimeMs: lastHeader.timeMs)
    }

    /// Headers of the first and the last block; nil while the batch is empty.
    package var headers: (first: BlockHeader, last: BlockHeader)? {
        guard let firstHeader, let lastHeader else { return nil }
        return (firstHeader, lastHeader)
    }

    /// An upper bound of the length of the batch, above it by no more than ``BatchFormat/headBytesMax``.
    package var byteCountMax: Int { BatchFormat.headBytesMax + columns.byteCount }

    /// Appends the next block if the batch stays within `byteCountMax` bytes; otherwise changes nothing and returns false.
    package mutating func appendIfFits(
        _ block: Block, byteCountMax: Int = BatchFormat.bytesMax
    ) throws(BatchEncodingError) -> Bool {
        var longer = self
        try longer.add(block)
        guard longer.byteCountMax <= byteCountMax, longer.signers.count <= BatchFormat.signersMax else { return false }
        self = longer
        return true
    }

    /// Appends the next block, however long the batch gets; on an error nothing has changed.
    package mutating func append(_ block: Block) throws(BatchEncodingError) {
        var longer = self
        try longer.add(block)
        guard longer.signers.count <= BatchFormat.signersMax else { throw .tooManySigners(longer.signers.count) }
        self = longer
    }

    /// The batch.
    package func bytes() -> [UInt8] {
        precondition(firstHeader != nil, "a batch has at least one block")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCountMax)
        bytes.append(BatchFormat.version)
        let counts = [
            firstHeader?.number ?? 0, UInt64(blockCount), messageCount, UInt64(envelopeCount), UInt64(commandCount), UInt64(signers.count),
        ]
        for count in counts { BatchColumns.append(varint: count, to: &bytes) }
        columns.write(to: &bytes)
        return bytes
    }

    private mutating func add(_ block: Block) throws(BatchEncodingError) {
        let header = block.header
        if let lastHeader {
            guard header.number == lastHeader.number + 1 else { throw .wrongNumber(expected: lastHeader.number + 1, actual: header.number) }
            guard header.timeMs >= lastHeader.timeMs else { throw .timeGoesBack(block: header.number) }
        }
        guard header.number > 0 else { throw .wrongNumber(expected: 1, actual: 0) }
        columns.append(varint: header.timeMs - (lastHeader?.timeMs ?? 0), to: Column.blockTime)
        columns.append(varint: UInt64(block.messageCount), to: Column.blockMessages)
        columns.append(varint: UInt64(block.envelopes.count), to: Column.blockEnvelopes)
        columns.append(varint: BatchFormat.zigzag(header.l1Origin &- (lastHeader?.l1Origin ?? 0)), to: Column.blockOrigin)
        var position = 0
        try block.envelopes.forEach { (envelope) throws(BatchEncodingError) in
            guard add(envelope, timeMs: header.timeMs) else { throw .malformedPayload(block: header.number, envelope: position) }
            position += 1
        }
        messageCount += UInt64(block.messageCount)
        blockCount += 1
        firstHeader = firstHeader ?? header
        lastHeader = header
    }

    private typealias Column = BatchFormat.Column

    /// False if the payload is not 1 to 512 commands: such an envelope is never admitted.
    private mutating func add(_ envelope: Envelope, timeMs: UInt64) -> Bool {
        let signer = position(of: envelope.signer)
        columns.append(varint: UInt64(signer), to: Column.signer)
        let last = lastNonces[signer] == 0 ? timeMs : lastNonces[signer]
        columns.append(varint: BatchFormat.zigzag(envelope.nonce &- last), to: Column.nonce)
        lastNonces[signer] = envelope.nonce
        columns.append(bytes: UnsafeRawBufferPointer(start: envelope.signature, count: Envelope.signatureBytes), to: Column.signatures)
        var offset = 0
        var count = 0
        while let command = Command.decode(envelope.payload, at: &offset) {
            add(command, signer: signer, timeMs: timeMs)
            count += 1
        }
        guard offset == envelope.payload.count, count > 0, count <= Layout.commandsPerPayloadMax else { return false }
        columns.append(varint: UInt64(count), to: Column.commands)
        envelopeCount += 1
        commandCount += count
        return true
    }

    private mutating func position(of signer: Address) -> Int {
        if let position = signers[signer] { return position }
        withUnsafeBytes(of: signer) { columns.append(bytes: $0, to: Column.signers) }
        signers[signer] = lastNonces.count
        lastNonces.append(0)
        lastClientOrderIds.append(0)
        return lastNonces.count - 1
    }
}

/// Why blocks cannot be made a batch: a mistake of the caller, since sealed blocks never have these.
package enum BatchEncodingError: Error, Equatable, CustomStringConvertible {
    case wrongNumber(expected: UInt64, actual: UInt64)
    case timeGoesBack(block: UInt64)
    case malformedPayload(block: UInt64, envelope: Int)
    case tooManySigners(Int)

    package var description: String {
        switch self {
        case .wrongNumber(let expected, let actual): "a batch goes on with block \(expected), not with block \(actual)"
        case .timeGoesBack(let block): "block \(block) has a time before the one of the block before it"
        case .malformedPayload(let block, let envelope): "envelope \(envelope) of block \(block) is not 1 to 512 commands"
        case .tooManySigners(let count): "\(count) signers are more than the \(BatchFormat.signersMax) that a batch can hold"
        }
    }
}
