import Engine
import Signing
import Testing

@testable import Settlement

/// The call that pays many cells, against what an independent implementation encodes and proves.
@Suite struct PayManyTests {
    private static func hashes(_ list: JSONValue?) throws -> [Hash256] {
        try #require(list?.items).map { try #require(Hash256(bytes: Hex.decode(text($0)))) }
    }

    /// The cell at `index` of the golden tree as something to be paid, with its path.
    private static func payout(_ index: UInt32, _ vectors: JSONValue) throws -> Payout {
        let entry = try #require(vectors["paths"]?.items?.first { $0["index"]?.number == .init(index) })
        let cell = try Hex.decode(text(entry["cell"]))
        let isBalance = index < UInt32(Layout.withdrawals / Layout.cellBytes)
        let content: Payout.Content = cell.withUnsafeBytes {
            isBalance ? .balance($0.loadUnaligned(as: Balance.self)) : .withdrawal($0.loadUnaligned(as: Withdrawal.self))
        }
        return Payout(content: content, cell: index, path: try hashes(entry["path"]))
    }

    @Test func `call data are what eth_abi writes around the reference's proof`() throws {
        let vectors = try Vectors.load("merkle")
        let expected = try #require(vectors["payMany"])
        let indices = try #require(expected["indices"]?.items).map { UInt32(try #require($0.number)) }
        let payouts = try indices.map { try Self.payout($0, vectors) }
        #expect(payouts.map(\.atoms) == [900, 2_000, 55, 66])
        for order in [payouts, payouts.reversed()] {
            let call = RollupCall.payMany(batch: 7, payouts: order)
            #expect(call.name == "pay_many")
            #expect(Hex.encode(call.data) == expected["callData"]?.text)
        }
    }
}
