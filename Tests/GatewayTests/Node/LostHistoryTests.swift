import Engine
import Foundation
import Sequencer
import Testing

@testable import Gateway

/// What the exchange has lost, or can no longer tell, clients learn rather than hear something else.
@Suite(.serialized) struct LostHistoryTests {
    private static func place(_ lots: UInt64) -> [Command] { [NodeTests.place(.buy, NodeTests.price, lots)] }

    /// Reads on until the client says that something was lost.
    private static func loss(of client: GatewayClient) -> HistoryLost? {
        do throws(GatewayClientError) {
            while try client.receive(timeoutMs: 60_000) != nil {}
        } catch {
            if case .historyLost(let lost) = error { return lost }
        }
        return nil
    }

    /// Where a batch stands that is sent again; nil if it is refused because its nonce was used.
    private static func answer(_ client: GatewayClient, _ message: [UInt8], _ nonce: UInt64) throws -> StreamPosition? {
        do throws(GatewayClientError) {
            return try client.submit(message, nonce: nonce).streamPosition
        } catch {
            guard case .rejected(let reject) = error, reject.code == RejectCode.nonceRepeated.rawValue else { throw error }
            return nil
        }
    }

    /// A loss of power, for which an older copy of the files stands; with `goesOn` the exchange has done other things since, beyond where it was.
    @Test(arguments: [false, true]) func aClientNoticesWhatWasLost(goesOn: Bool) throws {
        let rig = try NodeRig(ownerCount: 1)
        let owner = rig.owners[0]
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("memex-copy-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: copy) }
        try rig.restart { try FileManager.default.copyItem(atPath: $0.path, toPath: copy) }
        let client = try rig.client()
        try client.subscribe(.account, owner: owner.address)
        let trader = try rig.client()
        for _ in 0..<5 { _ = try trader.submit(Self.place(1), key: owner) }
        let heard = try #require(try ReplayTests.drain(client).last?.eventPosition)
        try rig.restart {
            try FileManager.default.removeItem(atPath: $0.path)
            try FileManager.default.copyItem(atPath: copy, toPath: $0.path)
        }
        let other = try rig.client()
        while goesOn, try other.submit(Self.place(2), key: owner).streamPosition <= heard {}
        try client.reconnect()
        // It can wait for answers meanwhile.
        _ = try client.serverTimeMs()
        let lost = try #require(Self.loss(of: client))
        #expect(lost.heardOf >= heard && (lost.caughtUp > heard) == goesOn, "\(lost)")
        // And it goes on.
        _ = try ReplayTests.drain(client)
        _ = try other.submit(Self.place(3), key: owner)
        #expect(try ReplayTests.drain(client).count == 1)
        try client.reconnect()
        #expect(try ReplayTests.untilCaughtUp(client)?.messages.isEmpty == true)
        _ = try other.submit(Self.place(3), key: owner)
        #expect(try ReplayTests.drain(client).count == 1)
    }

    /// A byte of `events.log` rots while the node runs: replays end there, and the batch that it told of is not answered again.
    @Test func whatRottedIsNotTold() throws {
        let rig = try NodeRig(ownerCount: 1)
        let owner = rig.owners[0]
        let trader = try rig.client()
        let watcher = try rig.client()
        try watcher.subscribe(.account, owner: owner.address)
        var sent: [(message: [UInt8], ack: ServerMessage.Ack)] = []
        for count in UInt64(1)...20 {
            let nonce = trader.nextNonce()
            let message = CommandsMessage.encode(Self.place(count), nonce: nonce, key: owner, domain: trader.domain)
            sent.append((message, try trader.submit(message, nonce: nonce)))
        }
        let seen = try ReplayTests.drain(watcher)
        let rotten = sent[10].ack
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: rig.sequencer.configuration.directory.events))
        let bytes = try #require(try file.readToEnd())
        let nonce = try #require(bytes.range(of: withUnsafeBytes(of: rotten.nonce) { Data($0) }))
        try file.seek(toOffset: UInt64(nonce.upperBound + 60))
        try file.write(contentsOf: [bytes[nonce.upperBound + 60] ^ 4])

        let client = try rig.client()
        try client.subscribe(.account, owner: owner.address, after: StreamPosition(rawValue: 0))
        var told: [ServerMessage] = []
        var code: UInt16?
        while code == nil, let message = try client.receive(timeoutMs: 60_000) {
            if case .reject(let reject) = message { code = reject.code }
            if message.eventPosition != nil { told.append(message) }
        }
        #expect(code == RejectCode.historyGone.rawValue)
        #expect(told.dropFirst(2) == seen.filter { $0.eventPosition! < rotten.streamPosition }[...])
        #expect(try rig.client().hello.oldestPosition > rotten.streamPosition)
        #expect(rig.sequencer.shared.statistics.eventRecordsDamaged.value == 1)

        for (index, (message, ack)) in sent.enumerated() {
            let again = try Self.answer(trader, message, ack.nonce)
            #expect(again == (index == 10 ? nil : ack.streamPosition), "batch \(index)")
        }
    }
}
