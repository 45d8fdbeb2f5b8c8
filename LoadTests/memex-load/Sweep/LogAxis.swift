import Foundation

/// A logarithmic axis from a power of ten, or its double or fivefold, to another. Pure.
struct LogAxis: Equatable {
    let low: Double
    let high: Double

    /// The narrowest axis that holds all `values`, of which only positive ones count.
    init(holding values: [Double]) {
        let positive = values.filter { $0 > 0 }
        let low = positive.min() ?? 1
        let high = Swift.max(positive.max() ?? 10, low * 2)
        self.low = Self.steps(around: low).last { $0 <= low } ?? low
        self.high = Self.steps(around: high).first { $0 >= high } ?? high
    }

    /// Where a value lies, 0 at the low end and 1 at the high end.
    func place(_ value: Double) -> Double { log(Swift.max(value, low) / low) / log(high / low) }

    /// 1, 2 and 5 times powers of ten on the axis.
    var ticks: [Double] {
        var ticks: [Double] = []
        var decade = pow(10, floor(log10(low)))
        while decade <= high * 1.0001 {
            ticks += [1, 2, 5].map { $0 * decade }.filter { $0 >= low * 0.9999 && $0 <= high * 1.0001 }
            decade *= 10
        }
        return ticks
    }

    private static func steps(around value: Double) -> [Double] {
        let decade = pow(10, floor(log10(value)))
        return [1, 2, 5, 10].map { $0 * decade }
    }
}
