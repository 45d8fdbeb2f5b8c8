import Engine
import Sequencer
import Signing
import Testing

@testable import Gateway

/// Balances that come by themselves are those that a query shows.
@Suite(.serialized) struct BalanceTests {
    /// The next balances that stand at `position` or later.
    static func balances(_ client: GatewayClient, from position: StreamPosition) throws -> ServerMessage.Balances? {
        try MarketDataTests.next(client) { message in
            guard case .balances(let balances) = message, balances.position >= position else { return nil }
            return balances
        }
    }

    @Test func followTheAccount() throws {
        let rig = try NodeRig(ownerCount: 2)
        let owner = rig.owners[0]
        let client = try rig.client()
        let state = try client.subscribe(.account, owner: owner.address)
        let first = try #require(try Self.balances(client, from: StreamPosition(rawValue: 0)))
        #expect(first.account == state.account && first.owner == owner.address && first.position >= state.position)
        #expect(first.entries == [1, 2].map { .init(token: $0, free: NodeRig.funds, locked: 0) })

        let placed = try client.submit([NodeTests.place(.sell, NodeTests.price, 10)], key: owner)
        let locked = try #require(try Self.balances(client, from: placed.streamPosition))
        #expect(locked.entries[1] == .init(token: 2, free: NodeRig.funds - 10_000_000, locked: 10_000_000))
        // As a maker, by another's command.
        let taker = try rig.client()
        let taken = try taker.submit([NodeTests.place(.buy, NodeTests.price, 4, .immediateOrCancel)], key: rig.owners[1])
        let filled = try #require(try Self.balances(client, from: taken.streamPosition))
        #expect(filled.entries[1] == .init(token: 2, free: NodeRig.funds - 10_000_000, locked: 6_000_000))
        #expect(filled.entries[0].free == NodeRig.funds + 2_000_000_000)
        // Many changes at once come as few messages, the last of which shows them all.
        var last = taken
        for _ in 0..<100 { last = try client.submit([NodeTests.place(.sell, NodeTests.price + 10, 1)], key: owner) }
        #expect(try Self.balances(client, from: last.streamPosition)?.entries[1].locked == 106_000_000)
        let answer = try #require(try client.account(owner.address))
        #expect(answer.balances.first { $0.token == 2 }?.locked == 106_000_000)
    }
}
