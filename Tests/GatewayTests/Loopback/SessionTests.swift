import Engine
import Foundation
import Sequencer
import Signing
import Synchronization
import Testing

@testable import Gateway

/// Clients and a gateway over real sockets.
@Suite(.serialized) struct SessionTests {
    @Test(arguments: [true, false])
    func acknowledgesCommands(isSecure: Bool) throws {
        let rig = try Rig(isSecure: isSecure)
        let client = try rig.client()
        #expect(client.hello.chainId == 1337 && client.hello.rollup == Rig.rollup && client.hello.version == 1)
        #expect(client.hello.domainSeparator == client.domain.separator)
        let key = Rig.key()
        let ack = try client.submit(
            [.place(lots: 5), .place(lots: 1021), .cancel(market: 1, orderId: 8), .cancel(market: 1, orderId: 9)], key: key)
        #expect(ack.sequence == 1 && ack.block == 1 && ack.position == 0)
        #expect(ack.results.map(\.kind) == [Event.Kind.placed, Event.Kind.rejected, Event.Kind.cancelled, Event.Kind.rejected])
        #expect(ack.results[0].restingLots == 5 && ack.results[0].orderId == 10 && ack.results[0].lots == 0)
        #expect(ack.results[1].code == 21 && ack.results[1].text == "The size must be at least one lot.")
        #expect(ack.results[2].lots == 4)
        #expect(ack.results[3].text == "\(RejectCode.unknownOrder.text)")
        let withdrawal = try client.submit([.withdraw(token: 2, atoms: 44)], key: key)
        #expect(withdrawal.results[0].orderId == 1 && withdrawal.results[0].lots == 44 && withdrawal.results[0].restingLots == 0)
        client.close()
    }

    @Test func acknowledgesManyInOrder() throws {
        let rig = try Rig()
        let client = try rig.client()
        let key = Rig.key()
        var nonces: [UInt64] = []
        for _ in 0..<500 { nonces.append(try client.send([.place(lots: 1), .place(lots: 1021)], key: key)) }
        for (index, nonce) in nonces.enumerated() {
            guard case .ack(let ack) = try client.receive(timeoutMs: 5000) else {
                Issue.record("no ack")
                return
            }
            #expect(ack.nonce == nonce && ack.sequence == UInt64(index + 1))
        }
    }

    /// A result that spans several records becomes one ack.
    @Test func joinsLongResults() throws {
        let rig = try Rig()
        let client = try rig.client()
        let ack = try client.submit([Command](repeating: .place(lots: 2, timeInForce: .immediateOrCancel), count: 512), key: Rig.key())
        #expect(ack.results.count == 512 && ack.results.allSatisfy { $0.kind == Event.Kind.placed && $0.lots == 2 })
    }

    @Test func batchRefusals() throws {
        let rig = try Rig()
        let client = try rig.client()
        let key = Rig.key()
        func refusal(_ message: [UInt8]) throws -> ServerMessage.Reject? {
            try client.sendMessage(message)
            guard case .reject(let reject) = try client.receive(timeoutMs: 5000) else { return nil }
            return reject
        }
        // From the executor, by the fake's rule.
        for code: RejectCode in [
            .unknownSigner, .agentExpired, .nonceTooOld, .nonceTooNew, .nonceRepeated, .nonceBelowRemembered, .tooManyCommands,
        ] {
            let message = CommandsMessage.encode([.place(lots: 1)], nonce: UInt64(code.rawValue), key: key, domain: client.domain)
            var expected = ServerMessage.Reject(
                messageType: 1, code: code.rawValue, requestId: 0, nonce: UInt64(code.rawValue), text: "\(code.text)")
            let answer = try #require(try refusal(message))
            #expect(answer.quotaRemaining <= GatewayLimits().accountCommands.burst)
            expected.quotaRemaining = answer.quotaRemaining
            #expect(answer.text.hasPrefix("\(code.text)"))
            // What is said of nonces names the one that came.
            #expect(answer.text.contains(" It is \(code.rawValue)") == "\(code)".hasPrefix("nonce"))
            expected.text = answer.text
            #expect(answer == expected)
        }
        // From the gateway.
        var forged = CommandsMessage.encode([.place(lots: 1)], nonce: 500, key: key, domain: client.domain)
        forged[100] ^= 1
        #expect(try refusal(forged)?.code == RejectCode.badSignature.rawValue)
        let elsewhere = SigningDomain(chainId: 1, rollup: Rig.rollup)
        #expect(try refusal(CommandsMessage.encode([.place(lots: 1)], nonce: 500, key: key, domain: elsewhere))?.code == 2)
        #expect(try refusal(Array(forged[..<96]))?.code == RejectCode.malformedPayload.rawValue)
        #expect(try refusal([1, 1, 0])?.code == RejectCode.malformedMessage.rawValue)
        #expect(try refusal([])?.code == RejectCode.malformedMessage.rawValue)
        #expect(try refusal([0x33])?.code == RejectCode.unknownMessageType.rawValue)
        #expect(try refusal([2, 9, 0, 0])?.code == RejectCode.unknownChannel.rawValue)
        #expect(try refusal([2, 1, 9, 0])?.code == RejectCode.unknownMarket.rawValue)
        let query: [UInt8] = [4, 0, 0, 0, 7, 0, 0, 0, 99] + [UInt8](repeating: 0, count: 27)
        let unknown = try #require(try refusal(query))
        #expect(unknown.code == RejectCode.unknownQuery.rawValue && unknown.requestId == 7 && unknown.messageType == 4)
        // The connection is kept through all of it.
        #expect(try client.submit([.place(lots: 1)], key: key).results.count == 1)
    }

    @Test func limitsSubscriptions() throws {
        let rig = try Rig { $0.subscriptionsMax = 2 }
        let client = try rig.client()
        try client.subscribe(.blocks)
        try client.subscribe(.book, market: 1)
        let error = #expect(throws: GatewayClientError.self) { try client.subscribe(.trades, market: 1) }
        guard case .rejected(let reject) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reject.code == RejectCode.tooManySubscriptions.rawValue && reject.text.hasSuffix("These are 2."))
        try client.unsubscribe(.blocks)
        try client.subscribe(.trades, market: 1)
    }

    @Test func busyWhenTheRingIsFull() throws {
        let rig = try Rig(inputBytes: 4096)
        rig.executor.isPaused.store(true, ordering: .releasing)
        let client = try rig.client()
        let key = Rig.key()
        for _ in 0..<100 { try client.send([.place(lots: 1)], key: key) }
        guard case .reject(let reject) = try client.receive(timeoutMs: 5000) else {
            Issue.record("not refused")
            return
        }
        #expect(reject.code == RejectCode.busy.rawValue && reject.nonce > 0)
        rig.executor.isPaused.store(false, ordering: .releasing)
        rig.executor.wake()
        var acks = 0
        var rejects = 1
        while acks + rejects < 100 {
            switch try client.receive(timeoutMs: 5000) {
            case .ack: acks += 1
            case .reject(let reject) where reject.code == RejectCode.busy.rawValue: rejects += 1
            case let other:
                Issue.record("\(String(describing: other)) after \(acks) acks and \(rejects) rejects")
                return
            }
        }
        #expect(acks > 0)
        #expect(try client.submit([.place(lots: 1)], key: key).results.count == 1)
    }

    @Test func busyBeyondInFlightLimit() throws {
        let rig = try Rig { $0.inFlightMax = 3 }
        rig.executor.isPaused.store(true, ordering: .releasing)
        let client = try rig.client()
        for _ in 0..<4 { try client.send([.place(lots: 1)], key: Rig.key()) }
        guard case .reject(let reject) = try client.receive(timeoutMs: 5000) else {
            Issue.record("not refused")
            return
        }
        #expect(
            reject.code == RejectCode.busy.rawValue && reject.text.hasSuffix("3 answers on this connection are waiting, and no more may."))
        rig.executor.isPaused.store(false, ordering: .releasing)
    }

    /// A query can take the executor as long as thousands of orders, and needs no key: few may stand before anybody's order.
    @Test func boundsTheQueriesThatWait() throws {
        let rig = try Rig {
            $0.queriesInFlightMax = 3
            $0.queriesInFlightPerConnectionMax = 2
        }
        rig.executor.isPaused.store(true, ordering: .releasing)
        let clients = [try rig.client(), try rig.client()]
        for (client, admitted) in zip(clients, [2, 1]) {
            for _ in 0..<5 { try client.sendMessage([4, 0, 0, 0, 9, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 27)) }
            for _ in admitted..<5 {
                guard case .reject(let reject) = try client.receive(timeoutMs: 5000) else {
                    Issue.record("not refused")
                    return
                }
                #expect(reject.code == RejectCode.busy.rawValue && reject.requestId == 9)
            }
        }
        clients[1].close()
        rig.executor.isPaused.store(false, ordering: .releasing)
        rig.executor.wake()
        for _ in 0..<2 {
            guard case .queryReply = try clients[0].receive(timeoutMs: 5000) else {
                Issue.record("not answered")
                return
            }
        }
        // Also what was answered to nobody is counted off.
        let others = try (0..<3).map { _ in try rig.client() }
        for client in others { #expect(try client.query(.status).count > 0) }
    }

    /// Subscriptions given up before they were looked up are worked off all the same, and then others get their turn.
    @Test func boundsTheSubscriptionsThatWait() throws {
        let rig = try Rig { $0.lookUpsWaitingMax = 4 }
        rig.executor.isPaused.store(true, ordering: .releasing)
        let hasty = try rig.client()
        for number in 1...6 as ClosedRange<UInt8> {
            for type in [2, 3] as [UInt8] { try hasty.sendMessage([type, 4 - 1, 0, 0] + [UInt8](repeating: 240 + number, count: 20)) }
        }
        var refused = 0
        for _ in 0..<8 {
            if case .reject(let reject) = try hasty.receive(timeoutMs: 5000), reject.code == RejectCode.busy.rawValue { refused += 1 }
        }
        #expect(refused == 2)
        hasty.close()
        rig.executor.isPaused.store(false, ordering: .releasing)
        rig.executor.wake()
        usleep(100_000)
        try rig.client().subscribe(.account, owner: ServerMessageTests.address(5))
    }

    /// What was sent before draining is answered; what comes later is refused, and the ring stays empty.
    @Test func drainsBeforeTheExecutorEnds() throws {
        let rig = try Rig()
        let client = try rig.client()
        let key = Rig.key()
        for _ in 0..<50 { try client.send([.place(lots: 1)], key: key) }
        rig.gateway.drain()
        let error = #expect(throws: GatewayClientError.self) { try client.submit([.place(lots: 1)], key: key) }
        guard case .rejected(let reject) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reject.code == RejectCode.busy.rawValue)
        var answers = 0
        while try client.receive(timeoutMs: 200) != nil { answers += 1 }
        #expect(answers == 50)
    }

    @Test func queriesAndTime() throws {
        let rig = try Rig()
        let client = try rig.client()
        let reply = try client.query(.account, owner: ServerMessageTests.address(9))
        #expect(reply[QueryReply.kind] == 4 && reply[QueryReply.isFound] == 1)
        #expect(try client.query(.account, owner: ServerMessageTests.address(240))[QueryReply.isFound] == 0)
        let time = try client.serverTimeMs()
        #expect(time > 1_700_000_000_000)
    }

    @Test func refusesAnUntrustedCertificate() throws {
        let rig = try Rig()
        let error = #expect(throws: GatewayClientError.self) { _ = try rig.client(trust: .system) }
        guard case .tls(let failure) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.action == "verify the server's certificate")
        _ = try rig.client(trust: .insecure)
    }
}
