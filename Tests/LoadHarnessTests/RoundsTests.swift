import Foundation
import Testing

@testable import memex_load

/// Rounds of a load made one report.
struct RoundsTests {
    private func round(acked: Int, microseconds: [UInt64], node: [String: Double]) -> LoadReport {
        var counts = LoadCounts()
        counts.acked = acked
        counts.rejects = [7: 1]
        var report = LoadReport(counts: counts)
        report.seconds = 2
        report.ackedPerSecond = Double(acked) / 2
        report.nodeMicrosecondsPerMessage = node
        for time in microseconds { report.ackMicroseconds.record(time * 1000) }
        return report
    }

    @Test func countsAddUpAndRatesAreMeans() {
        let report = LoadReport(rounds: [
            round(acked: 10, microseconds: [], node: ["a": 1, "b": 2]), round(acked: 30, microseconds: [], node: ["a": 3]),
        ])
        #expect(report.acked == 40 && report.seconds == 4 && report.ackedPerSecond == 10)
        #expect(report.rejected == 2 && report.rejectedByCode == ["7": 2])
        #expect(report.nodeMicrosecondsPerMessage == ["a": 2, "b": 1])
    }

    /// One slow round of three shows in the tail of all, not as a third of it.
    @Test func quantilesAreThoseOfAllTimes() throws {
        let calm = [UInt64](repeating: 100, count: 100)
        let report = LoadReport(rounds: [calm, calm, calm.map { $0 * 10 }].map { round(acked: 100, microseconds: $0, node: [:]) })
        let times = report.ackMicroseconds.quantiles
        #expect(times.count == 300 && times.p50 < 101 && times.p99 > 999 && times.max > 999)
        let encoded = try JSONDecoder().decode([String: Quantiles].self, from: JSONEncoder().encode(["times": report.ackMicroseconds]))
        #expect(encoded["times"] == times)
    }

    @Test func oneRoundIsItself() throws {
        let only = round(acked: 3, microseconds: [1, 2, 3], node: ["a": 5])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try encoder.encode(LoadReport(rounds: [only])) == encoder.encode(only))
    }
}
