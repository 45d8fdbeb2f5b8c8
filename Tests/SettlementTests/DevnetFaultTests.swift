import BigInt
import Engine
import Foundation
import Logging
import SeededRandom
import Signing
import Testing

@testable import Settlement

/// The poster against a real contract on a real EVM, which is disturbed as real chains and nodes disturb.
@Suite(.enabled(if: Devnet.isInstalled, "run Deploy/setup first"), .serialized) struct DevnetFaultTests {
    private static let batchCount: UInt64 = 8

    @Test(.timeLimit(.minutes(15))) func `every batch arrives once through reorganisations, lost transactions and a node that fails`()
        async throws
    {
        let stage = try await PostingStage()
        let (devnet, deployment, sequencer, reader) = (stage.devnet, stage.deployment, stage.sequencer, stage.reader)
        let key = devnet.keys[1]
        let contract = reader.contract
        let startMs = try await devnet.client.latestBlock().timestamp * 1_000
        try await sequencer.seal(messages: try await reader.history().messages, timeMs: startMs)
        let seed = UInt64.random(in: 0...999)
        print("seed \(seed)")
        var dice = SeededGenerator(seed: seed)

        var poster = stage.poster()
        var sealed: UInt64 = 1
        for turn in 0..<40 {
            if turn % 4 == 3, sealed < Self.batchCount {
                try await sequencer.seal(messages: [], timeMs: startMs + sealed)
                sealed += 1
            }
            switch Int.random(in: 0..<9, using: &dice) {
            case 0:
                _ = try await devnet.request(
                    "anvil_reorg", [["depth": .number(Double(Int.random(in: 1...10, using: &dice)))], [], .bool(true)])
            case 1: _ = try await devnet.request("anvil_reorg", [["depth": .number(Double(Int.random(in: 1...10, using: &dice)))]])
            case 2: _ = try await devnet.request("anvil_dropAllTransactions")
            case 3:
                let fault = ["close", "unavailable", "garbage"].randomElement(using: &dice) ?? "close"
                _ = try await devnet.request("memex_setFault", [.string(fault), .number(Double(Int.random(in: 1...15, using: &dice)))])
            case 4: _ = try await devnet.request("memex_setLag", [.number(Double(Int.random(in: 0...5, using: &dice)))])
            // Killed: what the store holds is all that the next one knows.
            case 5: poster = stage.poster()
            default: _ = try await devnet.request("memex_setLag", [.number(0)])
            }
            do { _ = try await poster.step() } catch is EthereumError {}
            _ = try await devnet.request("evm_mine")
        }
        _ = try await devnet.request("memex_setFault", [.null])
        _ = try await devnet.request("memex_setLag", [.number(0)])
        try await stage.finish(poster)

        let history = try await reader.history()
        #expect(history.batches.count == Int(sealed), "seed \(seed)")
        #expect(history.batches.allSatisfy { $0.claimedRoot != nil })
        let rebuild = try Rebuild(domain: SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup))
        try await rebuild.advance(to: sealed, history: history, reader: reader)
        #expect(await rebuild.stateRoot == sequencer.stateRoot)
        // No transaction went for nothing.
        #expect(try await devnet.client.transactionCount(of: key.address) == 2 * sealed, "seed \(seed)")

        // The same without the whole history, and in answers of few logs each.
        // One block may hold all posts and claims, and its logs come in no less than one answer.
        _ = try await devnet.request("memex_setLogsMax", [.number(Double(2 * sealed + 1))])
        let progress = try await contract.progress()
        #expect(try await reader.batches(2..<sealed, progress) == Array(history.batches[2...]))
        #expect(try await reader.messages(of: history.batches[0]) == history.messages)
        #expect(try await reader.history() == history)
        #expect(sealed == Self.batchCount)
    }

    @Test(.timeLimit(.minutes(15))) func `takes the place of what somebody else left pending under its nonce`() async throws {
        let stage = try await PostingStage()
        let (devnet, reader) = (stage.devnet, stage.reader)
        let rival = try await devnet.sender(devnet.keys[1]).submit(to: devnet.keys[2].address, data: [], value: 1)
        try await stage.seal(messages: try await reader.history().messages)
        let poster = stage.poster()
        try await stage.finish(poster)
        #expect(try await reader.contract.progress().claimCount == 1)
        #expect(try await devnet.client.transactionCount(of: devnet.keys[1].address) == 2)
        #expect(try await devnet.client.receipt(of: try #require(rival.hashes.first)) == nil)
        // Somebody uses the key between two of ours: the rest goes on behind.
        _ = try await devnet.request("evm_mine")
        try await stage.seal()
        let foreign = try await devnet.sender(devnet.keys[1]).submit(to: devnet.keys[2].address, data: [], value: 1)
        try await devnet.mine()
        try await stage.finish(poster)
        #expect(try await devnet.client.receipt(of: try #require(foreign.hashes.first))?.succeeded == true)
        #expect(try await reader.contract.progress().claimCount == 2)
    }
}
