import Engine
import Glibc
import Rollup

/// What is stored of a block that the journal has as well.
struct StoredHeader {
    var header: BlockHeader
    /// Batches admitted since genesis, this block's included.
    var sequence: UInt64
}

/// Compares the journal's entries, in order, with the blocks in `chain.sqlite`: everything that is signed but the state root, the parent and the inbox
/// cursor, which only execution gives. One thread at a time may use it.
final class StoredBlockReader {
    private let store: ChainStore
    private let first: UInt64
    private let last: UInt64
    private var open: ChainStore.StoredBlock?
    /// Bytes of the open block's envelopes that the journal had so far.
    private var offset = 0

    /// For the blocks from `first` to `last`, which are in the store.
    init(_ store: ChainStore, first: UInt64, last: UInt64) {
        self.store = store
        self.first = first
        self.last = last
    }

    /// Takes the next entry. Returns what is stored of the block if it opens one. Throws ``SealedStateDiffers`` if the block has something else, and
    /// ``StoreRefused`` or ``RecoveryRefused`` if it is damaged or missing.
    func compare(_ record: JournalRecord) throws -> StoredHeader? {
        switch record {
        case .blockOpened(let opening, let messages):
            guard (first...last).contains(opening.number) else { return nil }
            guard let stored = try store.block(opening.number) else {
                throw RecoveryRefused.sealedBlockMissing(opening.number, path: store.path)
            }
            let header = stored.block.header
            guard header.timeMs == opening.timeMs, header.l1Origin == opening.l1Origin,
                Int(stored.block.messageCount) * InboxMessage.bytes == messages.count
            else { throw SealedStateDiffers() }
            open = stored
            offset = 0
            return StoredHeader(header: header, sequence: stored.sequence)
        case .commands(let envelope):
            guard let open else { return nil }
            let isSame = open.block.envelopes.bytes.withUnsafeBytes { bytes in
                guard bytes.count - offset >= 4 + envelope.count,
                    bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) == UInt32(envelope.count)
                else { return false }
                return UnsafeRawBufferPointer(rebasing: bytes[(offset + 4)..<(offset + 4 + envelope.count)]).hasSameBytes(as: envelope)
            }
            guard isSame else { throw SealedStateDiffers() }
            offset += 4 + envelope.count
        case .blockClosed:
            guard let closed = open else { return nil }
            guard offset == closed.block.envelopes.bytes.count else { throw SealedStateDiffers() }
            open = nil
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let base = baseAddress, let otherBase = other.baseAddress else { return true }
        return memcmp(base, otherBase, count) == 0
    }
}
