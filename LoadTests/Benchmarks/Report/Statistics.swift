/// Time that some commands took.
struct Duration {
    var wallNs: UInt64 = 0
    /// Of the thread alone.
    var threadNs: UInt64 = 0
}

extension [Double] {
    /// The value below which this share of all values lies; 0 of none.
    func quantile(_ share: Double) -> Double {
        guard !isEmpty else { return 0 }
        return sorted()[Swift.min(count - 1, Int(share * Double(count)))]
    }

    var median: Double { quantile(0.5) }
}
