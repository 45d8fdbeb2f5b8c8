import BigInt
import Blobs
import Engine
import Foundation
import SeededRandom
import Signing
import Testing

@testable import Settlement

/// Batches in blobs, and back, against the real contract on a real EVM and a consensus layer's API.
@Suite(.enabled(if: Devnet.isInstalled && KZGLibraryPath.find() != nil, "run Deploy/setup first"), .serialized) struct DevnetBlobTests {
    @Test(.timeLimit(.minutes(15))) func `batches go the cheaper way, are read back from both, and are refused once blobs are pruned`()
        async throws
    {
        let stage = try await PostingStage()
        let poster = stage.poster(carrier: .price)
        try await stage.seal(messages: try await stage.reader.history().messages)
        for price in [PostingStage.cheap, PostingStage.dear, PostingStage.cheap] {
            try await stage.set(blobBaseFeeWei: price)
            try await stage.finish(poster)
            try await stage.devnet.mine()
            try await stage.seal()
        }
        try await stage.finish(poster)
        let history = try await stage.reader.history()
        #expect(history.batches.map(\.posted.inBlob) == [true, false, true, true])
        #expect(history.batches.allSatisfy { $0.claimedRoot != nil })
        // From a consensus node of today, and from one that is from before Fusaka.
        for isOld in [false, true] {
            _ = try await stage.devnet.request("memex_setOldBeacon", [.bool(isOld)])
            for (number, batch) in history.batches.enumerated() {
                #expect(try await stage.reader.data(of: batch) == stage.sequencer.postableBatch(UInt64(number))?.data)
            }
        }
        _ = try await stage.devnet.request("memex_setOldBeacon", [false])
        // Another process finds them to be its own; without the library it cannot tell, and says what to do.
        try await stage.poster(carrier: .blob).check()
        do {
            try await stage.poster(carrier: .calldata).check()
            Issue.record("it checked a blob without the library")
        } catch let error as PosterError {
            #expect(error.description.contains("Deploy/setup"))
        }

        let domain = SigningDomain(chainId: stage.deployment.chainId, rollup: stage.deployment.rollup)
        let rebuild = try Rebuild(domain: domain)
        try await rebuild.advance(to: 3, history: history, reader: stage.reader)

        // Nobody named; nobody there; then pruned.
        let batch = history.batches[3]
        func reader(_ urls: [String]) -> L1Reader {
            let blobs =
                urls.isEmpty
                ? nil : BlobReader(urls: urls.compactMap { URL(string: $0) }, chainId: stage.deployment.chainId, maker: stage.maker)
            return L1Reader(contract: stage.reader.contract, deployedAtBlock: stage.deployment.deployedAtBlock, blobs: blobs)
        }
        await #expect(throws: L1ReaderError.noBeacon(batch: 3)) { try await reader([]).data(of: batch) }
        let url = stage.devnet.url.absoluteString
        #expect(try await reader(["http://127.0.0.1:1", url]).data(of: batch).count == Int(batch.posted.dataSize), "the second has it")
        _ = try await stage.devnet.request("memex_pruneBlobs")
        do {
            try await Rebuild(domain: domain).advance(to: 4, history: history, reader: reader(["http://127.0.0.1:1", url]))
            Issue.record("a pruned blob was read")
        } catch let error as L1ReaderError {
            #expect(error.isAboutBlobs)
            for part in ["batch 0", "slot", "connection refused", "\(url) does not have it", "--beacon", "--data"] {
                #expect(error.description.contains(part), "\(part) in: \(error)")
            }
        }
        // The consensus node of this L1, and not of another.
        let time = try await stage.devnet.client.latestBlock().timestamp
        try await BeaconClient(url: stage.devnet.url).check(chainId: stage.deployment.chainId, time: time)
        await #expect(throws: BeaconError.otherChain(url: url, "belongs to chain 1337, not 1")) {
            try await BeaconClient(url: stage.devnet.url).check(chainId: 1, time: time)
        }
        // Calldata does not vanish, and what was rebuilt before needs no blob again.
        #expect(try await reader([]).data(of: history.batches[1]).count == Int(history.batches[1].posted.dataSize))
        await #expect(throws: L1ReaderError.self) { try await rebuild.advance(to: 4, history: history, reader: stage.reader) }
        #expect(await rebuild.batchCount == 3)
    }

    @Test(.timeLimit(.minutes(15))) func `every batch arrives once, either way, through reorganisations, losses and moving prices`()
        async throws
    {
        let stage = try await PostingStage()
        let startMs = try await stage.devnet.client.latestBlock().timestamp * 1_000
        try await stage.sequencer.seal(messages: try await stage.reader.history().messages, timeMs: startMs)
        let seed = UInt64.random(in: 0...999)
        print("seed \(seed)")
        var dice = SeededGenerator(seed: seed)
        // A pool may be left with the wrong kind: that must not take minutes here.
        func newPoster() -> Poster { stage.poster(carrier: .price, patienceSeconds: 1) }
        var poster = newPoster()
        var sealed: UInt64 = 1
        for turn in 0..<40 {
            if turn % 4 == 3 {
                // Not by a request, which the node may fail to answer.
                try await stage.sequencer.seal(messages: [], timeMs: startMs + sealed)
                sealed += 1
            }
            switch Int.random(in: 0..<10, using: &dice) {
            case 0:
                _ = try await stage.devnet.request(
                    "anvil_reorg", [["depth": .number(Double(Int.random(in: 1...10, using: &dice)))], [], true])
            case 1: _ = try await stage.devnet.request("anvil_reorg", [["depth": .number(Double(Int.random(in: 1...10, using: &dice)))]])
            case 2: _ = try await stage.devnet.request("anvil_dropAllTransactions")
            case 3: _ = try await stage.devnet.request("memex_setFault", ["close", .number(Double(Int.random(in: 1...15, using: &dice)))])
            case 4: _ = try await stage.devnet.request("memex_setLag", [.number(Double(Int.random(in: 0...5, using: &dice)))])
            // Killed: what the store holds is all that the next one knows.
            case 5: poster = newPoster()
            case 6: try await stage.set(blobBaseFeeWei: PostingStage.cheap)
            case 7: try await stage.set(blobBaseFeeWei: PostingStage.dear)
            default: _ = try await stage.devnet.request("memex_setLag", [.number(0)])
            }
            do { _ = try await poster.step() } catch is EthereumError {}
            try await stage.devnet.mine()
        }
        _ = try await stage.devnet.request("memex_setFault", [.null])
        _ = try await stage.devnet.request("memex_setLag", [.number(0)])
        try await stage.set(blobBaseFeeWei: PostingStage.cheap)
        try await stage.finish(poster)

        let history = try await stage.reader.history()
        #expect(history.batches.count == Int(sealed) && history.batches.allSatisfy { $0.claimedRoot != nil }, "seed \(seed)")
        let rebuild = try Rebuild(domain: SigningDomain(chainId: stage.deployment.chainId, rollup: stage.deployment.rollup))
        try await rebuild.advance(to: sealed, history: history, reader: stage.reader)
        #expect(await rebuild.stateRoot == stage.sequencer.stateRoot)
        // No transaction went for nothing.
        #expect(try await stage.devnet.client.transactionCount(of: stage.devnet.keys[1].address) == 2 * sealed, "seed \(seed)")
    }

    @Test(.timeLimit(.minutes(15))) func `a blob transaction for which L1 asks more is replaced by one that offers twice as much`()
        async throws
    {
        let stage = try await PostingStage()
        try await stage.seal(messages: try await stage.reader.history().messages)
        let poster = stage.poster(carrier: .blob, patienceSeconds: 0.05)
        _ = try await poster.step()
        let first = try #require(await stage.sequencer.postingSlots().first { $0.call == .post(0) })
        // It offers 2 wei.
        #expect(first.fees.blobCap == 2 && first.hashes.count == 1)
        try await stage.set(blobBaseFeeWei: 11)
        try await stage.finish(poster)
        let last = try #require(await stage.sequencer.postingSlots().first { $0.call == .post(0) })
        #expect(last.hashes.count > 1 && last.fees.blobCap ?? 0 >= 11 && last.fees.cap >= 2 * first.fees.cap)
        #expect(try await stage.reader.history().batches.map(\.posted.inBlob) == [true])
        #expect(try await stage.devnet.client.transactionCount(of: stage.devnet.keys[1].address) == 2)
    }
}
