import Engine
import Sequencer
import Signing
import Testing

@testable import Gateway

/// A thread that looks for input without sleeping does all that it does otherwise, and sleeps when nobody is there. By counting looks, not by time.
@Suite(.serialized) struct PollingTests {
    /// Goes on for longer than any test lasts.
    private static let endlessUs: UInt64 = 1_000_000_000

    private func polls(_ rig: Rig) -> UInt64 { rig.gateway.statistics.busyPolls.value }

    /// Round trips, each of which takes the loop through several rounds.
    private func trade(_ client: GatewayClient, key: PrivateKey, times: Int) throws {
        for _ in 0..<times { _ = try client.submit([.place(lots: 1)], key: key) }
    }

    @Test func looksForInputBetweenMessages() throws {
        let rig = try Rig(spinUs: Self.endlessUs)
        let client = try rig.client()
        // It rests for a time when other threads want its core, so how often it looks is theirs to say.
        while polls(rig) < 100 { try trade(client, key: Rig.key(), times: 1) }
    }

    @Test func sleepsAtOnceWhereItIsOff() throws {
        let rig = try Rig(spinUs: 0)
        try trade(rig.client(), key: Rig.key(), times: 20)
        #expect(polls(rig) == 0)
    }

    @Test func sleepsWhenNobodyIsConnected() throws {
        let rig = try Rig(isSecure: false, spinUs: Self.endlessUs)
        let client = try rig.client()
        while polls(rig) == 0 { try trade(client, key: Rig.key(), times: 1) }
        client.close()
        #expect(ConnectionTests.closeCode(client) == 1000)
        // What its connections are is counted before the answer, so from here on it may not look once.
        let request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        #expect(try rig.http(request).contains("\"connections\":0"))
        let before = polls(rig)
        for _ in 0..<20 { #expect(try rig.http(request).contains("\"connections\":0")) }
        #expect(polls(rig) == before)
    }

    /// The end of a client that says nothing comes from the loop's timer.
    @Test func servesTimersMeanwhile() throws {
        let rig = try Rig(spinUs: Self.endlessUs) { $0.idleTimeoutMs = 300 }
        let client = try rig.client()
        while polls(rig) == 0 { try trade(client, key: Rig.key(), times: 1) }
        #expect(ConnectionTests.closeCode(client) == 1008)
    }

    /// Records of the executor that nobody asked for: no wake-up is needed, and none may be needed.
    @Test func hearsTheExecutorMeanwhile() throws {
        let rig = try Rig(spinUs: Self.endlessUs)
        let client = try rig.client()
        let key = Rig.key()
        try client.subscribe(.account, owner: key.address)
        try trade(client, key: key, times: 1)
        rig.executor.deposit(account: UInt32(key.address[0]))
        while let message = try client.receive(timeoutMs: 5000) {
            if case .funds = message { return }
        }
        Issue.record("the deposit was not told")
    }

    @Test func stopsMeanwhile() throws {
        let client: GatewayClient
        do {
            let rig = try Rig(spinUs: Self.endlessUs)
            client = try rig.client()
            try trade(client, key: Rig.key(), times: 3)
            rig.gateway.drain()
            // Stops at the end of this scope, and waits for the thread's end.
        }
        #expect(ConnectionTests.closeCode(client) == 1001)
    }
}
