import Testing

@testable import Engine

/// Several accounts of one owner, and which of them a command is for.
@Suite struct SubaccountTests {
    let test: TestExchange
    let owner = TestExchange.address(1)
    let other = TestExchange.address(2)
    let agent = TestExchange.address(3)

    init() throws {
        test = try TestExchange(traders: [owner, other], atoms: 1 << 40, baseDecimals: 6)
        _ = test.execute([.approveAgent(agent, expiryMs: 0)], signer: owner)
    }

    private func sell(_ lots: UInt64) -> Command {
        .place(market: 1, side: .sell, timeInForce: .goodTilCancelled, priceCode: price(20_000, 0), lots: lots, clientOrderId: 0)
    }

    private func codes(_ commands: [Command], _ signer: Address) -> [RejectCode] {
        test.execute(commands, signer: signer).events.map { RejectCode(rawValue: $0.code)! }
    }

    private func free(_ account: UInt32, _ token: UInt32) -> UInt64 {
        test.host.exchange.balance(account: account, token: token)?.free ?? 0
    }

    @Test func anOwnerOpensSixteen() {
        for number in UInt64(1)...16 {
            let event = test.execute([.openSubaccount], signer: owner).events.last!
            #expect(event.kind == Event.Kind.subaccountOpened && event.account == 2 && event.lots == number)
            let account = test.host.exchange.account(id: event.counterAccount)!
            #expect(account.owner == owner && account.mainAccount == 2 && account.subaccountNumber == UInt32(number))
        }
        #expect(codes([.openSubaccount], owner) == [.tooManySubaccounts])
        #expect(codes([.openSubaccount], other) == [.none])
        #expect(codes([.openSubaccount], agent) == [.agentMayNot])
        #expect(test.host.exchange.account(owner: owner)?.id == 2)
        expectInvariants(test.host.exchange)
    }

    @Test func commandsGoToTheAccountInUse() {
        let sub = test.execute([.openSubaccount], signer: owner).events.last!.counterAccount
        #expect(codes([.transfer(token: 2, atoms: 10, toAccount: sub), .useAccount(sub), sell(7)], owner) == [.none, .none, .none])
        #expect(test.host.exchange.balance(account: sub, token: 2)?.locked == 7)
        // The next batch starts at home again.
        #expect(test.execute([sell(1)], signer: owner).events.last?.account == 2)
        #expect(
            test.execute([.useAccount(sub), sell(1), .useAccount(2), sell(1)], signer: agent).events.map(\.account) == [sub, sub, 2, 2])
        #expect(codes([.useAccount(sub), .cancel(market: 1, orderId: 1 << 32 | 2)], owner) == [.none, .notYourOrder])
        expectInvariants(test.host.exchange)
    }

    @Test func nothingLandsInAnAccountThatWasNotMeant() {
        let sub = test.execute([.openSubaccount], signer: other).events.last!.counterAccount
        for id in [0, 1, 3, sub, sub + 1, .max] {
            let events = test.execute([.useAccount(id), sell(1), .withdraw(token: 1, atoms: 1)], signer: owner).events
            #expect(events.map(\.code) == Array(repeating: RejectCode.notYourAccount.rawValue, count: 3))
            #expect(events.map(\.account) == [2, 2, 2] && events.map(\.commandIndex) == [0, 1, 2])
        }
        #expect(codes([.useAccount(sub), sell(1), .useAccount(2), sell(1)], owner) == [.notYourAccount, .notYourAccount, .none, .none])
        #expect(test.host.exchange.header.openOrderCount == 1)
    }

    @Test func anAgentWithFundsOfItsOwnNamesTheAccountItMeans() {
        let now = TestExchange.startMs
        _ = test.execute([.approveAgent(agent, expiryMs: now + 50)], signer: owner)
        test.deposit(agent, token: 2, atoms: 100)
        #expect(test.execute([sell(1)], signer: agent).events.last?.account == 4)
        #expect(test.execute([.useAccount(2), sell(1), .withdraw(token: 2, atoms: 1)], signer: agent).events.map(\.code) == [0, 0, 40])
        // Its own account stays its own, whatever becomes of the approval.
        _ = test.nextBlock(after: 50)
        #expect(codes([.useAccount(2), sell(1)], agent) == [.agentExpired, .notYourAccount])
        #expect(codes([.useAccount(4), .withdraw(token: 2, atoms: 1)], agent) == [.none, .none])
        #expect(codes([.revokeAgent(agent)], owner) == [.none])
        #expect(codes([.useAccount(2)], agent) == [.agentExpired])
        expectInvariants(test.host.exchange)
    }

    @Test func agentsAreTheOwnersWhicheverAccountIsInUse() {
        let sub = test.execute([.openSubaccount], signer: owner).events.last!.counterAccount
        let second = TestExchange.address(8)
        #expect(codes([.useAccount(sub), .approveAgent(second, expiryMs: 0)], owner) == [.none, .none])
        #expect(test.host.exchange.account(id: 2)?.agentCount == 2 && test.host.exchange.account(id: sub)?.agentCount == 0)
        #expect(test.execute([sell(1)], signer: second).events.last?.account == 2)
        #expect(codes([.revokeAgent(second)], owner) == [.none])
        #expect(test.execute([sell(1)], signer: second).code == .agentExpired)
    }

    @Test func transfersStayWithTheOwner() {
        let sub = test.execute([.openSubaccount], signer: owner).events.last!.counterAccount
        let event = test.execute([.transfer(token: 1, atoms: 30, toAccount: sub)], signer: owner).events.last!
        #expect(event.kind == Event.Kind.transferred && event.account == 2 && event.counterAccount == sub)
        #expect(event.counterOrderId == 1 && event.lots == 30)
        #expect(free(2, 1) == 1 << 40 - 30 && free(sub, 1) == 30)
        #expect(test.host.exchange.balance(account: sub, token: 1)?.owner == owner)
        #expect(codes([.useAccount(sub), .transfer(token: 1, atoms: 31, toAccount: 2)], owner) == [.none, .insufficientBalance])
        #expect(codes([.useAccount(sub), .transfer(token: 1, atoms: 5, toAccount: 2)], owner) == [.none, .none])
        #expect(free(sub, 1) == 25)
        #expect(codes([.transfer(token: 1, atoms: 1, toAccount: 3)], owner) == [.notYourAccount])
        #expect(
            codes([.transfer(token: 1, atoms: 1, toAccount: 0), .transfer(token: 1, atoms: 1, toAccount: 99)], owner).allSatisfy {
                $0 == .notYourAccount
            })
        #expect(codes([.transfer(token: 9, atoms: 1, toAccount: sub)], owner) == [.unknownToken])
        #expect(codes([.transfer(token: 1, atoms: 0, toAccount: sub)], owner) == [.amountZero])
        #expect(codes([.transfer(token: 1, atoms: .max, toAccount: sub)], owner) == [.insufficientBalance])
        #expect(codes([.transfer(token: 1, atoms: 1, toAccount: sub)], agent) == [.agentMayNot])
        // To itself: nothing moves.
        #expect(codes([.transfer(token: 1, atoms: 7, toAccount: 2)], owner) == [.none])
        expectInvariants(test.host.exchange)
    }

    @Test func withdrawalsPayTheOwnerFromTheAccountInUse() {
        let sub = test.execute([.openSubaccount], signer: owner).events.last!.counterAccount
        #expect(
            codes([.transfer(token: 1, atoms: 30, toAccount: sub), .useAccount(sub), .withdraw(token: 1, atoms: 31)], owner).last
                == .insufficientBalance)
        let event = test.execute([.useAccount(sub), .withdraw(token: 1, atoms: 30)], signer: owner).events.last!
        #expect(event.kind == Event.Kind.withdrawn && event.account == sub)
        #expect(test.host.exchange.withdrawal(event.orderId)?.owner == owner && free(sub, 1) == 0)
        expectInvariants(test.host.exchange)
    }
}
