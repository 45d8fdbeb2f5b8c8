import Testing

@testable import Engine

/// Records of withdrawals go round in their region: nobody can fill it and keep others' money in.
@Suite struct WithdrawalRingTests {
    private let test: TestExchange
    private let owner = TestExchange.address(1)
    private static let slots = UInt64(Layout.withdrawalCapacity)
    /// Numbers of withdrawals recorded before: the end of a round, of 32 bits, of 63, and almost of all numbers.
    static let counts: [UInt64] = [0, slots - 3, 2 * slots - 2, 1 << 32 - 2, 1 << 63 - 2, .max - 5]

    init() throws {
        test = try TestExchange()
        test.listToken(1, decimals: 9)
        test.deposit(owner, token: 1, atoms: 1 << 40)
    }

    private func record(at slot: UInt64) -> Withdrawal {
        (test.host.arenaBytes + Layout.withdrawals + Int(slot) * Layout.cellBytes).assumingMemoryBound(to: Withdrawal.self).pointee
    }

    @Test(arguments: counts)
    func eachHasTheNextIdAndItsSlot(count: UInt64) {
        test.setWithdrawalCount(count)
        for number in 1...UInt64(4) {
            let id = count + number
            let event = test.execute([.withdraw(token: 1, atoms: 10 + number)], signer: owner).events.last
            #expect(event?.kind == Event.Kind.withdrawn && event?.orderId == id)
            let cell = record(at: id % Self.slots)
            #expect(cell.id == id && cell.amount == 10 + number && cell.owner == owner && cell.token == 1 && cell.blockNumber == 1)
            #expect(test.host.exchange.withdrawal(id)?.amount == 10 + number)
            #expect(Int(Layout.withdrawalCell(id: id)) == Layout.withdrawals / 64 + Int(id % Self.slots))
            #expect(test.host.exchange.withdrawal(id + 1) == nil)
        }
        #expect(test.host.exchange.header.withdrawalCount == count + 4)
        expectInvariants(test.host.exchange)
    }

    @Test func theOldestIsWrittenOverAndGone() {
        for atoms in UInt64(1)...3 { _ = test.execute([.withdraw(token: 1, atoms: atoms)], signer: owner) }
        #expect(test.host.exchange.withdrawalIds == 1..<4)
        test.setWithdrawalCount(Self.slots)
        #expect(test.host.exchange.withdrawalIds == 1..<(Self.slots + 1) && test.host.exchange.withdrawal(1)?.amount == 1)
        _ = test.execute([.withdraw(token: 1, atoms: 100)], signer: owner)
        #expect(test.host.exchange.withdrawalIds == 2..<(Self.slots + 2))
        #expect(test.host.exchange.withdrawal(1) == nil && test.host.exchange.withdrawal(0) == nil)
        #expect(test.host.exchange.withdrawal(2)?.amount == 2 && test.host.exchange.withdrawal(Self.slots + 1)?.amount == 100)
    }

    /// The money of all who leave goes on leaving, by whatever way it comes to a record.
    @Test(arguments: counts)
    func everyWayOutStaysOpen(count: UInt64) {
        test.setWithdrawalCount(count)
        let payload = TestExchange.encode(.withdraw(token: 1, atoms: 7))
        test.host.exchange.consume(payload.withUnsafeBytes { InboxMessage(forced: $0, sender: owner) })
        #expect(test.host.exchange.events.last?.kind == Event.Kind.withdrawn && test.host.exchange.events.last?.orderId == count + 1)
        let created = test.execute(
            [.createToken(TokenSymbol(word0: 0x4E52_4F42, word1: 0), decimals: 0, supply: 5)], signer: owner
        ).events.last
        #expect(created?.kind == Event.Kind.tokenCreated && created?.orderId == count + 2)
        #expect(test.host.exchange.withdrawal(count + 2)?.owner == .burn)
        // A deposit that finds no room for an account.
        let header = (test.host.arenaBytes + Layout.header).assumingMemoryBound(to: StateHeader.self)
        header.pointee.balancePageHighWater = UInt32(Layout.balancePageCapacity - 1)
        test.deposit(TestExchange.address(2), token: 1, atoms: 42)
        let record = test.host.exchange.withdrawal(count + 3)
        #expect(record?.owner == TestExchange.address(2) && record?.amount == 42)
    }
}
