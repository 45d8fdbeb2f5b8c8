import Glibc

/// The kernel's clocks.
package enum SystemClock {
    /// Since 1970, UTC; may be set back by an administrator.
    package static func nowMs() -> UInt64 { read(CLOCK_REALTIME) }

    /// Since some instant; never goes back.
    package static func monotonicMs() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// Nanoseconds since some instant; never goes back.
    package static func monotonicNs() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Since some instant, with the time that the machine slept; never goes back.
    package static func uptimeMs() -> UInt64 { read(CLOCK_BOOTTIME) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
