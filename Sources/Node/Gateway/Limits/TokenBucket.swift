import Synchronization

/// How much is allowed: so many a second on average, and so many at once after a rest.
package struct Rate: Equatable, Sendable {
    /// 1 to 1,000,000,000.
    package var perSecond: UInt32
    /// What may be taken at once at most; at least 1.
    package var burst: UInt32

    package init(perSecond: UInt32, burst: UInt32) {
        self.perSecond = perSecond
        self.burst = burst
    }

    /// Nanoseconds in which `count` come in again, rounded up, so that rounding never allows more.
    func nanoseconds(for count: UInt64) -> UInt64 {
        let rate = UInt64(max(1, perSecond))
        return (count * 1_000_000_000 + rate - 1) / rate
    }
}

/// A token bucket that any number of threads share, exact among them: over any span of time at most burst + rate x time are taken.
///
/// All its state is one number, the time at which it will be full again (the generic cell rate algorithm, ATM Forum TM 4.0, 4.4.2): taking
/// moves that time on, and is refused if it would move further ahead than the burst. No clock inside: times are nanoseconds of
/// ``MonotonicClock``, and of two threads the one with the earlier time just sees less.
package struct TokenBucket: ~Copyable, Sendable {
    private let fullAtNs = Atomic<UInt64>(0)

    package init() {}

    /// Takes `count` tokens if there are as many, else none.
    package func take(_ count: UInt64 = 1, of rate: Rate, at nowNs: UInt64) -> Bool {
        guard count > 0 else { return true }
        guard count <= rate.burst else { return false }
        let cost = rate.nanoseconds(for: count)
        let latest = nowNs + rate.nanoseconds(for: UInt64(rate.burst))
        var fullAt = fullAtNs.load(ordering: .relaxed)
        while true {
            let next = max(fullAt, nowNs) + cost
            guard next <= latest else { return false }
            let (isExchanged, current) = fullAtNs.weakCompareExchange(expected: fullAt, desired: next, ordering: .relaxed)
            if isExchanged { return true }
            fullAt = current
        }
    }

    /// Tokens that are there now.
    package func remaining(of rate: Rate, at nowNs: UInt64) -> UInt32 {
        let latest = nowNs + rate.nanoseconds(for: UInt64(rate.burst))
        let next = max(fullAtNs.load(ordering: .relaxed), nowNs)
        guard next < latest else { return 0 }
        return UInt32(clamping: min(UInt64(rate.burst), (latest - next) * UInt64(max(1, rate.perSecond)) / 1_000_000_000))
    }

    /// Whether it is as good as new.
    package func isFull(at nowNs: UInt64) -> Bool { fullAtNs.load(ordering: .relaxed) <= nowNs }

    /// Takes over what was taken from another bucket of the same rate that is given up for this one.
    func absorb(_ other: borrowing TokenBucket) {
        _ = fullAtNs.max(other.fullAtNs.load(ordering: .relaxed), ordering: .relaxed)
    }
}
