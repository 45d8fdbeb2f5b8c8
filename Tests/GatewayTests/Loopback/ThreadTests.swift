import Engine
import Foundation
import Sequencer
import Testing

@testable import Gateway

/// Two threads on one port: whoever is connected to whichever, all is as with one.
@Suite(.serialized) struct ThreadTests {
    /// A client on each thread; the kernel decides who goes where.
    static func clients(_ rig: Rig) throws -> [GatewayClient] {
        var found: [Int: GatewayClient] = [:]
        var others: [GatewayClient] = []
        while found.count < 2 {
            let client = try rig.client()
            let thread = Session.thread(of: client.hello.session)
            if found.updateValue(client, forKey: thread) != nil { others.append(client) }
            try #require(others.count < 100, "all connections went to one thread")
        }
        return [try #require(found[0]), try #require(found[1])]
    }

    @Test func eachClientGetsItsOwnAnswers() throws {
        let rig = try Rig(threads: 2)
        let clients = try Self.clients(rig)
        let keys = [Rig.key(), Rig.key()]
        for (client, key) in zip(clients, keys) { try client.subscribe(.account, owner: key.address) }
        for lots in UInt64(1)...20 {
            for (index, client) in clients.enumerated() {
                let ack = try client.submit([.place(lots: lots)], key: keys[index])
                #expect(ack.results.count == 1 && ack.results[0].restingLots == lots)
            }
            #expect(try clients[0].query(.status).count > 0 && clients[1].query(.status).count > 0)
        }
    }

    /// The account's messages reach a subscriber on the other thread.
    @Test func subscribersHearOfAllThreads() throws {
        let rig = try Rig(threads: 2)
        let clients = try Self.clients(rig)
        let key = Rig.key()
        try clients[0].subscribe(.account, owner: key.address)
        _ = try clients[1].submit([.place(lots: 7)], key: key)
        while true {
            if case .order(let order)? = try clients[0].receive(timeoutMs: 5000) {
                #expect(order.restingLots == 7)
                break
            }
        }
    }

    @Test func theLastThreadToAskIsWatched() throws {
        let rig = try Rig(threads: 2)
        let clients = try Self.clients(rig)
        let key = Rig.key()
        _ = try clients[0].submit([.cancelOnDisconnect(true)], key: key)
        _ = try clients[1].submit([.cancelOnDisconnect(true)], key: key)
        // Its loop has heard of the other's batch once it has this answer.
        _ = try clients[0].submit([.place(lots: 1)], key: key)
        clients[0].close()
        _ = try clients[1].submit([.place(lots: 1)], key: key)
        #expect(DisconnectTests.disconnected(rig, count: 0).isEmpty)
        clients[1].close()
        #expect(DisconnectTests.disconnected(rig, count: 1) == [key.address])
    }

    /// All threads take from one quota.
    @Test func quotasHoldForAllThreads() throws {
        let rig = try Rig(threads: 2) { $0.accountCommands = Rate(perSecond: 1, burst: 512) }
        let clients = try Self.clients(rig)
        let key = Rig.key()
        _ = try clients[0].submit([Command](repeating: .place(lots: 1), count: 300), key: key)
        let ack = try clients[1].submit([Command](repeating: .place(lots: 1), count: 200), key: key)
        #expect((12...40).contains(ack.quotaRemaining))
        #expect(throws: GatewayClientError.self) { _ = try clients[0].submit([Command](repeating: .place(lots: 1), count: 60), key: key) }
    }

    @Test func thePortIsNotSharedWithStrangers() throws {
        let rig = try Rig(threads: 2)
        let executor = try FakeExecutor(threads: 2)
        var configuration = GatewayConfiguration(chainId: 1, rollup: Rig.rollup)
        configuration.port = rig.gateway.port
        let error = #expect(throws: GatewayError.self) {
            _ = try Gateway(
                configuration, ports: executor.ports, wakeExecutor: {}, books: [:], block: 0, logger: .init(label: "test"))
        }
        #expect(error?.description.contains("choose another --listen") == true)
    }

    @Test func drainsAndStopsAll() throws {
        let rig = try Rig(threads: 2)
        let clients = try Self.clients(rig)
        rig.gateway.drain()
        for client in clients {
            let error = #expect(throws: GatewayClientError.self) { _ = try client.submit([.place(lots: 1)], key: Rig.key()) }
            guard case .rejected(let reject) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reject.code == RejectCode.busy.rawValue)
        }
    }
}
