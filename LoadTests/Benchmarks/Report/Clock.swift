import CMeasure
import Glibc

/// Clocks of the benchmarks.
package enum Clock {
    /// Nanoseconds that pass, whoever runs.
    static func wall() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// Nanoseconds that this thread has run, in the program and in the kernel for it: what other programs take away does not count.
    static func thread() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var now = timespec()
        clock_gettime(clock, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }

    /// What a tick of `measure_ticks` is worth and what reading it costs.
    package struct Ticks {
        let nanosecondsPerTick: Double
        /// Median ticks between two readings with nothing in between.
        let overheadTicks: UInt64

        /// Takes about 50 ms.
        package init() {
            let start = (wall: wall(), ticks: measure_ticks())
            var gaps: [UInt64] = []
            gaps.reserveCapacity(1_000_000)
            while wall() - start.wall < 50_000_000 {
                for _ in 0..<1_000 where gaps.count < 1_000_000 {
                    let tick = measure_ticks()
                    gaps.append(measure_ticks() - tick)
                }
            }
            nanosecondsPerTick = Double(wall() - start.wall) / Double(measure_ticks() - start.ticks)
            gaps.sort()
            overheadTicks = gaps[gaps.count / 2]
        }

        package var overheadNanoseconds: Double { Double(overheadTicks) * nanosecondsPerTick }

        /// Nanoseconds between two readings, less what reading costs.
        func nanoseconds(_ ticks: UInt64) -> Double { Double(ticks - min(ticks, overheadTicks)) * nanosecondsPerTick }
    }
}
