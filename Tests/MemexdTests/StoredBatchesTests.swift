import Engine
import Foundation
import PostingStore
import Settlement
import Testing

@testable import Sequencer

/// What the poster is told of batches that are there, not there yet, and there no more.
@Suite struct StoredBatchesTests {
    @Test func aBatchThatWasRemovedIsNotOneToWaitFor() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("memex-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try DataDirectory(creating: folder)
        let deployment = DeploymentIdentity(chainId: 1, rollup: Address(), genesis: .zero)
        let store = try ChainStore(path: directory.chain, durability: .process, deployment: deployment)
        for number in 0..<3 as Range<UInt64> {
            try store.append(
                BatchRecord(
                    number: number, firstBlock: number + 1, lastBlock: number + 1, inboxStart: number, inboxEnd: number + 1,
                    firstTimeMs: number,
                    lastTimeMs: number, stateRoot: .zero, envelopeCount: 1, bytes: [1]))
        }
        var accumulator = Hash256()
        accumulator.word3 = 7
        try store.record([accumulator], after: 1)
        let batches = try StoredBatches(directory, durability: .process, deployment: deployment)
        #expect(try await batches.postableBatch(0)?.inboxAccumulator == nil)
        try ChainPruner(store).step(.init(finalBatches: 1, throughBlock: 0, beforeMs: 1), rowsMax: 8)
        let refusal = await #expect(throws: BatchPruned.self) { try await batches.postableBatch(0) }
        #expect(refusal == BatchPruned(number: 0, firstKept: 1))
        #expect(refusal?.description.contains("memex batch inspect 0") == true)
        #expect(try await batches.postableBatch(1)?.inboxAccumulator == accumulator)
        #expect(try await batches.postableBatch(3) == nil)
        #expect(try await batches.batchCount() == 3)
    }
}
