import Engine
import Rollup

/// Cuts the chain of sealed blocks into batches: a pure function of the blocks, so that recovery cuts the same ones again.
///
/// A batch ends before the block that would make it larger than the contract takes, or with the first block that is `ageMsMax`
/// younger than its first.
struct BatchCutter {
    private let ageMsMax: UInt64
    private var number: UInt64
    private var inboxStart: UInt64
    /// Blocks of no batch yet.
    private var encoder = BatchEncoder()
    private var envelopeCount: UInt64 = 0

    /// Continues after batch `number - 1`, which ended at inbox cursor `inboxStart`.
    init(number: UInt64, inboxStart: UInt64, ageMsMax: UInt64) {
        self.number = number
        self.inboxStart = inboxStart
        self.ageMsMax = ageMsMax
    }

    /// Takes the next block and returns the batches that are now complete: none, one, or two.
    mutating func add(_ block: Block) throws -> [BatchRecord] {
        var batches: [BatchRecord] = []
        if try !encoder.appendIfFits(block) {
            if let batch = cut() { batches.append(batch) }
            guard try encoder.appendIfFits(block) else {
                throw BlockTooLarge(block: block.header.number, envelopeBytes: block.envelopes.bytes.count)
            }
        }
        envelopeCount += UInt64(block.envelopes.count)
        if let first = encoder.headers?.first, block.header.timeMs >= first.timeMs + ageMsMax, let batch = cut() { batches.append(batch) }
        return batches
    }

    /// Makes a batch of everything pending; nil if that is nothing.
    mutating func cut() -> BatchRecord? {
        guard let (first, last) = encoder.headers else { return nil }
        let batch = BatchRecord(
            number: number, firstBlock: first.number, lastBlock: last.number, inboxStart: inboxStart, inboxEnd: last.inboxCursor,
            firstTimeMs: first.timeMs, lastTimeMs: last.timeMs, stateRoot: last.stateRoot, envelopeCount: envelopeCount,
            bytes: encoder.bytes())
        number += 1
        inboxStart = last.inboxCursor
        envelopeCount = 0
        encoder = BatchEncoder()
        return batch
    }
}

/// A block alone encodes to more than L1 takes: a defect in the executor's bound on blocks.
struct BlockTooLarge: Error, CustomStringConvertible {
    let block: UInt64
    let envelopeBytes: Int

    var description: String {
        "block \(block) with \(envelopeBytes) bytes of envelopes does not fit a batch of \(BatchFormat.bytesMax) bytes"
    }
}
