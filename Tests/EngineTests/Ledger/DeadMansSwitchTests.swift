import Testing

@testable import Engine

/// Orders that are cancelled because their trader fell silent.
@Suite struct DeadMansSwitchTests {
    let test: TestExchange
    let owner = TestExchange.address(1)
    let other = TestExchange.address(2)
    let agent = TestExchange.address(3)
    let now = TestExchange.startMs

    init() throws {
        test = try TestExchange(traders: [owner, other], atoms: 1 << 40, baseDecimals: 6)
        test.listMarket(2, base: 2, quote: 1, lotExponent: 0, makerFee: 0, takerFee: 0, feeOwner: TestExchange.feeOwner)
        _ = test.execute([.approveAgent(agent, expiryMs: 0)], signer: owner)
    }

    private func sell(_ market: UInt16) -> Command {
        .place(market: market, side: .sell, timeInForce: .goodTilCancelled, priceCode: price(20_000, 0), lots: 1, clientOrderId: 0)
    }

    private var openOrders: UInt32 { test.host.exchange.header.openOrderCount }

    @Test func allOrdersOfTheAccountAreCancelledAtItsTime() {
        _ = test.execute([sell(1), sell(2), .scheduleCancel(timeMs: now + 1_000), sell(1)], signer: owner)
        _ = test.execute([sell(1)], signer: other)
        #expect(test.nextBlock(after: 999).isEmpty)
        let events = test.nextBlock(after: 1)
        #expect(events.map(\.kind) == [Event.Kind.reduced, Event.Kind.reduced, Event.Kind.reduced, Event.Kind.accountCancelled])
        #expect(events.allSatisfy { $0.code == Reduction.scheduled.rawValue && $0.account == 2 })
        #expect(events.last?.lots == 3)
        #expect(openOrders == 1)
        expectInvariants(test.host.exchange)
        // Once only.
        _ = test.execute([sell(1)], signer: owner)
        #expect(test.nextBlock(after: 10_000).isEmpty)
    }

    @Test func aTraderWhoIsAliveMovesTheTimeOn() {
        _ = test.execute([sell(1)], signer: owner)
        for _ in 0..<5 {
            let time = test.host.exchange.header.blockTimeMs
            #expect(
                test.execute([.scheduleCancel(timeMs: time + 500)], signer: agent).events.last?.kind == Event.Kind.settingChanged)
            #expect(test.nextBlock(after: 499).isEmpty)
            expectInvariants(test.host.exchange)
        }
        _ = test.execute([.scheduleCancel(timeMs: 0)], signer: owner)
        #expect(test.nextBlock(after: 10_000).isEmpty)
        #expect(openOrders == 1)
    }

    @Test func aTimeThatHasPassedIsRefusedAndChangesNothing() {
        _ = test.execute([.scheduleCancel(timeMs: now + 7)], signer: owner)
        #expect(test.execute([.scheduleCancel(timeMs: now)], signer: owner).events.last?.code == RejectCode.expiryPassed.rawValue)
        #expect(test.host.exchange.schedule(account: 2).cancelAtMs == now + 7)
    }

    @Test func whoAskedForItIsCancelledWhenTheSessionEnds() {
        _ = test.execute([sell(1), sell(2)], signer: owner)
        _ = test.execute([sell(1)], signer: other)
        test.host.exchange.clearEvents()
        #expect(test.host.exchange.disconnect(signer: owner) == .notAllowed)
        #expect(test.host.exchange.disconnect(signer: TestExchange.address(50)) == .unknownSigner)
        #expect(test.host.exchange.events.isEmpty && openOrders == 3)
        _ = test.execute([.cancelOnDisconnect(true)], signer: owner)
        test.host.exchange.clearEvents()
        #expect(test.host.exchange.disconnect(signer: owner) == .none)
        #expect(test.host.exchange.events.map(\.kind) == [Event.Kind.reduced, Event.Kind.reduced, Event.Kind.accountCancelled])
        #expect(test.host.exchange.events.allSatisfy { $0.code == Reduction.disconnected.rawValue && $0.account == 2 })
        #expect(openOrders == 1)
        expectInvariants(test.host.exchange)
        _ = test.execute([.cancelOnDisconnect(false)], signer: owner)
        #expect(test.host.exchange.disconnect(signer: owner) == .notAllowed)
    }

    @Test func anAgentsSessionCountsAlsoWhenTheKeyExpiredMeanwhile() {
        _ = test.execute([.approveAgent(agent, expiryMs: now + 5)], signer: owner)
        _ = test.execute([.cancelOnDisconnect(true), sell(1)], signer: agent)
        _ = test.nextBlock(after: 10)
        #expect(test.execute([sell(1)], signer: agent).code == .agentExpired)
        #expect(openOrders == 1)
        #expect(test.host.exchange.disconnect(signer: agent) == .none)
        #expect(openOrders == 0)
    }

    @Test func anAgentsSessionCountsUntilTheAgentIsRevoked() {
        _ = test.execute([.cancelOnDisconnect(true), sell(1)], signer: agent)
        #expect(test.host.exchange.disconnect(signer: agent) == .none)
        #expect(openOrders == 0)
        _ = test.execute([sell(1)], signer: agent)
        _ = test.execute([.revokeAgent(agent)], signer: owner)
        #expect(test.host.exchange.disconnect(signer: agent) == .notAllowed)
        #expect(openOrders == 1)
    }

    @Test func everyAccountThatAskedForItIsMeant() {
        let sub = test.execute([.openSubaccount], signer: owner).events.last!.counterAccount
        _ = test.execute(
            [.transfer(token: 2, atoms: 100, toAccount: sub), sell(1), .useAccount(sub), .cancelOnDisconnect(true), sell(2)], signer: owner)
        #expect(openOrders == 2)
        #expect(test.host.exchange.disconnect(signer: owner) == .none)
        #expect(openOrders == 1 && test.host.exchange.account(id: sub)?.openOrderCount == 0)
    }

    /// Users cannot state it: it is for the sequencer, in an envelope without a signature.
    @Test func theCommandIsRefusedUnderASignature() {
        _ = test.execute([.cancelOnDisconnect(true), sell(1)], signer: owner)
        #expect(test.execute([.disconnected], signer: owner).code == .malformedPayload)
        #expect(openOrders == 1)
    }
}
