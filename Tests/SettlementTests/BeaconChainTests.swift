import Foundation
import Testing

@testable import Settlement

/// Whether a consensus node is that of an L1, as far as can be told.
@Suite struct BeaconChainTests {
    private let chain = BeaconChain(genesisTime: 1_606_824_023, secondsPerSlot: 12, chainId: 1)

    @Test func `a block has the slot that begins with it`() throws {
        #expect(try chain.slot(at: 1_606_824_023, chainId: 1) == 0)
        #expect(try chain.slot(at: 1_606_824_023 + 120, chainId: 1) == 10)
        var silent = chain
        silent.chainId = nil
        #expect(try silent.slot(at: 1_606_824_023 + 12, chainId: 5) == 1, "not all archives say what chain they follow")
    }

    @Test func `of another chain there is no slot`() {
        func reason(at time: UInt64, chainId: UInt64) -> String? {
            do {
                _ = try chain.slot(at: time, chainId: chainId)
                return nil
            } catch { return error.reason }
        }
        #expect(reason(at: 1_606_824_023, chainId: 17_000) == "belongs to chain 1, not 17000")
        #expect(reason(at: 1_606_824_022, chainId: 1) == "belongs to a chain that began later")
        #expect(reason(at: 1_606_824_023 + 13, chainId: 1)?.contains("another chain") == true)
    }

    @Test func `nobody there is said with what follows from it`() async throws {
        let client = BeaconClient(url: try #require(URL(string: "http://127.0.0.1:9")))
        do {
            try await client.check(chainId: 1, time: 0)
            Issue.record("port 9 answered")
        } catch {
            for part in ["--beacon: cannot connect to the consensus node at http://127.0.0.1:9/", "connection refused", "not read back"] {
                #expect(error.description.contains(part), "\(part) in: \(error)")
            }
            #expect(!error.description.contains("L1 node") && error.isTransient)
        }
    }
}
