/// When market data is told: at once after a quiet spell; else not before an interval has passed since it was told last, nor before three times as much of
/// the thread's time has gone to other things as sending it took. So a thread with thousands of subscribers tells them less often, and acks do not wait
/// for market data. What changes meanwhile is told as one. Pure; times in nanoseconds on one clock.
struct MarketPace {
    /// Times that what the last round took must pass before the next.
    static let restPerWork: UInt64 = 3

    private let intervalNs: UInt64
    private var beganNs: UInt64 = 0
    private var workNs: UInt64 = 0
    private var nextNs: UInt64 = 0

    init(intervalMs: UInt64) { intervalNs = intervalMs * 1_000_000 }

    /// How long to wait before the next round; 0: not at all.
    func waitNs(at nowNs: UInt64) -> UInt64 { nextNs > nowNs ? nextNs - nowNs : 0 }

    /// A round begins: messages are made.
    mutating func begin(at nowNs: UInt64) {
        beganNs = nowNs
        workNs = 0
    }

    /// So much time was spent on the round.
    mutating func worked(_ spentNs: UInt64) { workNs += spentNs }

    /// Everything was handed to the sockets. `goesOn`: there are further parts of snapshots, which need not wait for the interval.
    mutating func end(at nowNs: UInt64, goesOn: Bool) {
        nextNs = max(nextNs, goesOn ? 0 : beganNs + intervalNs, nowNs + Self.restPerWork * workNs)
        workNs = 0
    }
}
