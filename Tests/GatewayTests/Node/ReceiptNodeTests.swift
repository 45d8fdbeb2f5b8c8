import Engine
import Sequencer
import Signing
import Testing

@testable import Gateway

/// Receipts of a real node: who asked for them gets one for each batch that was admitted, and each can be proved.
@Suite(.serialized) struct ReceiptNodeTests {
    static func receipts(_ client: GatewayClient, _ count: Int) throws -> [ServerMessage.BatchReceipt] {
        try (0..<count).map { _ in
            try #require(try MarketDataTests.next(client) { if case .receipt(let receipt) = $0 { receipt } else { nil } })
        }
    }

    @Test func everyBatchGetsOne() throws {
        let rig = try NodeRig(ownerCount: 2)
        let client = try rig.client()
        let other = try rig.client()
        try client.subscribe(.receipts)
        var messages: [UInt64: [UInt8]] = [:]
        for round in 0..<200 {
            let nonce = client.nextNonce()
            let command = NodeTests.place(.buy, NodeTests.price, UInt64(round + 1))
            messages[nonce] = CommandsMessage.encode([command], nonce: nonce, key: rig.owners[0], domain: client.domain)
            try client.sendMessage(messages[nonce] ?? [])
            if round % 10 == 0 { _ = try other.submit([command], key: rig.owners[1]) }
        }
        // A refused batch has no place that anybody could vouch for.
        try client.send([.cancelAll(market: 0, sides: .both)], key: rig.owners[0], nonce: 1)
        var acks: [UInt64: ServerMessage.Ack] = [:]
        var receipts: [ServerMessage.BatchReceipt] = []
        while receipts.count < 200 || acks.count < 200, let message = try client.receive(timeoutMs: 5000) {
            switch message {
            case .ack(let ack): acks[ack.nonce] = ack
            case .receipt(let receipt): receipts.append(receipt)
            default: break
            }
        }
        #expect(Set(receipts.map(\.nonce)) == Set(messages.keys) && receipts.count == 200)
        for receipt in receipts {
            let (ack, message) = (try #require(acks[receipt.nonce]), try #require(messages[receipt.nonce]))
            let signed = receipt.signed
            #expect(signed.receipt.block == ack.block && signed.receipt.position == ack.position)
            #expect(signed.receipt.commands == message[4...].withUnsafeBytes { Keccak256.hash($0) })
            #expect(signed.isSigned(by: rig.sequencerKey.address, in: client.domain))
        }
        // The same bytes again: the same ack, but no second receipt, since the gateway cannot know what signature was admitted.
        let first = try #require(messages.first)
        try client.sendMessage(first.value)
        #expect(try MarketDataTests.next(client) { if case .ack(let ack) = $0 { ack } else { nil } }?.nonce == first.key)
        _ = try client.submit([NodeTests.place(.buy, NodeTests.price, 1)], key: rig.owners[0])
        #expect(try Self.receipts(client, 1)[0].nonce != first.key)
        #expect(try MarketDataTests.rest(of: other).isEmpty)
        // Given up, they stop.
        try client.unsubscribe(.receipts)
        _ = try client.submit([NodeTests.place(.buy, NodeTests.price, 1)], key: rig.owners[0])
        #expect(try MarketDataTests.rest(of: client).isEmpty)
    }

    @Test func refusedWithoutTheKey() throws {
        let rig = try Rig()
        let error = #expect(throws: GatewayClientError.self) { try rig.client().subscribe(.receipts) }
        guard case .rejected(let reject) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reject.code == RejectCode.unknownChannel.rawValue)
    }

    /// A gateway that stops while a group is being signed ends in order.
    @Test func stopsAmidSigning() throws {
        let rig = try NodeRig(ownerCount: 1)
        let client = try rig.client()
        try client.subscribe(.receipts)
        for _ in 0..<300 { try client.send([NodeTests.place(.buy, NodeTests.price, 1)], key: rig.owners[0]) }
        _ = try Self.receipts(client, 1)
        try rig.restart()
    }
}
