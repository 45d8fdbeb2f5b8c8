import SeededRandom
import Testing

@testable import Engine

/// Who may have a command batch applied: signers, agents, nonces, well-formed payloads.
@Suite struct AdmissionTests {
    let test: TestExchange
    let owner = TestExchange.address(1)
    let agent = TestExchange.address(2)
    let now = TestExchange.startMs

    init() throws {
        test = try TestExchange()
        test.listToken(1, decimals: 9)
        test.deposit(owner, token: 1, atoms: 1_000)
    }

    private func withdrawOne(signer: Address, nonce: UInt64? = nil) -> (code: RejectCode, events: [Event]) {
        test.execute([.withdraw(token: 1, atoms: 1)], signer: signer, nonce: nonce)
    }

    @Test func strangersAreRefused() {
        #expect(withdrawOne(signer: agent).code == .unknownSigner)
    }

    /// Signers that were found lately are found by the last word of their addresses; the others tell them apart.
    @Test func signersOfAlikeAddressesAreToldApart() {
        var twin = owner
        twin.word0 ^= 1
        #expect(withdrawOne(signer: owner).code == .none)
        #expect(withdrawOne(signer: twin).code == .unknownSigner)
        test.deposit(twin, token: 1, atoms: 5)
        #expect(withdrawOne(signer: twin).events.map(\.account) == [2])
        #expect(withdrawOne(signer: owner).events.map(\.account) == [1])
        #expect(withdrawOne(signer: .zero).code == .unknownSigner)
    }

    /// A lone command is checked as it is decoded, several before the first is applied.
    @Test func malformedPayloadsUseUpNothing() {
        for payload: [UInt8] in [[], [17, 0, 0, 0], [4, 0, 0, 0], [15, 0, 0, 0, 0], [13, 0, 0, 0], [15, 0, 0, 0, 13, 0, 0, 0]] {
            #expect(test.execute(payload: payload, signer: owner).code == .malformedPayload, "\(payload)")
        }
        #expect(test.host.exchange.header.accountCount == 1)
    }

    @Test func nonceWindow() {
        let twoDays: UInt64 = 172_800_000
        #expect(withdrawOne(signer: owner, nonce: now - twoDays).code == .nonceTooOld)
        #expect(withdrawOne(signer: owner, nonce: now - twoDays + 1).code == .none)
        #expect(withdrawOne(signer: owner, nonce: now + twoDays / 2).code == .nonceTooNew)
        #expect(withdrawOne(signer: owner, nonce: now + twoDays / 2 - 1).code == .none)
        #expect(withdrawOne(signer: owner, nonce: UInt64.max).code == .nonceTooNew)
        #expect(withdrawOne(signer: owner, nonce: 0).code == .nonceTooOld)
    }

    @Test func noncesAreUnorderedAndUsedOnce() {
        var random = SeededGenerator(seed: 3)
        var kept: Set<UInt64> = []
        for _ in 0..<2_000 {
            let nonce = now + UInt64(random.below(400))
            let expected: RejectCode =
                kept.contains(nonce) ? .nonceRepeated : kept.count == 64 && nonce < kept.min()! ? .nonceBelowRemembered : .none
            #expect(test.execute([.withdraw(token: 9, atoms: 1)], signer: owner, nonce: nonce).code == expected)
            guard expected == .none else { continue }
            kept.insert(nonce)
            if kept.count > 64 { kept.remove(kept.min()!) }
        }
        #expect(kept.count == 64)
    }

    @Test func refusedBatchChangesNothing() {
        _ = withdrawOne(signer: owner, nonce: now + 5)
        test.host.exchange.drainDirtyCells { _, _ in }
        let before = test.digestOfBalances()
        #expect(withdrawOne(signer: owner, nonce: now + 5).code == .nonceRepeated)
        #expect(test.execute(payload: [4, 0, 0, 0], signer: owner).code == .malformedPayload)
        #expect(withdrawOne(signer: agent).code == .unknownSigner)
        var dirty = 0
        test.host.exchange.drainDirtyCells { _, _ in dirty += 1 }
        #expect(dirty == 0)
        #expect(test.digestOfBalances() == before)
    }

    @Test func agentsTradeButNeverMoveFunds() {
        #expect(test.execute([.approveAgent(agent, expiryMs: now + 100)], signer: owner).events.last?.kind == Event.Kind.agentChanged)
        let attempt = test.execute(
            [.withdraw(token: 1, atoms: 1), .approveAgent(TestExchange.address(5), expiryMs: 0), .revokeAgent(agent)], signer: agent)
        #expect(attempt.events.map(\.code) == Array(repeating: RejectCode.agentMayNot.rawValue, count: 3))
        test.host.exchange.beginBlock(number: 2, timeMs: now + 99)
        #expect(test.execute([.cancel(market: 1, orderId: 1)], signer: agent).code == .none)
        test.host.exchange.beginBlock(number: 3, timeMs: now + 100)
        #expect(test.execute([.cancel(market: 1, orderId: 1)], signer: agent).code == .agentExpired)
    }

    @Test func revokedAgentsKeepTheirNonces() {
        _ = test.execute([.approveAgent(agent, expiryMs: 0)], signer: owner)
        #expect(test.execute([.cancel(market: 1, orderId: 1)], signer: agent, nonce: now + 7).code == .none)
        _ = test.execute([.revokeAgent(agent)], signer: owner)
        #expect(test.execute([.cancel(market: 1, orderId: 1)], signer: agent, nonce: now + 8).code == .agentExpired)
        _ = test.execute([.approveAgent(agent, expiryMs: 0)], signer: owner)
        #expect(test.execute([.cancel(market: 1, orderId: 1)], signer: agent, nonce: now + 7).code == .nonceRepeated)
        #expect(test.execute([.cancel(market: 1, orderId: 1)], signer: agent, nonce: now + 8).code == .none)
    }

    @Test func agentAddressesAreExclusiveUntilTheyOwnFunds() {
        let other = TestExchange.address(3)
        test.deposit(other, token: 1, atoms: 5)
        _ = test.execute([.approveAgent(agent, expiryMs: 0)], signer: owner)
        #expect(test.execute([.approveAgent(agent, expiryMs: 0)], signer: other).events.last?.code == RejectCode.agentAddressTaken.rawValue)
        #expect(test.execute([.approveAgent(owner, expiryMs: 0)], signer: other).events.last?.code == RejectCode.agentAddressTaken.rawValue)
        #expect(test.execute([.revokeAgent(agent)], signer: other).events.last?.code == RejectCode.unknownAgent.rawValue)
        test.deposit(agent, token: 1, atoms: 5)
        #expect(withdrawOne(signer: agent).events.last?.kind == Event.Kind.withdrawn)
        #expect(test.execute([.revokeAgent(agent)], signer: owner).events.last?.kind == Event.Kind.agentChanged)
        #expect(withdrawOne(signer: agent).events.last?.kind == Event.Kind.withdrawn)
    }

    @Test func anAccountMayApproveSixteenAgents() {
        for number in 0..<17 {
            let events = test.execute([.approveAgent(TestExchange.address(UInt64(1_000 + number)), expiryMs: 0)], signer: owner).events
            #expect(events.last?.code == (number < 16 ? 0 : RejectCode.tooManyAgents.rawValue))
        }
    }

    @Test func payloadShapes() {
        let one = TestExchange.encode(.cancel(market: 1, orderId: 1))
        #expect(test.execute(payload: [], signer: owner).code == .malformedPayload)
        #expect(test.execute(payload: one + [0], signer: owner).code == .malformedPayload)
        #expect(test.execute(payload: Array(one.dropLast()), signer: owner).code == .malformedPayload)
        #expect(test.execute(payload: [17] + one, signer: owner).code == .malformedPayload)
        #expect(test.execute(payload: Array(repeating: one, count: 512).flatMap { $0 }, signer: owner).code == .none)
        #expect(test.execute(payload: Array(repeating: one, count: 513).flatMap { $0 }, signer: owner).code == .tooManyCommands)
        let place = TestExchange.encode(
            .place(market: 1, side: .sell, timeInForce: .postOnly, priceCode: 1, lots: 2, clientOrderId: 3))
        for bit in 6..<8 {
            var bad = place
            bad[1] |= 1 << bit
            #expect(test.execute(payload: bad, signer: owner).code == .malformedPayload)
        }
        var bothBits = place
        bothBits[1] = 0b1010
        #expect(test.execute(payload: bothBits, signer: owner).code == .malformedPayload)
    }

    /// Whatever bytes arrive: no trap, and what decodes encodes to the same bytes.
    @Test func randomPayloadsNeverTrap() {
        let seed: UInt64 = 20_261_122
        print("random payloads: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50_000 {
            var payload = (0..<random.below(80)).map { _ in UInt8(random.below(256)) }
            if !payload.isEmpty { payload[0] = UInt8(random.below(8)) }
            _ = test.execute(payload: payload, signer: owner)
            payload.withUnsafeBytes { bytes in
                var offset = 0
                while case let start = offset, let command = Command.decode(bytes, at: &offset) {
                    #expect(TestExchange.encode(command) == Array(bytes[start..<offset]))
                }
            }
        }
        expectInvariants(test.host.exchange)
    }
}
