import Testing

@testable import Engine

@Suite struct InboxTests {
    let test: TestExchange
    let owner = TestExchange.address(1)

    init() throws {
        test = try TestExchange()
        test.listToken(1, decimals: 9)
    }

    private func lastKind() -> UInt8? { test.host.exchange.events.last?.kind }

    @Test func depositsAreCreditedExactly() {
        test.deposit(owner, token: 1, atoms: 7)
        test.deposit(owner, token: 1, atoms: 11)
        #expect(test.host.exchange.balance(account: 1, token: 1)?.free == 18)
        #expect(test.host.exchange.balance(account: 1, token: 1)?.owner == owner)
        #expect(test.host.exchange.totalAtoms(token: 1) == 18)
        #expect(test.host.exchange.header.inboxCursor == 3)
        #expect(lastKind() == Event.Kind.deposited)
    }

    @Test func impossibleMessagesAreConsumedWithoutEffect() {
        var messages: [InboxMessage] = []
        var message = InboxMessage()
        messages.append(message)
        message.kind = Hash256(integer: 9)
        messages.append(message)
        message.kind.word0 = 1
        messages.append(message)
        for (a, token, atoms) in [
            (Address.zero, UInt64(1), UInt64(5)), (owner, 2, 5), (owner, 0, 5), (owner, 1, 0), (owner, 1, 1 << 63), (owner, 1 << 40, 5),
        ] {
            message = InboxMessage()
            message.kind = Hash256(integer: 1)
            message.a = Hash256(address: a)
            message.b = Hash256(integer: token)
            message.c = Hash256(integer: atoms)
            messages.append(message)
        }
        message.c = Hash256(integer: 5)
        message.b = Hash256(integer: 1)
        message.a.word0 = 1
        messages.append(message)
        test.host.exchange.clearEvents()
        for (count, message) in messages.enumerated() {
            test.host.exchange.consume(message)
            #expect(lastKind() == Event.Kind.inboxIgnored)
            #expect(test.host.exchange.header.inboxCursor == UInt64(count + 2))
        }
        #expect(test.host.exchange.header.accountCount == 0)
        #expect(test.host.exchange.totalAtoms(token: 1) == 0)
    }

    /// The contract accepts a listing up to these limits; one that is ignored here would lose every deposit of the token.
    @Test(arguments: [(0, 0), (18, 36)]) func everyTokenThatL1ListsIsListed(decimals: UInt64, unitExponent: UInt64) {
        var message = InboxMessage()
        message.kind = Hash256(integer: InboxMessage.Kind.tokenListed)
        message.a = Hash256(address: TestExchange.address(77))
        message.b = Hash256(integer: 2047)
        message.c = Hash256(integer: decimals | unitExponent << 8)
        test.host.exchange.consume(message)
        #expect(lastKind() == Event.Kind.tokenListed)
        test.deposit(owner, token: 2047, atoms: 1 << 63 - 1)
        #expect(lastKind() == Event.Kind.deposited)
    }

    @Test func marketsAreListedOnceAndOnlyOverListedTokens() {
        test.listToken(2, decimals: 3)
        test.listMarket(1, base: 2, quote: 3, lotExponent: 3, makerFee: 0, takerFee: 0, feeOwner: owner)
        #expect(lastKind() == Event.Kind.inboxIgnored)
        test.listMarket(1, base: 2, quote: 2, lotExponent: 3, makerFee: 0, takerFee: 0, feeOwner: owner)
        #expect(lastKind() == Event.Kind.inboxIgnored)
        test.listMarket(1, base: 2, quote: 1, lotExponent: 3, makerFee: 0, takerFee: 101, feeOwner: owner)
        #expect(lastKind() == Event.Kind.inboxIgnored)
        test.listMarket(1, base: 2, quote: 1, lotExponent: 3, makerFee: 1, takerFee: 5, feeOwner: owner)
        #expect(lastKind() == Event.Kind.marketListed)
        #expect(test.host.exchange.market(1)?.notionalExponent == Int32(-15))
        #expect(test.host.exchange.market(1)?.makerFeeBasisPoints == 1)
        #expect(test.host.exchange.market(1)?.takerFeeBasisPoints == 5)
        test.listMarket(1, base: 2, quote: 1, lotExponent: 0, makerFee: 1, takerFee: 5, feeOwner: owner)
        #expect(lastKind() == Event.Kind.inboxIgnored)
        #expect(test.host.exchange.market(1)?.lotAtoms == 1_000)
    }

    /// A deposit for which the arena has no room left comes back as a withdrawal record: never lost.
    @Test func depositWithoutRoomBecomesAWithdrawal() {
        let header = (test.host.arenaBytes + Layout.header).assumingMemoryBound(to: StateHeader.self)
        header.pointee.balancePageHighWater = UInt32(Layout.balancePageCapacity - 1)
        test.deposit(owner, token: 1, atoms: 42)
        #expect(lastKind() == Event.Kind.withdrawn)
        let record = test.host.exchange.withdrawal(1)
        #expect(record?.owner == owner && record?.amount == 42 && record?.token == 1 && record?.id == 1 && record?.blockNumber == 1)
        #expect(test.host.exchange.totalAtoms(token: 1) == 0)
    }
}
