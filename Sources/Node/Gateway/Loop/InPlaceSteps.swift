/// When a gateway's thread does the executor's work itself (`Sequencer.stepInPlace`) in place of waking it. Pure.
///
/// Only where not much comes: what was put on the ring may wait as long as waking would take, for the end of the round of input, if it is little; and no
/// more than half of the thread's time goes into such steps. Everything else is the executor's thread's, as soon as it is there.
struct InPlaceSteps {
    /// Input waits so long at most. Waking a thread takes 45 to 60 us on a virtual machine.
    static let waitNsMax: UInt64 = 50_000
    /// Bytes on the ring that are little.
    static let ringBytesMax = 4 << 10
    /// Where input comes more often than this on the average, two threads do more than one.
    static let intervalNsMin: UInt64 = 250_000
    /// A silence counts as no more than this, so that a burst after it is soon noticed.
    private static let intervalNsMax: UInt64 = 1_000_000

    /// When the first of what waits was committed; nil if nothing waits.
    private(set) var waitingSinceNs: UInt64?
    private var restsUntilNs: UInt64 = 0
    private var committedNs: UInt64 = 0
    /// Between commits: each counts for an eighth.
    private var intervalNs = InPlaceSteps.intervalNsMax

    var isWaiting: Bool { waitingSinceNs != nil }

    /// Something was committed and `ringBytes` are on the ring now: true if it may wait for the end of the round, false if the executor is to be
    /// woken now.
    mutating func mayWait(ringBytes: Int, at nowNs: UInt64) -> Bool {
        noteCommit(at: nowNs)
        guard nowNs >= restsUntilNs, intervalNs >= Self.intervalNsMin, ringBytes <= Self.ringBytesMax, !isOverdue(at: nowNs) else {
            waitingSinceNs = nil
            return false
        }
        if waitingSinceNs == nil { waitingSinceNs = nowNs }
        return true
    }

    private mutating func noteCommit(at nowNs: UInt64) {
        let sinceNs = min(nowNs &- committedNs, Self.intervalNsMax)
        intervalNs = intervalNs - intervalNs / 8 + sinceNs / 8
        committedNs = nowNs
    }

    /// Whether something has waited for too long.
    func isOverdue(at nowNs: UInt64) -> Bool { waitingSinceNs.map { nowNs &- $0 > Self.waitNsMax } ?? false }

    /// Nothing waits any more. False if nothing did.
    mutating func endWait() -> Bool {
        defer { waitingSinceNs = nil }
        return isWaiting
    }

    /// A step was done: the next may be when as much time has gone to other things.
    mutating func stepped(fromNs beganNs: UInt64, toNs endedNs: UInt64) { restsUntilNs = endedNs &+ (endedNs &- beganNs) }
}
