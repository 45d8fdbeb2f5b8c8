import Engine
import Logging
import Proof
import Rollup

/// Brings a node back to where its files say it was: last good checkpoint, then the journal.
///
/// Every block that the journal closes is sealed again and compared with the header that was signed then. A block that was open stays open.
struct Recovery {
    let journal: Journal
    let store: ChainStore
    let hosted: HostedExchange
    let producer: BlockProducer
    let sealer: BlockSealer
    /// Block of the checkpoint that everything started from; 0 for genesis.
    let checkpointBlock: UInt64
    /// Block of the older checkpoint that is kept, 0 if there is none: the journal may be pruned up to it.
    let olderCheckpointBlock: UInt64

    init(_ configuration: SequencerConfiguration, statistics: NodeStatistics, logger: Logger) throws {
        let directory = configuration.directory
        journal = try Journal(path: directory.journal, durability: configuration.durability, deployment: configuration.deployment)
        store = try ChainStore(path: directory.chain, durability: configuration.durability, deployment: configuration.deployment)
        let start = try Self.start(configuration, logger: logger)
        hosted = start.hosted
        checkpointBlock = start.header?.number ?? 0
        olderCheckpointBlock = start.olderBlock
        producer = BlockProducer(hosted, sequence: start.sequence)
        sealer = try BlockSealer(
            tree: start.tree, store: store, header: start.header, sequence: start.sequence, key: configuration.key,
            domain: configuration.domain,
            batchAgeMsMax: configuration.batchAgeMsMax, statistics: statistics)
        try replay(logger: logger)
    }

    // MARK: Checkpoint

    private struct Start {
        var hosted: HostedExchange
        var tree: StateTree
        var header: BlockHeader?
        var sequence: UInt64 = 0
        var olderBlock: UInt64 = 0
    }

    /// The newest checkpoint that is good, or genesis if there is none at all or the journal still has everything.
    private static func start(_ configuration: SequencerConfiguration, logger: Logger) throws -> Start {
        let candidates = try Checkpoint.list(configuration.directory.checkpoints)
        for (position, candidate) in candidates.enumerated() {
            var start = Start(hosted: try HostedExchange(), tree: try StateTree())
            do {
                let loaded = try Checkpoint.load(
                    path: candidate.path, deployment: configuration.deployment, into: start.hosted, start.tree)
                start.header = loaded.header
                start.sequence = loaded.sequence
                start.olderBlock = position + 1 < candidates.count ? candidates[position + 1].block : 0
                logger.info("checkpoint loaded", metadata: ["block": "\(loaded.header.number)", "root": "\(loaded.header.stateRoot)"])
                return start
            } catch let error as CheckpointUnusable {
                if case .otherDeployment(let found) = error {
                    let wanted = DeploymentIdentity.describe(configuration.deployment.bytes)
                    throw StoreRefused.otherDeployment(path: candidate.path, found: found, wanted: wanted)
                }
                logger.error(
                    "checkpoint is not usable, falling back to the one before",
                    metadata: ["file": "\(candidate.path)", "reason": "\(error)"])
            }
        }
        // Genesis. If the journal no longer reaches back that far, replay refuses.
        return Start(hosted: try HostedExchange(), tree: try StateTree())
    }

    // MARK: Journal

    private func replay(logger: Logger) throws {
        let first = checkpointBlock + 1
        var isSkipping = true
        var spare = SealJob()
        var envelopes = 0
        try journal.replay { row, record in
            switch record {
            case .blockOpened(let opening, let bytes):
                if isSkipping {
                    if opening.number < first { return }
                    guard opening.number == first else {
                        throw RecoveryRefused.journalStartsLate(needed: first, found: opening.number)
                    }
                    isSkipping = false
                }
                guard producer.open == nil, opening.number == producer.blockNumber + 1,
                    opening.timeMs >= producer.exchange.header.blockTimeMs
                else {
                    throw RecoveryRefused.journalOutOfOrder(
                        row: row, reason: "block \(opening.number) cannot open after block \(producer.blockNumber)")
                }
                producer.openBlock(opening, messages: Self.messages(bytes)[...])
            case .commands(let envelope):
                if isSkipping { return }
                guard producer.open != nil else { throw RecoveryRefused.journalOutOfOrder(row: row, reason: "commands outside of a block") }
                let code = producer.execute(envelope)
                guard code == .none else {
                    throw RecoveryRefused.journaledBatchRefused(row: row, block: producer.blockNumber, code: code.rawValue)
                }
                envelopes += 1
            case .blockClosed(let number):
                if isSkipping { return }
                guard producer.open?.number == number else {
                    throw RecoveryRefused.journalOutOfOrder(row: row, reason: "block \(number) closes, but it is not open")
                }
                let closed = producer.closeBlock(replacingWith: spare)
                try sealer.seal(closed)
                closed.removeAll()
                spare = closed
            }
        }
        if isSkipping && journal.lastBlock > checkpointBlock {
            throw RecoveryRefused.journalStartsLate(needed: first, found: journal.lastBlock)
        }
        let needed = max(checkpointBlock, try store.lastBlockNumber())
        guard journal.lastBlock >= needed, sealer.head.number >= needed else {
            throw RecoveryRefused.journalEndsEarly(last: journal.lastBlock, needed: needed)
        }
        logger.info(
            "recovered",
            metadata: [
                "block": "\(sealer.head.number)", "root": "\(sealer.head.stateRoot)", "openBlock": "\(producer.open?.number ?? 0)",
                "batchesReplayed": "\(envelopes)", "sequence": "\(producer.sequence)",
            ])
    }

    private static func messages(_ bytes: UnsafeRawBufferPointer) -> [InboxMessage] {
        guard let base = bytes.baseAddress else { return [] }
        return stride(from: 0, to: bytes.count, by: InboxMessage.bytes).map { InboxMessage(loadingFrom: base + $0) }
    }
}
