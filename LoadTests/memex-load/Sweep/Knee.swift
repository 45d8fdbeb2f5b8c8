/// One rate of a saturation sweep.
struct SweepPoint: Encodable, Equatable {
    var offeredPerSecond: Double
    var ackedPerSecond: Double
    var p50Microseconds: Double
    var p99Microseconds: Double
    var p999Microseconds: Double
    var refused = 0
    var lost = 0

    /// Whether the exchange kept up: it acknowledged at least 99 % of what was offered, 99 % of it within `boundMicroseconds`.
    func isSustained(boundMicroseconds: Double) -> Bool {
        ackedPerSecond >= 0.99 * offeredPerSecond && p99Microseconds < boundMicroseconds
    }
}

/// The highest rate that an exchange sustains, searched for with as few runs as possible. Pure.
struct KneeSearch {
    /// p99 of the ack time must stay below it, in microseconds.
    let boundMicroseconds: Double
    /// Runs after the first rate that was not sustained: each halves the gap, on a logarithmic scale.
    let refinements: Int
    /// Factor from one rate to the next before that.
    let growth: Double
    private(set) var points: [SweepPoint] = []
    private let firstRate: Double

    init(firstRate: Double, growth: Double = 1.6, refinements: Int = 3, boundMicroseconds: Double) {
        precondition(firstRate > 0 && growth > 1 && refinements >= 0)
        self.firstRate = firstRate
        self.growth = growth
        self.refinements = refinements
        self.boundMicroseconds = boundMicroseconds
    }

    /// The highest rate that was sustained; nil if none was.
    var knee: SweepPoint? {
        points.filter { $0.isSustained(boundMicroseconds: boundMicroseconds) }.max { $0.offeredPerSecond < $1.offeredPerSecond }
    }

    /// The rate to be tried next; nil when the search is over.
    var nextRate: Double? {
        guard let last = points.last else { return firstRate }
        // Rates above the knee, lowest first: those below it that failed were disturbed by something else.
        let sustained = knee?.offeredPerSecond ?? 0
        let failed = points.filter { $0.offeredPerSecond > sustained }.map(\.offeredPerSecond)
        guard let ceiling = failed.min() else { return last.offeredPerSecond * growth }
        let firstFailure = points.firstIndex { !$0.isSustained(boundMicroseconds: boundMicroseconds) } ?? points.count
        guard points.count - firstFailure - 1 < refinements else { return nil }
        return sustained > 0 ? (sustained * ceiling).squareRoot() : ceiling / 2
    }

    mutating func add(_ point: SweepPoint) { points.append(point) }
}
