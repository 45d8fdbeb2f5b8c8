import Engine

/// Writes a run of blocks as the bytes of a batch (``BatchFormat``); ``BatchReader`` reads them back to the same envelopes, bit by bit.
package struct BatchEncoder {
    var values = RangeEncoder()
    var signers: [BatchSigner] = []
    var prices = [UInt32](repeating: 0, count: BatchPrices.count)
    var lastOrderSlot: UInt32 = 0
    private var positions: [Address: Int] = [:]
    private var addresses: [UInt8] = []
    private var signatures: [UInt8] = []
    private var lastNonce: UInt64 = 0
    private var firstHeader: BlockHeader?
    private var lastHeader: BlockHeader?
    private var messageCount: UInt64 = 0
    private var envelopeCount = 0
    private var commandCount = 0

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
    package var byteCountMax: Int { BatchFormat.headBytesMax + addresses.count + signatures.count + values.byteCount }

    /// Appends the next block if the batch stays within `byteCountMax` bytes; otherwise changes nothing and returns false.
    package mutating func appendIfFits(
        _ block: Block, byteCountMax: Int = BatchFormat.bytesMax
    ) throws(BatchEncodingError) -> Bool {
        var longer = self
        try longer.add(block)
        guard longer.byteCountMax <= byteCountMax, longer.excess == nil else { return false }
        self = longer
        return true
    }

    /// Appends the next block, however long the batch gets; on an error nothing has changed.
    package mutating func append(_ block: Block) throws(BatchEncodingError) {
        var longer = self
        try longer.add(block)
        if let excess = longer.excess { throw excess }
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
        for count in counts { Self.append(varint: count, to: &bytes) }
        return bytes + addresses + signatures + values.finished()
    }

    /// Appends LEB128.
    static func append(varint value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// What is more than a batch can hold, whatever its length.
    private var excess: BatchEncodingError? {
        if signers.count > BatchFormat.signersMax { return .tooMany("signers", signers.count, BatchFormat.signersMax) }
        if commandCount > BatchFormat.commandsMax { return .tooMany("commands", commandCount, BatchFormat.commandsMax) }
        if blockCount > BatchFormat.blocksMax { return .tooMany("blocks", blockCount, BatchFormat.blocksMax) }
        return nil
    }

    private mutating func add(_ block: Block) throws(BatchEncodingError) {
        let header = block.header
        if let lastHeader {
            guard header.number == lastHeader.number + 1 else { throw .wrongNumber(expected: lastHeader.number + 1, actual: header.number) }
            guard header.timeMs >= lastHeader.timeMs else { throw .timeGoesBack(block: header.number) }
        }
        guard header.number > 0 else { throw .wrongNumber(expected: 1, actual: 0) }
        values.append(header.timeMs - (lastHeader?.timeMs ?? 0), to: Column.blockTime)
        values.append(UInt64(block.messageCount), to: Column.blockMessages)
        values.append(UInt64(block.envelopes.count), to: Column.blockEnvelopes)
        values.append(header.l1Origin, after: lastHeader?.l1Origin ?? 0, to: Column.blockOrigin)
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

    private typealias Column = BatchContexts.Number

    /// False if the payload is not 1 to 512 commands: such an envelope is never admitted.
    private mutating func add(_ envelope: Envelope, timeMs: UInt64) -> Bool {
        guard let count = Self.commandCount(envelope.payload) else { return false }
        let signer = addSigner(envelope.signer)
        values.append(envelope.nonce, after: lastNonce != 0 ? lastNonce : timeMs, to: Column.nonce)
        if envelope.nonce != 0 { lastNonce = envelope.nonce }
        signatures.append(contentsOf: UnsafeRawBufferPointer(start: envelope.signature, count: Envelope.signatureBytes))
        values.append(UInt64(count), to: Column.commands)
        var offset = 0
        while offset < envelope.payload.count {
            let type = envelope.payload[offset]
            guard let command = Command.decode(envelope.payload, at: &offset) else { return false }
            add(command, type: type, signer: signer, timeMs: timeMs)
        }
        envelopeCount += 1
        commandCount += count
        return true
    }

    /// How many commands a payload has by their types; nil if it is not 1 to 512.
    private static func commandCount(_ payload: UnsafeRawBufferPointer) -> Int? {
        var count = 0
        var offset = 0
        while offset < payload.count {
            let length = Command.byteCount(type: payload[offset])
            guard length > 0 else { return nil }
            offset += length
            count += 1
        }
        return offset == payload.count && count > 0 && count <= Layout.commandsPerPayloadMax ? count : nil
    }

    /// Says who signs; gives the position among the signers.
    private mutating func addSigner(_ signer: Address) -> Int {
        let position = positions[signer]
        values.append(position == nil, context: BatchContexts.isNewSigner)
        if let position {
            values.append(UInt64(position), to: Column.signer)
            return position
        }
        withUnsafeBytes(of: signer) { addresses.append(contentsOf: $0) }
        positions[signer] = signers.count
        signers.append(BatchSigner())
        return signers.count - 1
    }
}

/// Why blocks cannot be made a batch: a mistake of the caller, since sealed blocks never have these.
package enum BatchEncodingError: Error, Equatable, CustomStringConvertible {
    case wrongNumber(expected: UInt64, actual: UInt64)
    case timeGoesBack(block: UInt64)
    case malformedPayload(block: UInt64, envelope: Int)
    case tooMany(String, Int, Int)

    package var description: String {
        switch self {
        case .wrongNumber(let expected, let actual): "a batch goes on with block \(expected), not with block \(actual)"
        case .timeGoesBack(let block): "block \(block) has a time before the one of the block before it"
        case .malformedPayload(let block, let envelope): "envelope \(envelope) of block \(block) is not 1 to 512 commands"
        case .tooMany(let what, let count, let most): "\(count) \(what) are more than the \(most) that a batch can hold"
        }
    }
}
