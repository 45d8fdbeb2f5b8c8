import Engine
import Foundation
import Proof
import Rollup
import SeededRandom
import Signing
import Synchronization
import Testing

@testable import Sequencer

/// What goes from the chain, what never does, and that its file stops growing.
@Suite struct ChainPrunerTests {
    private static let seed = UInt64(ProcessInfo.processInfo.environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max))
    private static let blocksOfBatch: UInt64 = 5
    private static let messagesOfBlock: UInt64 = 2
    private static let rowsMax: Int64 = 3

    /// A store that grows batch by batch; batch `n` has the blocks `5n + 1` to `5n + 5`, block `b` ends at millisecond `1000b` and inbox message `2b`.
    private final class Chain {
        let store: ChainStore
        let pruner: ChainPruner
        private(set) var batchCount: UInt64 = 0

        init(_ directory: borrowing TestDirectory) throws {
            store = try ChainStore(path: directory.file("chain.sqlite"), durability: .process, deployment: .test)
            pruner = try ChainPruner(store)
        }

        var blockCount: UInt64 { batchCount * blocksOfBatch }

        func append(envelopeCount: Int = 1) throws {
            let first = blockCount + 1
            let last = blockCount + blocksOfBatch
            var envelopes = EnvelopeList()
            for _ in 0..<envelopeCount { [UInt8](repeating: 7, count: 100).withUnsafeBytes { envelopes.append($0) } }
            for number in first...last {
                let header = BlockHeader(
                    number: number, parentHash: .zero, stateRoot: .numbered(number), commandsRoot: .zero,
                    inboxCursor: number * messagesOfBlock, timeMs: number * 1000, l1Origin: 0)
                try store.append(
                    Block(header: header, signature: Signature(r: .zero, s: .zero), messageCount: 2, envelopes: envelopes), sequence: number
                )
                try store.record([.numbered(1), .numbered(2)], after: (number - 1) * messagesOfBlock)
            }
            try store.append(
                BatchRecord(
                    number: batchCount, firstBlock: first, lastBlock: last, inboxStart: (first - 1) * messagesOfBlock,
                    inboxEnd: last * messagesOfBlock, firstTimeMs: first * 1000, lastTimeMs: last * 1000, stateRoot: .numbered(last),
                    envelopeCount: blocksOfBatch, bytes: [UInt8](repeating: 3, count: 100 * envelopeCount)))
            batchCount += 1
        }

        /// The keys of a table that are left.
        func keys(_ table: String, _ key: String) throws -> [UInt64] {
            let select = try store.database.prepare("SELECT \(key) FROM \(table) ORDER BY \(key)")
            var keys: [UInt64] = []
            while try select.step() { keys.append(select.unsigned(0)) }
            return keys
        }

        func left() throws -> [[UInt64]] {
            [try keys("blocks", "number"), try keys("batches", "number"), try keys("inbox_accumulators", "count")]
        }
    }

    /// What must be left once there is nothing more to do, by the words of ``ChainPruner``.
    private func expected(_ chain: Chain, _ limits: [ChainPruner.Limits]) -> [[UInt64]] {
        var firstBlock: UInt64 = 1
        var firstBatch: UInt64 = 0
        for limit in limits where limit.finalBatches >= firstBatch {
            let notFinal = min(limit.finalBatches, chain.batchCount - 1)
            let old = (0..<chain.batchCount).prefix { ($0 + 1) * Self.blocksOfBatch * 1000 < limit.beforeMs }.count
            firstBlock = max(firstBlock, min(notFinal * Self.blocksOfBatch, limit.throughBlock) + 1)
            firstBatch = max(firstBatch, min(notFinal, UInt64(old)))
        }
        let firstMessage = (firstBatch + 1) * Self.blocksOfBatch * Self.messagesOfBlock
        return [
            Array(firstBlock...chain.blockCount), Array(firstBatch..<chain.batchCount),
            Array(firstMessage...(chain.blockCount * Self.messagesOfBlock)),
        ]
    }

    @Test func removesWhatIsFinalAndOldAndNothingElse() throws {
        let seed = Self.seed
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let directory = try TestDirectory()
            let chain = try Chain(directory)
            // Without batches there is nothing to do.
            try chain.pruner.step(.init(finalBatches: 9, throughBlock: 9, beforeMs: 9), rowsMax: 9)
            for _ in 0..<12 { try chain.append() }
            var limits: [ChainPruner.Limits] = []
            for _ in 0..<6 {
                limits.append(
                    .init(
                        finalBatches: .random(in: 0...14, using: &random), throughBlock: .random(in: 0...80, using: &random),
                        beforeMs: .random(in: 0...80_000, using: &random)))
                var before = try chain.left()
                while true {
                    try chain.pruner.step(limits.last!, rowsMax: Self.rowsMax)
                    let after = try chain.left()
                    for (before, after) in zip(before, after).prefix(2) { #expect(before.count - after.count <= Self.rowsMax) }
                    if before == after { break }
                    before = after
                }
                #expect(before == expected(chain, limits), "\(limits), seed \(seed)")
            }
            // Whoever opens the file anew goes on.
            #expect(try chain.store.another().firstBatchNumber() == chain.keys("batches", "number").first)
        }
    }

    @Test func theFileStopsGrowing() throws {
        let directory = try TestDirectory()
        let chain = try Chain(directory)
        func grow(_ batches: Int) throws -> Int64 {
            for _ in 0..<batches {
                try chain.append(envelopeCount: 200)
                // Two steps for five blocks: the pruner must be faster than the sealer.
                for _ in 0..<2 {
                    try chain.pruner.step(
                        .init(finalBatches: chain.batchCount - 1, throughBlock: .max - 1, beforeMs: .max / 2), rowsMax: Self.rowsMax)
                }
            }
            return try chain.store.database.integerPragma("page_count")
        }
        let first = try grow(20)
        #expect(try grow(200) <= first)
    }

    private func isPruned(_ store: ChainStore, toBatch number: UInt64) throws -> Bool {
        guard let batch = try store.batch(number), try store.firstBatchNumber() == number else { return false }
        return try store.block(batch.firstBlock - 1) == nil
    }

    /// A running node removes what it may, and starts from what is left, also by the older of two checkpoints.
    @Test(.timeLimit(.minutes(5))) func aNodeGoesOnFromWhatIsLeft() throws {
        let directory = try TestDirectory()
        var configuration = try TestMarket.configuration(directory)
        let clock = Mutex(TestMarket.startMs)
        configuration.clockMs = { clock.withLock { $0 } }
        configuration.executor.blockIntervalMs = 10
        configuration.batchAgeMsMax = 60
        configuration.batchKeepMs = 500
        configuration.checkpointIntervalMs = 1
        configuration.incrementsMax = 1
        let store = try ChainStore(path: configuration.directory.chain, durability: .process, deployment: .test)
        for run in 1...2 as ClosedRange<UInt64> {
            let node = try TestNode(configuration)
            node.pushInbox()
            node.sequencer.shared.setFinalBatchCount(run * 10)
            // Folding yields to all others, so that only its end tells when.
            while try !isPruned(store, toBatch: run * 10) {
                let nonce = clock.withLock { time in
                    time += 20
                    return time
                }
                let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)
                #expect(try node.execute(TestMarket.envelope(TestMarket.trader(0), nonce: nonce, [order])).code == .none)
            }
            try node.stop()
            let head = node.sequencer.shared.sealedHead
            #expect(try Sequencer(configuration, logger: TestMarket.quiet).shared.sealedHead == head)
        }
        let checkpoints = configuration.directory.checkpoints
        let whole = try CheckpointList(directory: checkpoints).names.filter { $0.previousBlock == nil }.max { $0.block < $1.block }
        try FileManager.default.removeItem(atPath: checkpoints + "/" + (try #require(whole)).fileName)
        #expect(try Sequencer(configuration, logger: TestMarket.quiet).shared.sealedHead.number == store.lastBlockNumber())
    }
}
