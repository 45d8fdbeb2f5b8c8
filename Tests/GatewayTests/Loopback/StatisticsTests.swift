import Engine
import Sequencer
import Testing

@testable import Gateway

/// What `/metrics` says of connections.
@Suite struct StatisticsTests {
    private func counted(_ counters: CodeCounters) -> [UInt16?: UInt64] {
        Dictionary(uniqueKeysWithValues: counters.values.filter { $0.count > 0 }.map { ($0.code, $0.count) })
    }

    @Test func countsConnectionsAndHowTheyEnd() throws {
        let rig = try Rig(isSecure: false)
        let statistics = rig.gateway.statistics
        #expect(try rig.http("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
        #expect(try rig.http("GET / HTTP/1.1\r\nHost: x\r\n\r\n").hasPrefix("HTTP/1.1 426 "))
        let first = try rig.client()
        let second = try rig.client()
        #expect(rig.gateway.openCount == 2)
        first.close()
        #expect(ConnectionTests.closeCode(first) == 1000)
        try second.sendMessage([UInt8](repeating: 1, count: Wire.clientMessageBytesMax + 1))
        #expect(ConnectionTests.closeCode(second) == 1009)
        #expect(rig.gateway.openCount == 0)
        #expect(statistics.accepted.value == 4 && statistics.opened.value == 2 && statistics.turnedAway.value == 0)
        #expect(counted(statistics.refusals) == [404: 1, 426: 1])
        #expect(counted(statistics.closes) == [1000: 1, 1009: 1])
        #expect(counted(statistics.rejects).isEmpty)
    }

    @Test func countsRejectsByCode() throws {
        let rig = try Rig()
        let client = try rig.client()
        for _ in 0..<2 {
            try client.sendMessage([0xEE])
            guard case .reject = try client.receive(timeoutMs: 5000) else {
                Issue.record("nonsense was not refused")
                return
            }
        }
        #expect(throws: GatewayClientError.self) { try client.subscribe(.book, market: 99) }
        let rejects = counted(rig.gateway.statistics.rejects)
        #expect(rejects[RejectCode.unknownMarket.rawValue] == 1)
        #expect(rejects.values.reduce(0, +) == 3)
    }

    @Test func unknownCodesAreCountedTogether() {
        let counters = CodeCounters([1, 2])
        for code in [1, 2, 2, 3, 4] as [UInt16] { counters.add(code) }
        #expect(counters.values.map(\.code) == [1, 2, nil])
        #expect(counters.values.map(\.count) == [1, 2, 2])
    }
}
