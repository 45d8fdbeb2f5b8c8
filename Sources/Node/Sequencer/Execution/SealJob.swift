import Engine

/// A closed block on its way to the sealer: its content and the cells it changed. Reused from block to block; only one thread holds it at a time.
final class SealJob: @unchecked Sendable {
    var opening = BlockOpening(number: 0, timeMs: 0, l1Origin: 0)
    /// Inbox messages at the head of this block.
    var messageCount = 0
    /// The envelopes in order: u32 length and the envelope, each (`Rollup.EnvelopeList`).
    private(set) var envelopes: [UInt8] = []
    private(set) var envelopeCount = 0
    /// Inbox messages consumed since genesis, this block's included.
    var inboxCursor: UInt64 = 0
    /// Batches admitted since genesis, this block's included.
    var sequence: UInt64 = 0
    /// Cells written during the block, each once, and 64 bytes for each.
    private(set) var cellIndices: [UInt32] = []
    private(set) var cellBytes: [UInt8] = []

    func removeAll() {
        messageCount = 0
        envelopes.removeAll(keepingCapacity: true)
        envelopeCount = 0
        cellIndices.removeAll(keepingCapacity: true)
        cellBytes.removeAll(keepingCapacity: true)
    }

    /// Takes the next envelope. Without `content` it is only counted: of a block that is known.
    func append(envelope: UnsafeRawBufferPointer, content: Bool) {
        envelopeCount += 1
        guard content else { return }
        withUnsafeBytes(of: UInt32(envelope.count)) { envelopes.append(contentsOf: $0) }
        envelopes.append(contentsOf: envelope)
    }

    func takeDirtyCells(of exchange: inout Exchange) {
        exchange.drainDirtyCells { index, bytes in
            cellIndices.append(index)
            cellBytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: Layout.cellBytes))
        }
    }

    /// Calls `body` with the indices of the cells and the 64 bytes of each, in the same order.
    func withCells(_ body: (UnsafeBufferPointer<UInt32>, UnsafeRawPointer) -> Void) {
        cellBytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            cellIndices.withUnsafeBufferPointer { body($0, base) }
        }
    }
}
