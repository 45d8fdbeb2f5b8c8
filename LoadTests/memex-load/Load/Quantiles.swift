import Histogram

/// Times of one kind, as nanoseconds with three significant digits. Encoded as its ``Quantiles``.
struct LatencyHistogram: Encodable {
    private var histogram = Histogram<UInt64>(highestTrackableValue: 300_000_000_000, numberOfSignificantValueDigits: .three)

    @inline(__always)
    mutating func record(_ nanoseconds: UInt64) { histogram.record(Swift.max(1, Swift.min(nanoseconds, 300_000_000_000))) }

    mutating func reset() { histogram.reset() }

    /// Adds the times of another round.
    mutating func add(_ other: LatencyHistogram) { histogram.add(other.histogram) }

    func encode(to encoder: any Encoder) throws { try quantiles.encode(to: encoder) }

    var count: UInt64 { histogram.totalCount }

    var quantiles: Quantiles {
        guard histogram.totalCount > 0 else { return Quantiles(p50: 0, p99: 0, p999: 0, max: 0, count: 0) }
        func microseconds(_ value: UInt64) -> Double { (Double(value) / 100).rounded() / 10 }
        return Quantiles(
            p50: microseconds(histogram.valueAtPercentile(50)), p99: microseconds(histogram.valueAtPercentile(99)),
            p999: microseconds(histogram.valueAtPercentile(99.9)), max: microseconds(histogram.max), count: Int(histogram.totalCount))
    }
}

/// Quantiles in microseconds.
struct Quantiles: Codable, Equatable {
    var p50: Double
    var p99: Double
    var p999: Double
    var max: Double
    /// Of how many times.
    var count: Int

    var cells: [String] { [p50, p99, p999, max].map { TextTable.count($0) } }
}
