import BigInt
import Proof
import SeededRandom
import Testing

@testable import Engine
@testable import Settlement

/// Withdrawal records that go round: which a state holds, what L1 takes them for, and that none is missed on the way through many batches.
@Suite struct WithdrawalRecordTests {
    private static let slots = UInt64(Layout.withdrawalCapacity)
    private let host: HostedExchange
    private let tree: StateTree
    private let owners = (1...2).map { Address(bytes: [UInt8](repeating: $0, count: 20))! }

    init() throws {
        host = try HostedExchange()
        tree = try StateTree()
    }

    /// Records `count` withdrawals, of both owners in turn, after as many as there were `before`; returns the root.
    private func record(_ count: UInt64, before: UInt64) -> Hash256 {
        (host.arenaBytes + Layout.header).assumingMemoryBound(to: StateHeader.self).pointee.withdrawalCount = before
        for number in 1...count {
            _ = host.exchange.recordWithdrawal(owner: owners[Int((before + number) % 2)], token: 1, amount: number)
        }
        host.exchange.drainDirtyCells { tree.apply(cell: $0, $1) }
        return tree.root()
    }

    @Test func `an owner's records are found`() {
        _ = record(5, before: 0)
        #expect(Payouts.withdrawalIds(of: nil, in: host.exchange) == [1, 2, 3, 4, 5])
        #expect(Payouts.withdrawalIds(of: owners[0], in: host.exchange) == [2, 4])
    }

    @Test func `a state gives the paths of the records that it holds`() throws {
        _ = record(3, before: 0)
        let root = record(4, before: Self.slots - 2)
        #expect(host.exchange.withdrawalIds == 3..<Self.slots + 3)
        let ids = [3] + (Self.slots - 1...Self.slots + 2)
        let payouts = Payouts.withdrawals(ids: [0, 1, 2] + ids + [Self.slots + 3], in: host.exchange, tree: tree)
        #expect(payouts.map(\.id) == ids.map { .record($0) })
        #expect(payouts.map(\.atoms) == [3, 1, 2, 3, 4])
        #expect(payouts.map { $0.cell - UInt32(Layout.withdrawals / 64) } == [3, UInt32(Self.slots - 1), 0, 1, 2])
        for payout in payouts {
            guard case .withdrawal(let record) = payout.content else { throw Unexpected() }
            var hash = withUnsafeBytes(of: record) { Keccak256.hash($0) }
            for (height, sibling) in payout.path.enumerated() {
                let isRight = payout.cell >> UInt32(height) & 1 == 1
                hash = keccak256(isRight ? sibling.bytes + hash.bytes : hash.bytes + sibling.bytes)
            }
            #expect(hash == root)
        }
    }

    private struct Unexpected: Error {}

    @Test func `records and balances are numbered apart`() {
        for id in [PayoutId.record(1), .record(.max), .record(1 << 28), .balance(cell: 0), .balance(cell: 1 << 28), .balance(cell: .max)] {
            #expect(PayoutId(number: id.number) == id)
        }
        #expect(PayoutId.record(.max).number == BigUInt(UInt64.max) && PayoutId.balance(cell: 7).number == BigUInt(1) << 64 + 7)
        #expect(PayoutId(number: BigUInt(1) << 64 + BigUInt(1) << 32) == nil)
    }

    /// Whatever the batches hold, each record is in a state that is looked at; where all have room, only the last is.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `no record is missed on the way`(seed: UInt64) {
        print("withdrawal records: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var looks = RecordLooks()
        var written: UInt64 = 0
        var seen: UInt64 = 0
        // Sixty-four full batches between two questions, and more by messages.
        let most = UInt64(2 * 64 * BatchFormat.commandsMax)
        for step in 0..<2_000 {
            written += random.next() % (step % 7 == 0 ? most : 100_000)
            guard looks.isDue(written: written) else { continue }
            let first = written - min(written, Self.slots) + 1
            #expect(first <= seen + 1, "records \(seen + 1)..<\(first) were never looked at")
            seen = written
            looks.look(written: written)
        }
        #expect(seen > 10 * Self.slots && written - seen < Self.slots)
        #expect(!RecordLooks().isDue(written: 0) && !RecordLooks().isDue(written: Self.slots / 2 - 1))
        #expect(RecordLooks().isDue(written: .max))
    }
}
