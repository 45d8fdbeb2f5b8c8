import Rollup

/// Why the node does not start from what it found on disk.
package enum RecoveryRefused: Error, Equatable, CustomStringConvertible {
    /// Re-execution gives another header than the one that was signed.
    case sealedBlockDiffers(UInt64, stored: BlockHeader, computed: BlockHeader)
    /// A block that a checkpoint or batch builds on is not in the store.
    case sealedBlockMissing(UInt64, path: String)
    /// The journal begins after what the checkpoint (block 0: genesis) needs.
    case journalStartsLate(needed: UInt64, found: UInt64)
    /// Sealed blocks, or a checkpoint, reach beyond the journal.
    case journalEndsEarly(last: UInt64, needed: UInt64)
    /// The engine refuses what it admitted when the row was written.
    case journaledBatchRefused(row: Int64, block: UInt64, code: UInt16)
    /// Entries are not in the order in which they can have been written.
    case journalOutOfOrder(row: Int64, reason: String)

    package var description: String {
        switch self {
        case .sealedBlockDiffers(let number, let stored, let computed):
            """
            block \(number) does not re-execute to what was signed: state root \(computed.stateRoot), stored \(stored.stateRoot); commands root \
            \(computed.commandsRoot), stored \(stored.commandsRoot). The journal, chain.sqlite or this version of memexd differs from the one that sealed it
            """
        case .sealedBlockMissing(let number, let path): "\(path) lacks block \(number), which later data builds on; restore it from a copy"
        case .journalStartsLate(let needed, let found):
            "the journal begins with block \(found), but block \(needed) is needed first; restore the newest checkpoint from a copy"
        case .journalEndsEarly(let last, let needed):
            """
            the journal ends with block \(last), but block \(needed) was sealed: rows at its end were lost (a power loss without `--durability fsync`, or a \
            replaced file); \(StoreRefused.restoring)
            """
        case .journaledBatchRefused(let row, let block, let code):
            "journal row \(row): a batch admitted in block \(block) is refused on replay (code \(code)); this version of memexd differs from the one that wrote it"
        case .journalOutOfOrder(let row, let reason): "journal row \(row): \(reason)"
        }
    }
}
