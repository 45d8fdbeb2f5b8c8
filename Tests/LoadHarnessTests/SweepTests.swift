import Foundation
import Testing

@testable import memex_load

/// The knee finder, the plot and the comparison, on made-up measurements.
struct SweepTests {
    /// An exchange that keeps up until `capacity`, and then falls behind.
    private func point(_ rate: Double, capacity: Double) -> SweepPoint {
        let isOver = rate > capacity
        return SweepPoint(
            offeredPerSecond: rate, ackedPerSecond: min(rate, capacity), p50Microseconds: 100, p99Microseconds: isOver ? 1e6 : 1000,
            p999Microseconds: isOver ? 2e6 : 2000)
    }

    @Test(arguments: [1500.0, 9000, 14_321, 250_000])
    func theKneeIsFoundWithinAFewPercent(capacity: Double) throws {
        var search = KneeSearch(firstRate: 1000, refinements: 4, boundMicroseconds: 10_000)
        while let rate = search.nextRate {
            search.add(point(rate, capacity: capacity))
            try #require(search.points.count < 40)
        }
        let knee = try #require(search.knee).offeredPerSecond
        #expect(knee <= capacity && knee > capacity * 0.96)
    }

    @Test func anExchangeThatSustainsNothingHasNoKnee() {
        var search = KneeSearch(firstRate: 1000, refinements: 3, boundMicroseconds: 10_000)
        var rates: [Double] = []
        while let rate = search.nextRate {
            rates.append(rate)
            search.add(point(rate, capacity: 1))
        }
        #expect(search.knee == nil && rates == [1000, 500, 250, 125])
    }

    @Test func oneDisturbedRateDoesNotHideTheKnee() throws {
        var search = KneeSearch(firstRate: 1000, growth: 2, refinements: 2, boundMicroseconds: 10_000)
        search.add(point(1000, capacity: 1))
        search.add(point(2000, capacity: 5000))
        #expect(try #require(search.knee).offeredPerSecond == 2000)
        #expect(search.nextRate == 4000)
    }

    @Test func axesHoldTheirValues() {
        let axis = LogAxis(holding: [0, 130, 7000])
        #expect(axis.low == 100 && axis.high == 10_000)
        #expect(axis.ticks.map { $0.rounded() } == [100, 200, 500, 1000, 2000, 5000, 10_000])
        #expect(axis.place(100) == 0 && abs(axis.place(1000) - 0.5) < 1e-9 && axis.place(1) == 0)
        #expect(LogAxis(holding: []).high > LogAxis(holding: []).low)
        #expect(LogAxis(holding: [500]).high >= 1000)
    }

    @Test func thePlotIsXMLAndShowsEveryPoint() throws {
        let points = [1000.0, 2000, 4000, 8000].map { point($0, capacity: 5000) }
        let svg = LatencyPlot(title: "a < b & c", points: points, knee: points[2], boundMicroseconds: 10_000).svg
        #expect(svg.components(separatedBy: "<circle").count - 1 == 12)
        // Of the last rate, too much for the exchange, all three are hollow; the background is white, too.
        #expect(svg.components(separatedBy: "fill=\"#fff\"/>").count - 1 == 3 + 1)
        #expect(svg.contains("knee: 4,000/s") && svg.contains("a &lt; b &amp; c") && !svg.contains("nan") && !svg.contains("inf"))
    }

    @Test func runsAreComparedFigureByFigure() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "comparison-\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(#"{"a": {"p50": 4, "text": "x"}, "list": [1, {"b": 0}], "only": 3}"#.utf8).write(to: URL(fileURLWithPath: path))
        let comparison = Comparison(new: ["a.p50": 6, "list[1].b": 2, "other": 1], saved: try Comparison.figures(ofFile: path))
        #expect(comparison.rows == [.init(name: "a.p50", new: 6, saved: 4), .init(name: "list[1].b", new: 2, saved: 0)])
        #expect(comparison.rows.map(\.ratio) == [1.5, nil])
        #expect(comparison.table.contains("1.50"))
    }

    @Test func numbersAreGrouped() {
        #expect([0, 7, 999, 1000, 1_234_567, -1000].map { TextTable.count($0) } == ["0", "7", "999", "1,000", "1,234,567", "-1,000"])
    }
}
