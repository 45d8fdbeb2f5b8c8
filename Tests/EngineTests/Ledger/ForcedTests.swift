import Testing

@testable import Engine

/// Commands that come through L1's inbox.
@Suite struct ForcedTests {
    let test: TestExchange
    let owner = TestExchange.address(1)
    let other = TestExchange.address(2)
    let agent = TestExchange.address(3)
    let stranger = TestExchange.address(4)

    init() throws {
        test = try TestExchange(traders: [owner, other], atoms: 1_000_000, baseDecimals: 0)
        test.execute([.approveAgent(agent, expiryMs: TestExchange.startMs + 1_000)], signer: owner)
    }

    private func force(_ commands: [Command], _ sender: Address) -> [Event] { force(bytes: commands.flatMap(TestExchange.encode), sender) }

    /// Consumes the message; its first event is taken away once it is found to tell of it.
    private func force(bytes: [UInt8], _ sender: Address, expecting code: RejectCode = .none) -> [Event] {
        let index = test.host.exchange.header.inboxCursor
        let events = test.consume(bytes.withUnsafeBytes { InboxMessage(forced: $0, sender: sender) })
        #expect(test.host.exchange.header.inboxCursor == index + 1)
        let first = events.first
        #expect(first?.kind == Event.Kind.forced && first?.orderId == index && first?.code == code.rawValue)
        return Array(events.dropFirst())
    }

    private func order(_ side: Side, _ lots: UInt64, _ timeInForce: TimeInForce = .goodTilCancelled) -> Command {
        .place(market: 1, side: side, timeInForce: timeInForce, priceCode: price(10_000, -8), lots: lots, clientOrderId: 0)
    }

    @Test func everythingLeavesInOneMessage() {
        test.execute([order(.sell, 700)], signer: owner)
        #expect(test.free(owner, 2) == 999_300)
        let events = force(
            [.cancelAll(market: 0, sides: .both), .withdraw(token: 2, atoms: Command.allFree), .withdraw(token: 1, atoms: 5)], owner)
        #expect(events.map(\.kind) == [Event.Kind.reduced, Event.Kind.cancelledAll, Event.Kind.withdrawn, Event.Kind.withdrawn])
        #expect(events.suffix(3).map(\.commandIndex) == [0, 1, 2])
        #expect(events[2].lots == 1_000_000)
        #expect(test.host.exchange.withdrawal(1)?.amount == 1_000_000 && test.host.exchange.withdrawal(1)?.owner == owner)
        #expect(test.host.exchange.withdrawal(2)?.amount == 5)
        #expect(test.free(owner, 2) == 0 && test.free(owner, 1) == 999_995)
    }

    @Test func allFreeOfNothingIsNoAmount() {
        #expect(force([.withdraw(token: 1, atoms: Command.allFree)], owner).map(\.kind) == [Event.Kind.withdrawn])
        #expect(force([.withdraw(token: 1, atoms: Command.allFree)], owner).map(\.code) == [RejectCode.amountZero.rawValue])
        // It is an amount like any other where a signature stands under it.
        #expect(test.execute([.withdraw(token: 1, atoms: Command.allFree)], signer: other).events.map(\.lots) == [1_000_000])
        #expect(test.host.exchange.header.withdrawalCount == 2)
    }

    @Test func ordersTradeLikeSignedOnes() {
        test.execute([order(.sell, 5)], signer: other)
        let taking = force([order(.buy, 8)], owner)
        #expect(taking.map(\.kind) == [Event.Kind.fill, Event.Kind.placed])
        #expect(taking.last?.lots == 5 && taking.last?.remaining == 3)
        // Post-only would take from the order of the same account; self-trade prevention is the order's own.
        #expect(force([order(.sell, 1, .postOnly)], owner).map(\.code) == [RejectCode.postOnlyWouldTake.rawValue])
        #expect(force([order(.sell, 3)], owner).last?.remaining == 0)
        #expect(test.host.exchange.header.openOrderCount == 1)
    }

    @Test func oneBadCommandLeavesTheOthers() {
        let events = force(
            [.cancel(market: 1, orderId: 77), .withdraw(token: 9, atoms: 1), .withdraw(token: 1, atoms: 1), .withdraw(token: 1, atoms: 0)],
            owner)
        #expect(events.map(\.kind) == [Event.Kind.rejected, Event.Kind.rejected, Event.Kind.withdrawn, Event.Kind.rejected])
        #expect(events.map(\.commandIndex) == [0, 1, 2, 3])
    }

    @Test func malformedBytesRejectTheMessageAlone() {
        let good = TestExchange.encode(.withdraw(token: 1, atoms: 1))
        for bytes in [[0], [UInt8](repeating: 0xFF, count: 96), good + [0], Array(good.dropLast()), [13, 0, 0, 0]] {
            #expect(force(bytes: bytes, owner, expecting: .malformedPayload).isEmpty)
        }
        #expect(test.free(owner, 1) == 1_000_000)
        #expect(force(bytes: good, owner).count == 1)
    }

    @Test func strangersAreRejectedAndLeaveNothing() {
        let before = test.host.exchange.header
        #expect(force(bytes: TestExchange.encode(.openSubaccount), stranger, expecting: .unknownSigner).isEmpty)
        #expect(force(bytes: [0], stranger, expecting: .unknownSigner).isEmpty)
        #expect(test.host.exchange.header.accountCount == before.accountCount)
        #expect(test.host.exchange.header.signerCount == before.signerCount)
    }

    /// A sender has the powers of his key, no more and no less.
    @Test func agentsTradeAndMoveNoFunds() {
        #expect(force([order(.buy, 1), .withdraw(token: 1, atoms: 1)], agent).map(\.code) == [0, RejectCode.agentMayNot.rawValue])
        #expect(test.host.exchange.account(owner: owner)?.openOrderCount == 1)
        test.nextBlock(after: 1_000)
        #expect(force(bytes: TestExchange.encode(.cancelAll(market: 0, sides: .both)), agent, expecting: .agentExpired).isEmpty)
        #expect(force([.revokeAgent(agent)], owner).map(\.kind) == [Event.Kind.agentChanged])
    }

    @Test func subaccountsAreNamedAsInABatch() {
        let id = test.execute([.openSubaccount], signer: owner).events[0].counterAccount
        let moved = force(
            [.transfer(token: 1, atoms: 40, toAccount: id), .useAccount(id), .withdraw(token: 1, atoms: Command.allFree)], owner)
        #expect(moved.map(\.kind) == [Event.Kind.transferred, Event.Kind.settingChanged, Event.Kind.withdrawn])
        #expect(moved[2].lots == 40 && moved[2].account == id)
        // The account of somebody else: nothing behind it lands anywhere.
        #expect(
            force([.useAccount(id), .withdraw(token: 1, atoms: 1)], other).map(\.code)
                == [RejectCode](repeating: .notYourAccount, count: 2).map(\.rawValue))
    }

    /// No nonce: two equal messages are two messages, and a signer's own nonces are left alone.
    @Test func messagesUseNoNonces() {
        let message: [Command] = [.withdraw(token: 1, atoms: 3)]
        #expect(force(message, owner).count == 1 && force(message, owner).count == 1)
        #expect(test.free(owner, 1) == 999_994)
        #expect(test.execute(message, signer: owner, nonce: test.nonce + 1).code == .none)
    }

    /// Only L1 writes messages, and in one form; others do nothing.
    @Test(arguments: [0, 97, 1 << 31, UInt32.max]) func otherSizesAreIgnored(size: UInt32) {
        var message = TestExchange.encode(.withdraw(token: 1, atoms: 1)).withUnsafeBytes { InboxMessage(forced: $0, sender: owner) }
        message.a.word1 = (message.a.word1 & 0xFFFF_FFFF_0000_0000) | UInt64(size.byteSwapped)
        #expect(test.consume(message).map(\.kind) == [Event.Kind.inboxIgnored])
        #expect(test.free(owner, 1) == 1_000_000)
    }

    /// The most that a message can look at in vain is what a signed payload may.
    @Test func cancellingInVainIsBounded() {
        for _ in 0..<2_001 { test.execute([order(.sell, 1)], signer: owner) }
        let buys = [Command](repeating: .cancelAll(market: 0, sides: .buys), count: 24)
        let codes = force(buys, owner).map(\.code)
        #expect(codes.count == 24 && codes.count { $0 == RejectCode.tooDeep.rawValue } == 14)
        #expect(test.execute(buys, signer: owner).events.map(\.code) == codes)
    }

    /// What a message may need of the room for events; the sequencer consumes 64 of them at the head of a block.
    @Test func eventsOfOneBlockHaveRoom() {
        let ordersMax = InboxMessage.forcedBytesMax / Command.byteCount(type: 1)
        let eventsPerOrderMax = (1 + Layout.triggersPerCommandMax) * (Layout.makersPerOrderMax + 2)
        let cancelsPerMessageMax = InboxMessage.forcedBytesMax / 12 * (Layout.openOrdersPerAccountMax + 2)
        #expect(64 * max(ordersMax * eventsPerOrderMax, cancelsPerMessageMax) < 1 << 25)
    }
}
