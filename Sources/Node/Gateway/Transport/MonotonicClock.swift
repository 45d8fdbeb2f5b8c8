import Sequencer

/// The node's clock for intervals, by the name that the gateway knows it by.
package enum MonotonicClock {
    /// Nanoseconds of a clock that never goes back; its zero means nothing.
    package static func nanoseconds() -> UInt64 { SystemClock.monotonicNs() }

    package static func milliseconds() -> UInt64 { nanoseconds() / 1_000_000 }
}

/// The time of day, which can be set and so can go back.
package enum WallClock {
    /// Milliseconds since 1970.
    package static func milliseconds() -> UInt64 { SystemClock.nowMs() }
}
