import Engine
import Foundation
import Proof
import Rollup
import Signing
import Testing

@testable import Settlement

/// A rebuilt state that is kept on disk is taken up again exactly, or refused.
@Suite struct RebuildCheckpointTests {
    private let deployment = Deployment(chainId: 7, rollup: Address(), deployedAtBlock: 1, sequencer: Address())

    /// A state after two batches, in a new directory.
    private func write() async throws -> (directory: String, root: Hash256) {
        let domain = SigningDomain(chainId: 7, rollup: Address())
        let derivation = try Derivation(domain: domain)
        let sequencer = try SmallSequencer(key: .generate(), deployment: deployment)
        let messages = try #require(Vectors.load("inbox")["messages"]?.items).map { item in
            try Hex.decode(text(item["message"])).withUnsafeBytes { InboxMessage(loadingFrom: $0.baseAddress!) }
        }
        try await sequencer.seal(messages: messages, timeMs: 1_700_000_000_000)
        try await sequencer.seal(messages: [], timeMs: 1_700_000_000_250)
        for number in 0..<UInt64(2) {
            let batch = try #require(await sequencer.postableBatch(number))
            let parameters = BatchParameters(inboxEnd: batch.inboxEnd, firstTimeMs: batch.firstTimeMs, lastTimeMs: batch.lastTimeMs)
            _ = try derivation.apply(batch: batch.data, parameters: parameters) { messages[Int($0)] }
        }
        let root = derivation.stateRoot
        let directory = FileManager.default.temporaryDirectory.appending(path: "memex-kept-\(UUID().uuidString)").path
        try await Rebuild(derivation: derivation, batchCount: 2).write(to: directory, deployment: deployment)
        return (directory, root)
    }

    @Test func `comes back as it was, for its own deployment alone`() async throws {
        let (directory, root) = try await write()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(Rebuild.exists(in: directory))
        let kept = try Rebuild.read(from: directory, deployment: deployment)
        #expect(await kept.stateRoot == root)
        #expect(await kept.batchCount == 2)
        #expect(await kept.head?.number == 2)
        #expect(await kept.token(1)?.decimals == 9)
        var other = deployment
        other.chainId = 8
        #expect(throws: RebuildError.self) { try Rebuild.read(from: directory, deployment: other) }
        #expect(throws: RebuildError.self) { try Rebuild.read(from: directory + "-not", deployment: deployment) }
    }

    @Test func `every corrupted byte and every cut is refused`() async throws {
        let (directory, _) = try await write()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let url = URL(filePath: directory + "/rebuilt.state")
        let good = try Data(contentsOf: url)
        let positions = Array(0..<224) + Array(stride(from: 224, to: good.count, by: 997)) + [good.count - 1]
        for position in positions {
            var bad = good
            bad[position] ^= 1
            try bad.write(to: url)
            // Four bytes after each page number are zero and say nothing, but a page beyond the arena is refused all the same.
            #expect(throws: RebuildError.self, "byte \(position)") { try Rebuild.read(from: directory, deployment: deployment) }
        }
        for count in [0, 3, 100, 216, 217, good.count - 1] {
            try good.prefix(count).write(to: url)
            #expect(throws: RebuildError.self, "\(count) bytes") { try Rebuild.read(from: directory, deployment: deployment) }
        }
        try (good + [0]).write(to: url)
        #expect(throws: RebuildError.self) { try Rebuild.read(from: directory, deployment: deployment) }
    }
}
