import Engine
import Logging
import Proof

/// Brings a node back to where its files say it was: last good checkpoint, then the journal. A block that was open stays open.
struct Recovery {
    let journal: Journal
    let store: ChainStore
    let producer: BlockProducer
    let sealer: BlockSealer
    /// What everything started from; nil for genesis.
    let loaded: LoadedCheckpoint?
    /// Has the log of events, which it brought to where the journal is.
    let refill: LogRefill

    init(_ configuration: SequencerConfiguration, statistics: NodeStatistics, logger: Logger) throws {
        let directory = configuration.directory
        journal = try directory.waiting(waitMs: configuration.directoryWaitMs, logger: logger) {
            try Journal(
                path: directory.journal, durability: configuration.durability, deployment: configuration.deployment,
                tailBytes: configuration.journalTailBytes, groupBytesMax: configuration.executor.groupBytesBound)
        }
        store = try ChainStore(path: directory.chain, durability: configuration.durability, deployment: configuration.deployment)
        refill = try LogRefill(configuration, journalBlock: journal.archive.lastBlock, statistics: statistics, logger: logger)
        var replayed: Replayed
        do {
            replayed = try Replayed(
                journal.archive, store, configuration, checking: .contents, statistics: statistics, logger: logger, observer: refill)
        } catch is SealedStateDiffers {
            logger.error("the journal does not lead to the state that was sealed; looking for the first block that differs")
            replayed = try Replayed(
                journal.archive, store, configuration, checking: .roots, statistics: statistics, logger: logger, observer: nil)
        }
        try replayed.start.tidy(directory.checkpoints)
        producer = replayed.producer
        sealer = replayed.sealer
        loaded = replayed.start.loaded
        refill.finish()
    }
}

/// The outcome of one pass over checkpoint and journal.
private struct Replayed {
    let start: StartState
    let producer: BlockProducer
    let sealer: BlockSealer

    init(
        _ journal: JournalArchive, _ store: ChainStore, _ configuration: SequencerConfiguration, checking: JournalReplay.Checking,
        statistics: NodeStatistics, logger: Logger, observer: (any ReplayObserver)?
    ) throws {
        start = try StartState(configuration, logger: logger)
        let sequence = start.loaded?.head.sequence ?? 0
        producer = BlockProducer(start.hosted, sequence: sequence)
        sealer = try BlockSealer(
            state: SealedState(start.tree), store: store, header: start.loaded?.head.header, sequence: sequence, key: configuration.key,
            domain: configuration.domain, batchAgeMsMax: configuration.batchAgeMsMax, statistics: statistics)
        try JournalReplay(
            journal: journal, store: store, producer: producer, sealer: sealer, observer: observer, checking: checking, logger: logger
        ).run()
    }
}
