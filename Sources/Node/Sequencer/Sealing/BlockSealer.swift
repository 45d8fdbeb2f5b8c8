import Engine
import Proof
import Rollup
import Signing

/// Turns closed blocks into signed headers and batches: state tree, header, signature, storage. No thread of its own; the ``Sealer`` and
/// recovery drive it.
///
/// Invariants between calls: `state` is that after block `head.number`, but for what ``adopt(_:)`` says; every block up to it is in the store, and so is every
/// batch that its blocks complete.
final class BlockSealer {
    let state: SealedState
    let store: ChainStore
    private let key: PrivateKey
    private let domain: SigningDomain
    private var cutter: BatchCutter
    private let statistics: NodeStatistics
    /// Header of the last sealed block; nil before the first.
    private(set) var header: BlockHeader?
    private(set) var head: SealedHead
    /// Batches admitted up to the last sealed block.
    private(set) var sequence: UInt64
    /// Last block that is in a batch.
    private var lastBatchedBlock: UInt64

    /// Continues after `header` (nil: genesis), whose state `state` holds.
    init(
        state: SealedState, store: ChainStore, header: BlockHeader?, sequence: UInt64, key: PrivateKey, domain: SigningDomain,
        batchAgeMsMax: UInt64,
        statistics: NodeStatistics
    ) throws {
        self.state = state
        self.store = store
        self.header = header
        self.sequence = sequence
        self.key = key
        self.domain = domain
        self.statistics = statistics
        head = SealedHead(header)
        let last = try store.lastBatch()
        lastBatchedBlock = last?.lastBlock ?? 0
        cutter = BatchCutter(number: last.map { $0.number + 1 } ?? 0, inboxStart: last?.inboxEnd ?? 0, ageMsMax: batchAgeMsMax)
        // Blocks that were sealed before but are in no batch yet.
        var number = lastBatchedBlock + 1
        while number <= head.number {
            guard let stored = try store.block(number) else { throw RecoveryRefused.sealedBlockMissing(number, path: store.path) }
            try store.transaction { try cut(stored.block) }
            number += 1
        }
    }

    /// Seals the next block. If the store has it already, the headers must be equal: throws ``RecoveryRefused`` if not.
    func seal(_ job: SealJob) throws {
        precondition(job.opening.number == head.number + 1, "block \(job.opening.number) does not follow block \(head.number)")
        job.withCells { state.apply(cells: $0, $1) }
        guard let envelopes = EnvelopeList(bytes: job.envelopes) else { preconditionFailure("the executor made no list of envelopes") }
        var commandsRoot = CommandsRoot()
        envelopes.forEach { commandsRoot.append($0.bytes) }
        let header = BlockHeader(
            number: job.opening.number, parentHash: head.hash, stateRoot: state.tree.root(), commandsRoot: commandsRoot.value,
            inboxCursor: job.inboxCursor, timeMs: job.opening.timeMs, l1Origin: job.opening.l1Origin)
        let block = Block(
            header: header, signature: header.signed(with: key, in: domain), messageCount: UInt32(job.messageCount), envelopes: envelopes)
        try store.transaction {
            if let stored = try store.block(header.number) {
                guard stored.block.header == header else {
                    throw RecoveryRefused.sealedBlockDiffers(header.number, stored: stored.block.header, computed: header)
                }
            } else {
                try store.append(block, sequence: job.sequence)
            }
            if header.number > lastBatchedBlock { try cut(block) }
        }
        advance(to: header, sequence: job.sequence)
        statistics.blocksSealed.add(1)
    }

    /// Takes the next block as it was sealed before; its caller has compared the content, and brings `state` to that of the last one adopted
    /// before anything else is sealed.
    func adopt(_ header: BlockHeader, sequence: UInt64) throws {
        precondition(header.number == head.number + 1, "block \(header.number) does not follow block \(head.number)")
        if header.number > lastBatchedBlock {
            guard let stored = try store.block(header.number) else {
                throw RecoveryRefused.sealedBlockMissing(header.number, path: store.path)
            }
            try store.transaction { try cut(stored.block) }
        }
        advance(to: header, sequence: sequence)
    }

    private func advance(to header: BlockHeader, sequence: UInt64) {
        self.header = header
        head = SealedHead(header)
        self.sequence = sequence
    }

    private func cut(_ block: Block) throws {
        for batch in try cutter.add(block) {
            try store.append(batch)
            lastBatchedBlock = batch.lastBlock
            statistics.batchesCut.add(1)
            statistics.batchBytes.add(UInt64(batch.bytes.count))
        }
    }
}

extension SealedHead {
    /// Nil: before the first block.
    init(_ header: BlockHeader?) {
        guard let header else {
            self.init(stateRoot: StateTree.genesisRoot)
            return
        }
        self.init(number: header.number, timeMs: header.timeMs, stateRoot: header.stateRoot, hash: header.hash)
    }
}
