@testable import Engine
import Signing

@testable import Rollup
@testable import Sequencer

/// A journal row: a run of whole entries, or refused in words.
func fuzzJournal(_ bytes: UnsafeRawBufferPointer) {
    var reader = JournalRowReader(bytes)
    var entries = 0
    while let record = try? reader.next() {
        entries += 1
        require(entries * JournalRecord.headerBytes <= bytes.count, "more entries than bytes")
        if case .commands(let envelope) = record { _ = Envelope(envelope) }
    }
}

/// A posted batch, as the node and the guest read it: what decodes encodes to a batch that decodes to the same.
enum BatchTarget {
    private struct Decoded: Equatable {
        var blocks: [BatchReader.Block] = []
        var envelopes: [EnvelopeList] = []
    }

    static func fuzz(_ bytes: UnsafeRawBufferPointer) {
        guard let decoded = try? decode(bytes) else { return }
        var encoder = BatchEncoder()
        for (block, envelopes) in zip(decoded.blocks, decoded.envelopes) {
            let header = BlockHeader(
                number: block.number, parentHash: .zero, stateRoot: .zero, commandsRoot: .zero, inboxCursor: 0, timeMs: block.timeMs,
                l1Origin: block.l1Origin)
            let signed = Block(
                header: header, signature: Signature(r: .zero, s: .zero), messageCount: UInt32(block.messageCount), envelopes: envelopes)
            do { try encoder.append(signed) } catch { fatalError("decoded, but cannot be encoded: \(error)") }
        }
        let again = encoder.bytes()
        require(again.withUnsafeBytes { try? decode($0) } == decoded, "another content after encoding")
    }

    /// Fresh, exactly sized memory each time, so that AddressSanitizer sees an access beyond it.
    private static func decode(_ bytes: UnsafeRawBufferPointer) throws(BatchError) -> Decoded {
        let workspace = UnsafeMutableRawPointer.allocate(byteCount: BatchReader.workspaceBytes, alignment: 64)
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: BatchReader.scratchBytes, alignment: 64)
        defer {
            workspace.deallocate()
            scratch.deallocate()
        }
        var decoded = Decoded()
        var reader = try BatchReader(bytes, workspace: workspace)
        while let block = try reader.nextBlock() {
            decoded.blocks.append(block)
            var list = EnvelopeList()
            for _ in 0..<block.envelopeCount { list.append(try reader.nextEnvelope(into: scratch).bytes) }
            decoded.envelopes.append(list)
        }
        return decoded
    }
}
