/// Growing pauses between tries: doubled from the first up to half a minute.
struct Backoff {
    private let first: Double
    private(set) var failures = 0

    init(first: Double) { self.first = max(0.1, first) }

    /// Notes a failure; seconds to wait before the next try.
    mutating func fail() -> Double {
        defer { failures += 1 }
        return min(30, first * Double(1 << min(failures, 10)))
    }

    mutating func succeed() { failures = 0 }
}
