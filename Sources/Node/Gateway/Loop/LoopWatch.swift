import Sequencer

/// How long a loop was away from its sockets, and with what: a round lasts from when they have been looked at until they are looked at again. Pure; times in
/// nanoseconds on one clock.
struct LoopWatch {
    /// What a round's time can go into. Whatever is not one of the others counts as ``work``.
    enum Part: String, CaseIterable, Sendable {
        /// Input, signatures, TLS, answers: what there is the more of the more clients send.
        case work
        /// The executor's work in its thread's place, where it can have to wait for the files' disk, or for another thread of the gateway.
        case stepInPlace = "step_in_place"
        case marketData = "market_data"
        /// Other threads had the processor, or the whole process stood still.
        case others
    }

    struct Pause: Equatable {
        let part: Part
        let ns: UInt64
    }

    /// A round of more than ``PauseLog/thresholdNs`` is a pause.
    private(set) var longestNs: UInt64 = 0
    private var longestSinceTickNs: UInt64 = 0
    private var tickedNs: UInt64?
    private var beganNs: UInt64?
    private var stepNs: UInt64 = 0
    private var marketDataNs: UInt64 = 0
    private var othersNs: UInt64 = 0

    /// The sockets were looked at: the round begins here, unless it had begun before.
    mutating func begin(at nowNs: UInt64) { beganNs = beganNs ?? nowNs }

    mutating func steppedInPlace(_ ns: UInt64) { stepNs &+= ns }
    mutating func sentMarketData(_ ns: UInt64) { marketDataNs &+= ns }
    mutating func letOthersGo(_ ns: UInt64) { othersNs &+= ns }

    /// The sockets are about to be looked at again. Returns the round if it was a pause.
    mutating func end(at nowNs: UInt64) -> Pause? {
        defer { (beganNs, stepNs, marketDataNs, othersNs) = (nil, 0, 0, 0) }
        guard let beganNs, nowNs > beganNs else { return nil }
        let tookNs = nowNs - beganNs
        longestSinceTickNs = max(longestSinceTickNs, tookNs)
        longestNs = max(longestNs, tookNs)
        guard tookNs > PauseLog.thresholdNs else { return nil }
        let workNs = tookNs - min(tookNs, stepNs + marketDataNs + othersNs)
        let parts: [(Part, UInt64)] = [(.work, workNs), (.stepInPlace, stepNs), (.marketData, marketDataNs), (.others, othersNs)]
        return parts.max { $0.1 < $1.1 }.map { Pause(part: $0.0, ns: tookNs) }
    }

    /// To be called every `intervalNs`. Returns a pause if that was late and no round explains it: the thread slept, and was not woken in time.
    mutating func tick(at nowNs: UInt64, intervalNs: UInt64) -> Pause? {
        defer { (tickedNs, longestSinceTickNs) = (nowNs, 0) }
        guard let tickedNs, nowNs > tickedNs + intervalNs else { return nil }
        let lateNs = nowNs - tickedNs - intervalNs
        let underwayNs = nowNs - min(nowNs, beganNs ?? nowNs)
        guard lateNs > PauseLog.thresholdNs + max(longestSinceTickNs, underwayNs) else { return nil }
        longestNs = max(longestNs, lateNs)
        return Pause(part: .others, ns: lateNs)
    }
}
