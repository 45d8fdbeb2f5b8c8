import Engine
import Foundation
import Sequencer
import Signing
import Testing

@testable import Gateway

/// What one client does to others, and what it may not: nothing here looks at a clock but to give up.
@Suite(.serialized) struct FairnessTests {
    static func code(_ client: GatewayClient) throws -> UInt16? {
        guard case .reject(let reject) = try client.receive(timeoutMs: 10_000) else { return nil }
        return reject.code
    }

    /// However much one client has sent, another's order comes amid its messages, not after all.
    @Test(arguments: [true, false])
    func aFloodDoesNotDelayOthers(isSecure: Bool) throws {
        let rig = try Rig(isSecure: isSecure) { $0.liftRates() }
        let flooder = try rig.client()
        let other = try rig.client()
        // Full batches, some seconds of verifying and hashing. The executor counts them in the order in which the gateway passes them on.
        let floodCount = 2000
        let batch = CommandsMessage.encode(
            [Command](repeating: .cancel(market: 1, orderId: 3), count: 512), nonce: 1000, key: Rig.key(), domain: flooder.domain)
        // Only that thread uses it from here on.
        nonisolated(unsafe) let sender = flooder
        let flood = Thread {
            do { for _ in 0..<floodCount { try sender.sendMessage(batch) } } catch { return }
        }
        flood.start()
        for _ in 0..<5 {
            let ack = try other.submit([.place(lots: 1)], key: Rig.key())
            #expect(ack.sequence < floodCount / 2)
        }
        rig.gateway.drain()
        while !flood.isFinished { usleep(1000) }
    }

    @Test func badSignaturesShutOut() throws {
        let rig = try Rig {
            $0.addressBadSignatures = Rate(perSecond: 1, burst: 5)
            $0.addressRefusalMs = 600
        }
        let good = try rig.client()
        let bad = try rig.client()
        var forged = CommandsMessage.encode([.place(lots: 1)], nonce: 500, key: Rig.key(), domain: bad.domain)
        forged[100] ^= 1
        for _ in 0..<20 { try bad.sendMessage(forged) }
        for _ in 0..<5 { #expect(try Self.code(bad) == RejectCode.badSignature.rawValue) }
        #expect(ConnectionTests.closeCode(bad) == 1008)
        let error = #expect(throws: GatewayClientError.self) { _ = try rig.client() }
        guard case .refused(let refused) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(refused.status == 429 && refused.text.contains("5 signatures at once") && refused.text.hasSuffix("in 1 s."))
        // Who is connected already is served.
        #expect(try good.submit([.place(lots: 1)], key: Rig.key()).results.count == 1)
        usleep(700_000)
        _ = try rig.client()
    }

    @Test func quotasSpareCancels() throws {
        let rig = try Rig { $0.accountCommands = Rate(perSecond: 1, burst: 512) }
        let client = try rig.client()
        let key = Rig.key()
        let ack = try client.submit([Command](repeating: .place(lots: 1), count: 500), key: key)
        #expect((12...30).contains(ack.quotaRemaining))
        let batch = CommandsMessage.encode([Command](repeating: .place(lots: 1), count: 100), nonce: 500, key: key, domain: client.domain)
        try client.sendMessage(batch)
        guard case .reject(let reject) = try client.receive(timeoutMs: 5000) else {
            Issue.record("not refused")
            return
        }
        #expect(reject.code == RejectCode.quotaExceeded.rawValue && reject.nonce == 500 && reject.quotaRemaining < 100)
        #expect(reject.text.contains("has 100 commands") && reject.text.contains("1 a second"), "\(reject.text)")
        let cancels = [Command](repeating: .cancel(market: 1, orderId: 4), count: 512)
        for _ in 0..<5 { #expect(try client.submit(cancels, key: key).results.count == 512) }
        // Another account has its own.
        #expect(try client.submit([Command](repeating: .place(lots: 1), count: 500), key: Rig.key()).results.count == 500)
    }

    /// Nobody uses up another's quota: only good signatures are charged.
    @Test func forgedBatchesCostTheVictimNothing() throws {
        let rig = try Rig { $0.accountCommands = Rate(perSecond: 1, burst: 512) }
        let client = try rig.client()
        let key = Rig.key()
        var forged = CommandsMessage.encode([Command](repeating: .place(lots: 1), count: 400), nonce: 500, key: key, domain: client.domain)
        forged[200] ^= 1
        for _ in 0..<3 {
            try client.sendMessage(forged)
            #expect(try Self.code(client) == RejectCode.badSignature.rawValue)
        }
        #expect(try client.submit([Command](repeating: .place(lots: 1), count: 512), key: key).results.count == 512)
    }

    @Test func limitsMessagesOfAnAddress() throws {
        let rig = try Rig { $0.addressMessages = Rate(perSecond: 1, burst: 4) }
        let client = try rig.client()
        let key = Rig.key()
        for _ in 0..<4 { _ = try client.serverTimeMs() }
        try client.sendMessage([Wire.ToServer.time] + [UInt8](repeating: 0, count: 15))
        #expect(try Self.code(client) == RejectCode.tooManyFromAddress.rawValue)
        #expect(try client.submit([.cancel(market: 1, orderId: 4)], key: key).results.count == 1)
    }

    @Test func limitsConnectionsOfAnAddress() throws {
        let rig = try Rig { $0.addressConnectionsMax = 2 }
        let first = try rig.client()
        let second = try rig.client()
        let error = #expect(throws: GatewayClientError.self) { _ = try rig.client() }
        #expect("\(String(describing: error))".contains("429: Your address"))
        first.close()
        second.close()
    }

    /// The last quarter of the ring is for cancels.
    @Test func cancelsGetThroughWhenPlacesAreRefused() throws {
        let rig = try Rig(inputBytes: 4096)
        rig.executor.isPaused.store(true, ordering: .releasing)
        let client = try rig.client()
        let key = Rig.key()
        for _ in 0..<40 { try client.send([.place(lots: 1)], key: key) }
        #expect(try Self.code(client) == RejectCode.busy.rawValue)
        while case .reject? = try client.receive(timeoutMs: 200) {}
        try client.send([.cancel(market: 1, orderId: 4)], key: key)
        #expect(try client.receive(timeoutMs: 200) == nil)
        rig.executor.isPaused.store(false, ordering: .releasing)
        while true {
            guard case .ack(let ack)? = try client.receive(timeoutMs: 5000) else { continue }
            if ack.results.first?.kind == Event.Kind.cancelled { break }
        }
    }
}
