import Foundation
import Logging
import Sequencer

/// Says every few seconds what the node did since it started.
struct StatisticsReporter {
    private let sequencer: Sequencer
    private let intervalSeconds: UInt64
    private let isJSON: Bool
    private let logger: Logger

    init(_ sequencer: Sequencer, _ options: Run, _ logger: Logger) {
        self.sequencer = sequencer
        isJSON = options.statsJson
        intervalSeconds = options.statsIntervalS ?? (options.statsJson ? 1 : 0)
        self.logger = logger
    }

    func run() async {
        guard intervalSeconds > 0 else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(intervalSeconds))
            guard !Task.isCancelled else { return }
            let values = values()
            if isJSON {
                let members = values.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",")
                printLine("{\"event\":\"stats\",\(members)}")
            } else {
                logger.info("stats", metadata: Logger.Metadata(uniqueKeysWithValues: values.map { ($0.name, "\($0.value)") }))
            }
        }
    }

    private func values() -> [(name: String, value: UInt64)] {
        let statistics = sequencer.shared.statistics
        return [
            ("timeMs", SystemClock.nowMs()), ("orders", statistics.ordersPlaced.value), ("cancels", statistics.cancels.value),
            ("fills", statistics.fills.value), ("rejects", statistics.commandsRejected.value), ("commands", statistics.commands.value),
            ("reductions", statistics.reductions.value), ("modifies", statistics.modifies.value),
            ("triggers", statistics.triggersPlaced.value), ("triggersFired", statistics.triggersFired.value),
            ("auctionTrades", statistics.auctionTrades.value), ("marketsOpened", statistics.marketsOpened.value),
            ("sessionsEnded", statistics.sessionsEnded.value),
            ("envelopes", statistics.batchesAdmitted.value), ("envelopesRefused", statistics.batchesRefused.value),
            ("deposits", statistics.deposits.value), ("withdrawals", statistics.withdrawals.value), ("queries", statistics.queries.value),
            ("journalRows", statistics.groups.value), ("journalBytes", statistics.journalBytes.value),
            ("block", sequencer.shared.sealedHead.number), ("blocks", statistics.blocksSealed.value),
            ("sealBacklog", UInt64(sequencer.sealBacklog)), ("sealWaits", statistics.sealWaits.value),
            ("batches", statistics.batchesCut.value),
            ("batchBytes", statistics.batchBytes.value), ("checkpoints", statistics.checkpoints.value),
            ("inboxCursor", sequencer.inbox.nextIndex),
        ]
    }
}
