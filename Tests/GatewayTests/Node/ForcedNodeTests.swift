import Engine
import Sequencer
import Signing
import Testing

@testable import Gateway

/// Commands that came through L1, as their owner and everyone else hear of them.
@Suite(.serialized) struct ForcedNodeTests {
    private func force(_ rig: NodeRig, _ owner: Address, _ commands: [Command]) {
        var payload: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { room in
            guard let start = room.baseAddress else { return }
            for command in commands { payload += UnsafeRawBufferPointer(start: start, count: command.encode(to: start)) }
        }
        push(rig, payload, by: owner)
    }

    private func push(_ rig: NodeRig, _ payload: [UInt8], by owner: Address) {
        let inbox = rig.sequencer.inbox
        _ = inbox.push([payload.withUnsafeBytes { InboxMessage(forced: $0, sender: owner) }], first: inbox.nextIndex, l1Block: 2)
    }

    /// What comes up to the first message about the account as a whole with this change.
    private func messages(_ client: GatewayClient, until change: AccountChange) throws -> [ServerMessage] {
        var messages: [ServerMessage] = []
        _ = try MarketDataTests.next(client) { message -> ServerMessage? in
            messages.append(message)
            if case .account(let account) = message, account.change == change { return message }
            return nil
        }
        return messages
    }

    @Test func ownerAndBooksHearOfThem() throws {
        let rig = try NodeRig(ownerCount: 1)
        let owner = rig.owners[0].address
        let (client, watcher) = (try rig.client(), try rig.client())
        try watcher.subscribe(.book, market: NodeRig.market)
        let account = try client.subscribe(.account, owner: owner).account
        let index = rig.sequencer.inbox.nextIndex
        // An order, then all funds that it left free of the other token, then what must be refused.
        force(
            rig, owner,
            [
                NodeTests.place(.sell, NodeTests.price, 10), .withdraw(token: 1, atoms: Command.allFree),
                .cancel(market: NodeRig.market, orderId: 12_345),
            ])
        let heard = try messages(client, until: .forcedRefused)
        let updates = heard.compactMap { if case .account(let update) = $0 { update } else { nil } }
        #expect(updates.map(\.change) == [.forced, .forcedRefused])
        #expect(updates.map(\.value) == [index, 2])
        #expect(updates.map(\.reason) == [0, RejectCode.unknownOrder.rawValue])
        #expect(updates.allSatisfy { $0.account == account && $0.position.place == 0 && $0.position == updates[0].position })
        let orders = heard.compactMap { if case .order(let order) = $0 { order } else { nil } }
        #expect(orders.map(\.restingLots) == [10] && orders[0].commandIndex == 0 && orders[0].position == updates[0].position)
        let funds = heard.compactMap { if case .funds(let funds) = $0 { funds } else { nil } }
        #expect(funds.map(\.kind) == [.withdrawal] && funds[0].atoms == NodeRig.funds)
        #expect(try BalanceTests.balances(client, from: updates[0].position)?.entries[1].locked == 10_000_000)
        let level = try MarketDataTests.next(watcher) { message -> BookLevel? in
            // The snapshot comes with the next round of market data, and may have it already.
            switch message {
            case .bookSnapshot(let book), .bookUpdate(let book): book.levels.first
            default: nil
            }
        }
        #expect(level?.lots == 10 && level?.priceCode == NodeTests.price)
    }

    @Test func refusedMessagesAreToldAndSurviveARestart() throws {
        let rig = try NodeRig(ownerCount: 1)
        let owner = rig.owners[0].address
        let client = try rig.client()
        let start = try client.subscribe(.account, owner: owner).position
        push(rig, [0xFF], by: owner)
        push(rig, [10, 0, 0, 0], by: PrivateKey.generate().address)
        force(rig, owner, [NodeTests.place(.buy, NodeTests.price, 3), .withdraw(token: 9, atoms: 1)])
        let live = try messages(client, until: .forcedRefused).filter(isAboutForced)
        let updates = live.compactMap { if case .account(let update) = $0 { update } else { nil } }
        #expect(updates.map(\.reason) == [RejectCode.malformedPayload, .none, .unknownToken].map(\.rawValue))
        client.close()

        // From the journal come the same blocks, and from the log the same messages.
        try rig.restart()
        let again = try rig.client()
        try again.subscribe(.account, owner: owner, after: start)
        #expect(try messages(again, until: .forcedRefused).filter(isAboutForced) == live)
        #expect(try again.account(owner)?.orders.map(\.lots) == [3])
    }

    private func isAboutForced(_ message: ServerMessage) -> Bool {
        switch message {
        case .account, .order: true
        default: false
        }
    }
}
