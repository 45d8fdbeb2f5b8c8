/// Decides when it is said that something took long which should not: at most once in ten seconds. Pure; times in nanoseconds on one clock.
package struct PauseLog {
    /// What takes longer should not.
    package static let thresholdNs: UInt64 = 250_000_000
    package static let intervalNs: UInt64 = 10_000_000_000

    private var saidNs: UInt64?
    /// Pauses since the last that was said.
    private var unsaidCount = 0

    package init() {}

    /// Something took `tookNs` until `nowNs`. Nil if nothing is to be said of it; else how many were not said before it.
    package mutating func noteEnd(at nowNs: UInt64, tookNs: UInt64) -> Int? {
        guard tookNs > Self.thresholdNs else { return nil }
        if let saidNs, nowNs &- saidNs < Self.intervalNs {
            unsaidCount += 1
            return nil
        }
        defer { unsaidCount = 0 }
        saidNs = nowNs
        return unsaidCount
    }
}
