import Engine
import Foundation
import Signing
import Synchronization
import Testing

@testable import Gateway

/// Watched connections, over real sockets: the executor hears of their end whatever it was.
@Suite(.serialized) struct DisconnectTests {
    /// The signers that the executor was told of, once there are `count` or five seconds are over.
    static func disconnected(_ rig: Rig, count: Int) -> [Address] {
        for _ in 0..<500 {
            let signers = rig.executor.disconnected.withLock { $0 }
            if signers.count >= count { return signers }
            usleep(10_000)
        }
        return rig.executor.disconnected.withLock { $0 }
    }

    @Test func orderlyEndsAreStated() throws {
        let rig = try Rig()
        let key = Rig.key()
        let other = try rig.client()
        _ = try other.submit([.place(lots: 10)], key: key)
        let client = try rig.client()
        _ = try client.submit([.cancelOnDisconnect(true), .place(lots: 10)], key: key)
        other.close()
        usleep(50_000)
        #expect(Self.disconnected(rig, count: 0).isEmpty)
        client.close()
        #expect(Self.disconnected(rig, count: 1) == [key.address])
    }

    @Test func brokenConnectionsAreStated() throws {
        let rig = try Rig()
        let key = Rig.key()
        var client: GatewayClient? = try rig.client()
        _ = try client?.submit([.cancelOnDisconnect(true)], key: key)
        // The socket is closed without a close frame.
        client = nil
        #expect(Self.disconnected(rig, count: 1) == [key.address])
    }

    @Test func silenceIsStated() throws {
        let rig = try Rig { limits in
            limits.pingIntervalMs = 100
            limits.idleTimeoutMs = 300
        }
        let key = Rig.key()
        let client = try rig.client()
        _ = try client.submit([.cancelOnDisconnect(true)], key: key)
        // No call, so no answer to pings.
        #expect(Self.disconnected(rig, count: 1) == [key.address])
    }

    @Test func theLastConnectionToAskIsWatched() throws {
        let rig = try Rig()
        let key = Rig.key()
        let first = try rig.client()
        let second = try rig.client()
        for client in [first, second] { _ = try client.submit([.cancelOnDisconnect(true)], key: key) }
        first.close()
        usleep(50_000)
        #expect(Self.disconnected(rig, count: 0).isEmpty)
        second.close()
        #expect(Self.disconnected(rig, count: 1) == [key.address])
    }

    @Test func refusedBatchesAreNotWatched() throws {
        let rig = try Rig()
        let client = try rig.client()
        try client.send([.cancelOnDisconnect(true)], key: Rig.key(), nonce: 5)
        guard case .reject = try client.receive(timeoutMs: 5000) else {
            Issue.record("no reject")
            return
        }
        client.close()
        usleep(50_000)
        #expect(Self.disconnected(rig, count: 0).isEmpty)
    }

    /// The ring is full when the connection ends: the statement waits for room.
    @Test func aFullRingLosesNothing() throws {
        let rig = try Rig(inputBytes: 1 << 12)
        let keys = (0..<3).map { _ in Rig.key() }
        let client = try rig.client()
        for key in keys { _ = try client.submit([.cancelOnDisconnect(true)], key: key) }
        rig.executor.isPaused.store(true, ordering: .releasing)
        let filler = try rig.client()
        for _ in 0..<60 { try filler.send([.place(lots: 10)], key: keys[0]) }
        var busy = false
        while !busy, case .reject(let reject)? = try filler.receive(timeoutMs: 5000) { busy = reject.code == RejectCode.busy.rawValue }
        #expect(busy)
        client.close()
        usleep(100_000)
        #expect(Self.disconnected(rig, count: 0).isEmpty)
        rig.executor.isPaused.store(false, ordering: .releasing)
        rig.executor.wake()
        #expect(Set(Self.disconnected(rig, count: 3)) == Set(keys.map(\.address)))
    }
}
