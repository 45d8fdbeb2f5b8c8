import Glibc

/// Clocks without Foundation.
package enum MonotonicClock {
    /// Nanoseconds of a clock that never goes back; its zero means nothing.
    package static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    package static func milliseconds() -> UInt64 { nanoseconds() / 1_000_000 }
}

/// The time of day, which can be set and so can go back.
package enum WallClock {
    /// Milliseconds since 1970.
    package static func milliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) &* 1000 &+ UInt64(time.tv_nsec) / 1_000_000
    }
}
