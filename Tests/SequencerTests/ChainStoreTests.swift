import Engine
import Foundation
import Proof
import Rollup
import SeededRandom
import Signing
import Testing

@testable import Sequencer

@Suite struct ChainStoreTests {
    private func open(_ directory: borrowing TestDirectory) throws -> ChainStore {
        try ChainStore(path: directory.file("chain.sqlite"), durability: .process, deployment: .test)
    }

    private func block(_ number: UInt64, timeMs: UInt64? = nil, envelopes count: Int = 0, commands: Int = 1) -> Block {
        var envelopes = EnvelopeList()
        for index in 0..<count {
            let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1, id: UInt64.random(in: 0...(.max)))
            let envelope = TestMarket.envelope(
                TestMarket.trader(0), nonce: number * 1000 + UInt64(index), Array(repeating: order, count: commands))
            envelope.withUnsafeBytes { envelopes.append($0) }
        }
        let header = BlockHeader(
            number: number, parentHash: .zero, stateRoot: .numbered(number), commandsRoot: .zero, inboxCursor: number * 2,
            timeMs: timeMs ?? number * 250, l1Origin: 0)
        return Block(header: header, signature: Signature(r: .zero, s: .zero), messageCount: 2, envelopes: envelopes)
    }

    private func batch(_ number: UInt64) -> BatchRecord {
        BatchRecord(
            number: number, firstBlock: number * 10 + 1, lastBlock: number * 10 + 10, inboxStart: 0, inboxEnd: 3, firstTimeMs: 5,
            lastTimeMs: 9,
            stateRoot: .numbered(77), envelopeCount: 4, bytes: [1, 2, 3])
    }

    @Test func whatPostingMustNotForgetComesBack() throws {
        let directory = try TestDirectory()
        func slot(_ nonce: UInt64, _ hashes: [Hash256]) -> ChainStore.PostingSlotRow {
            .init(nonce: nonce, kind: 2, number: 7, gasLimit: 8, tip: 9, cap: 10, blobCap: nonce == 6 ? 11 : nil, hashes: hashes)
        }
        do {
            let store = try open(directory)
            for nonce in 4...6 as ClosedRange<UInt64> { try store.record(slot(nonce, [.numbered(1)])) }
            try store.record(slot(5, [.numbered(1), .numbered(2)]))
            try store.forgetPostingSlots(below: 5)
            try store.record([.numbered(11), .numbered(12)], after: 3)
            for number in 0..<3 as Range<UInt64> { try store.append(batch(number)) }
        }
        let store = try open(directory)
        #expect(try store.postingSlots() == [slot(5, [.numbered(1), .numbered(2)]), slot(6, [.numbered(1)])])
        #expect(try (3...6).map { try store.inboxAccumulator(count: $0) } == [nil, .numbered(11), .numbered(12), nil])
        #expect(try store.inboxAccumulator(count: 0) == .zero)
        #expect(try store.backlog(from: 1) == (2, 6, 5))
        #expect(try store.backlog(from: 3) == (0, 0, nil))
        // Files of before have no such tables.
        try store.database.execute("DROP TABLE posting_slots; DROP TABLE inbox_accumulators")
        #expect(try open(directory).postingSlots().isEmpty)
    }

    @Test func blocksComeBackAsTheyWere() throws {
        let directory = try TestDirectory()
        let first = block(1, envelopes: 3)
        do {
            let store = try open(directory)
            #expect(try store.lastBlockNumber() == 0)
            try store.append(first, sequence: 3)
            try store.append(block(2), sequence: 3)
        }
        let store = try open(directory)
        #expect(try store.lastBlockNumber() == 2)
        #expect(try store.block(1) == ChainStore.StoredBlock(block: first, sequence: 3))
        #expect(try store.block(3) == nil)
    }

    @Test func corruptedRowsAreNamed() throws {
        let directory = try TestDirectory()
        do {
            let store = try open(directory)
            try store.append(block(1, envelopes: 1), sequence: 1)
            try store.append(batch(0))
        }
        try tamper(directory.file("chain.sqlite"), "UPDATE blocks SET sequence = 2; UPDATE batches SET bytes = x'010204'")
        let store = try open(directory)
        #expect(throws: StoreRefused.self) { try store.block(1) }
        #expect(throws: StoreRefused.self) { try store.batch(0) }
    }

    @Test func batchesMoveForwardOnly() throws {
        let directory = try TestDirectory()
        let store = try open(directory)
        try store.append(batch(0))
        try store.append(batch(1))
        #expect(try store.firstBatch(before: .posted)?.number == 0)
        try store.setStatus(.posted, ofBatch: 0, postTransaction: .numbered(5))
        #expect(try store.firstBatch(before: .posted)?.number == 1)
        try store.setStatus(.claimed, ofBatch: 0, claimTransaction: .numbered(6))
        try store.setStatus(.posted, ofBatch: 0)
        let stored = try #require(try store.batch(0))
        #expect(stored.status == .claimed)
        #expect(stored.postTransaction == .numbered(5))
        #expect(stored.claimTransaction == .numbered(6))
        #expect(try store.lastBatch()?.number == 1)
        #expect(try store.batches(from: 1, countMax: 5).map(\.number) == [1])
    }

    @Test func aSecondConnectionReadsWhileTheFirstWrites() throws {
        let directory = try TestDirectory()
        let writer = try open(directory)
        let reader = try open(directory)
        try writer.append(block(1), sequence: 0)
        #expect(try reader.lastBlockNumber() == 1)
        try reader.append(batch(0))
        #expect(try writer.lastBatch()?.number == 0)
    }

    @Test func whatIsLeftIsCutOnce() throws {
        let directory = try TestDirectory()
        let store = try open(directory)
        let journal = try Journal(path: directory.file("journal.sqlite"), durability: .process, deployment: .test)
        #expect(try store.cutRemainder(holding: journal) == 0)
        for number in UInt64(1)...60 { try store.append(block(number, envelopes: 60), sequence: 0) }
        let count = try store.cutRemainder(holding: journal)
        #expect(count > 1)
        #expect(try store.cutRemainder(holding: journal) == 0)
        try store.append(block(61), sequence: 0)
        #expect(try store.cutRemainder(holding: journal) == 1)
        let batches = try store.batches(from: 0, countMax: 100)
        #expect(batches.map(\.number) == Array(0...UInt64(count)))
        #expect(batches.first?.firstBlock == 1)
        #expect(batches.last?.lastBlock == 61)
        for (before, after) in zip(batches, batches.dropFirst()) {
            #expect(after.firstBlock == before.lastBlock + 1)
            #expect(after.inboxStart == before.inboxEnd)
        }
    }

    @Test func batchesEndByAge() throws {
        var cutter = BatchCutter(number: 4, inboxStart: 0, ageMsMax: 1000)
        var batches: [BatchRecord] = []
        for number in UInt64(1)...12 { batches += try cutter.add(block(number)) }
        #expect(batches.map(\.number) == [4, 5])
        #expect(batches.map(\.firstBlock) == [1, 6])
        #expect(batches.map(\.lastBlock) == [5, 10])
        #expect(batches.map(\.inboxStart) == [0, 10])
        #expect(batches.map(\.inboxEnd) == [10, 20])
        #expect(batches.map(\.stateRoot) == [.numbered(5), .numbered(10)])
    }

    @Test func batchesEndBySize() throws {
        var cutter = BatchCutter(number: 0, inboxStart: 0, ageMsMax: .max / 2)
        var batches: [BatchRecord] = []
        for number in UInt64(1)...40 { batches += try cutter.add(block(number, envelopes: 200)) }
        #expect(batches.count > 3)
        #expect(batches.allSatisfy { $0.bytes.count <= BatchFormat.bytesMax && $0.bytes.count > BatchFormat.bytesMax * 7 / 10 })
        for (before, after) in zip(batches, batches.dropFirst()) { #expect(after.firstBlock == before.lastBlock + 1) }
    }

    /// The largest block that the executor makes fits a batch, however badly it compresses.
    @Test func theLargestBlockFits() throws {
        let bound = ExecutorConfiguration().blockBytesMax
        var envelopes = EnvelopeList()
        var random = SeededGenerator(seed: 7)
        var nonce: UInt64 = 1
        while envelopes.bytes.count < bound {
            let commands = (0..<512).map { index -> Command in
                .place(
                    market: index % 2 == 0 ? 60_000 : 50_000, side: .sell, timeInForce: .postOnly,
                    priceCode: index % 2 == 0 ? 0 : PriceCode.count - 1, lots: .max, clientOrderId: random.next() | 1 << 63)
            }
            let envelope = TestMarket.envelope(.numbered(UInt32(nonce)), nonce: .max - nonce, commands)
            envelope.withUnsafeBytes { envelopes.append($0) }
            nonce += 1
        }
        var large = block(1, timeMs: .max / 2)
        large.envelopes = envelopes
        var cutter = BatchCutter(number: 0, inboxStart: 0, ageMsMax: 0)
        let batches = try cutter.add(large)
        #expect(batches.count == 1)
        #expect(batches.first.map { $0.bytes.count <= BatchFormat.bytesMax } == true)
    }
}
