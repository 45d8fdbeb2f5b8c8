import Engine
import Foundation
import Sequencer
import Signing
import Testing

@testable import Gateway

/// Who goes before whom, and that everybody is served whatever becomes of his standing: nothing here looks at a clock but to give up.
@Suite(.serialized) struct StrangersTests {
    static let unlimited = Rate(perSecond: 1_000_000, burst: 1_000_000)

    static func forged(_ client: GatewayClient) -> [UInt8] {
        var message = CommandsMessage.encode([.place(lots: 1)], nonce: 500, key: Rig.key(), domain: client.domain)
        message[100] ^= 1
        return message
    }

    /// Each ack earns standing, each bad signature loses it: the socket is watched by turns by the one and the other.
    @Test(arguments: [true, false])
    func standingComesAndGoes(isSecure: Bool) throws {
        let rig = try Rig(isSecure: isSecure) { $0.addressBadSignatures = Self.unlimited }
        let client = try rig.client()
        let forged = Self.forged(client)
        let key = Rig.key()
        for _ in 0..<50 {
            #expect(try client.submit([.place(lots: 1)], key: key).results.count == 1)
            try client.sendMessage(forged)
            #expect(try FairnessTests.code(client) == RejectCode.badSignature.rawValue)
            _ = try client.serverTimeMs()
        }
    }

    /// Whoever sends more than his standing is worth before he is answered becomes a stranger amid his own orders; none is lost or overtaken.
    @Test(arguments: [true, false])
    func outrunningStandingLosesNothing(isSecure: Bool) throws {
        let rig = try Rig(isSecure: isSecure)
        let client = try rig.client()
        let key = Rig.key()
        let first = try client.submit([.place(lots: 1)], key: key).sequence
        rig.executor.isPaused.store(true, ordering: .releasing)
        let count = UInt64(3 * Standing.units / InputBudget.Cost.signature)
        let nonces = try (0..<count).map { _ in try client.send([.place(lots: 1)], key: key) }
        rig.executor.isPaused.store(false, ordering: .releasing)
        rig.executor.wake()
        for number in 0..<count {
            guard case .ack(let ack)? = try client.receive(timeoutMs: 10_000) else {
                Issue.record("no ack for batch \(number)")
                return
            }
            #expect(ack.sequence == first + 1 + number && ack.nonce == nonces[Int(number)])
        }
    }

    /// Some seconds of bad signatures wait; a trader's orders do not wait for them.
    @Test func aFloodOfBadSignaturesDoesNotDelayTraders() throws {
        let rig = try Rig { $0.addressBadSignatures = Self.unlimited }
        let trader = try rig.client()
        let key = Rig.key()
        _ = try trader.submit([.place(lots: 1)], key: key)
        let (strangerCount, badCount) = (20, 1500)
        let strangers = try (0..<strangerCount).map { _ in try rig.client() }
        let forged = Self.forged(trader)
        // Only that thread uses them from here on.
        nonisolated(unsafe) let senders = strangers
        let flood = Thread {
            do { for _ in 0..<badCount { for sender in senders { try sender.sendMessage(forged) } } } catch { return }
        }
        flood.start()
        for _ in 0..<20 { _ = try trader.submit([.place(lots: 1)], key: key) }
        let refused = rig.gateway.statistics.rejects.values.first { $0.code == RejectCode.badSignature.rawValue }?.count ?? 0
        #expect(refused < strangerCount * badCount / 2)
        rig.gateway.drain()
        while !flood.isFinished { usleep(1000) }
    }
}
