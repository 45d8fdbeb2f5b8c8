import Engine
import Foundation
import Sequencer
import Testing

@testable import Gateway

/// Clients of a node that came back without its log of events, as after a restart of the machine.
@Suite(.serialized) struct RestartTests {
    /// Who subscribes before anything happens has missed nothing when his connection breaks.
    @Test func whoMissedNothingGoesOn() throws {
        let rig = try NodeRig(ownerCount: 1)
        let owner = rig.owners[0]
        _ = try rig.client().submit([NodeTests.place(.buy, ReplayTests.price, 1)], key: owner)
        try rig.restart { try FileManager.default.removeItem(atPath: $0.events) }
        let client = try rig.client()
        try client.subscribe(.account, owner: owner.address)
        #expect(try ReplayTests.drain(client).isEmpty)
        try client.reconnect()
        #expect(try ReplayTests.untilCaughtUp(client)?.messages.isEmpty == true)
        _ = try rig.client().submit([NodeTests.place(.buy, ReplayTests.price, 1)], key: owner)
        #expect(try ReplayTests.drain(client).count == 1)
    }

    /// Who was there before cannot be told what he missed.
    @Test func whatIsNoLongerKnownIsGone() throws {
        let rig = try NodeRig(ownerCount: 1)
        let owner = rig.owners[0]
        let client = try rig.client()
        try client.subscribe(.account, owner: owner.address)
        _ = try rig.client().submit([NodeTests.place(.buy, ReplayTests.price, 1)], key: owner)
        #expect(try ReplayTests.drain(client).count == 1)
        try rig.restart { try FileManager.default.removeItem(atPath: $0.events) }
        let error = #expect(throws: GatewayClientError.self) { try client.reconnect() }
        guard case .rejected(let reject) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reject.code == RejectCode.historyGone.rawValue)
    }
}
