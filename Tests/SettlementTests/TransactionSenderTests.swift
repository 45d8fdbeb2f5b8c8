import BigInt
import Engine
import Foundation
import Signing
import Testing

@testable import Settlement

/// What happens to transactions that do not go through at once, on a devnet that mines only when told to.
@Suite(.enabled(if: Devnet.isInstalled, "run Deploy/setup first")) struct TransactionSenderTests {
    private static let nobody = Address.filled

    @Test(.timeLimit(.minutes(15))) func `a stuck transaction is sent again with higher fees, and counts once`() async throws {
        let devnet = try await Devnet(minesAlone: false)
        let sender = try await devnet.sender(devnet.keys[3], bumpAfterSeconds: 0.3)
        let before = try await devnet.client.balance(of: Self.nobody)
        let pending = try await sender.submit(to: Self.nobody, data: [], value: 5)
        let waiting = Task { try await sender.receipt(of: pending) }
        // The devnet forgets a transaction when another takes its place.
        let first = JSONValue.string(try #require(pending.hashes.first).hex)
        while try await devnet.client.request("eth_getTransactionByHash", [first]) != .null {
            try await Task.sleep(for: .milliseconds(50))
        }
        try await devnet.mine()
        let receipt = try await waiting.value
        #expect(receipt.succeeded)
        #expect(!pending.hashes.contains(receipt.transactionHash))
        #expect(try await devnet.client.balance(of: Self.nobody) == before + 5)
        #expect(try await devnet.client.transactionCount(of: sender.address) == 1)
    }

    @Test(.timeLimit(.minutes(15))) func `a new process replaces what the former one left pending`() async throws {
        let devnet = try await Devnet(minesAlone: false)
        let former = try await devnet.sender(devnet.keys[3])
        let lost = try await former.submit(to: Self.nobody, data: [1], value: 1)
        let successor = try await devnet.sender(devnet.keys[3], replacesPending: true)
        let kept = try await successor.submit(to: Self.nobody, data: [2], value: 2)
        #expect(kept.transaction.nonce == lost.transaction.nonce)
        try await devnet.mine()
        #expect(try await successor.receipt(of: kept).succeeded)
        await #expect(throws: EthereumError.nonceTaken(nonce: lost.transaction.nonce, sender: former.address)) {
            try await former.receipt(of: lost)
        }
    }

    @Test(.timeLimit(.minutes(15))) func `transactions of one sender go out in order without waiting`() async throws {
        let devnet = try await Devnet(minesAlone: false)
        let sender = try await devnet.sender(devnet.keys[3])
        var pending: [TransactionSender.Pending] = []
        for value in 1...4 as ClosedRange<UInt64> {
            pending.append(try await sender.submit(to: Self.nobody, data: [], value: BigUInt(value)))
        }
        #expect(pending.map(\.transaction.nonce) == [0, 1, 2, 3])
        try await devnet.mine()
        for transaction in pending { #expect(try await sender.receipt(of: transaction).blockNumber == 2) }
        // Somebody without money is told so.
        let poor = try await devnet.sender(.generate())
        await #expect(throws: EthereumError.self) { try await poor.execute(to: Self.nobody, data: [], value: 1) }
    }
}

extension Address {
    /// An address that nobody has a key of.
    fileprivate static var filled: Address {
        var address = Address()
        address.word0 = 0x1234_5678
        return address
    }
}
