import Logging
import Synchronization
import Testing

@testable import Sequencer

@Suite struct SteadyClockTests {
    /// A wall clock and an uptime that tests set.
    private final class Hands: Sendable {
        let wall = Atomic<UInt64>(1_700_000_000_000)
        let uptime = Atomic<UInt64>(5000)

        func pass(_ milliseconds: UInt64) {
            wall.add(milliseconds)
            uptime.add(milliseconds)
        }

        func clock(notBefore: UInt64 = 0, logger: Logger = TestMarket.quiet) -> SteadyClock {
            SteadyClock(notBeforeMs: notBefore, logger: logger, wallMs: { self.wall.value }, uptimeMs: { self.uptime.value })
        }
    }

    private let start: UInt64 = 1_700_000_000_000

    @Test func smallStepsAreFollowed() {
        let hands = Hands()
        let clock = hands.clock()
        hands.pass(10)
        #expect(clock.nowMs() == start + 10)
        hands.wall.add(30_000)
        #expect(clock.nowMs() == start + 30_010)
        hands.wall.store(start, ordering: .relaxed)
        #expect(clock.nowMs() == start)
    }

    /// An hour back, to 1970, a day ahead, to the end of time: time goes on as if nothing was, and follows again when the clock is right again.
    @Test(arguments: [1_700_000_000_000 - 3_600_000, 0, 1_700_000_000_000 + 86_400_000, UInt64.max / 2] as [UInt64])
    func aJumpIsNotFollowed(wall: UInt64) {
        let hands = Hands()
        let log = LogCapture()
        let clock = hands.clock(logger: log.logger)
        hands.wall.store(wall, ordering: .relaxed)
        for second in 1...90 as ClosedRange<UInt64> {
            hands.pass(1000)
            #expect(clock.nowMs() == start + second * 1000)
        }
        #expect(log.lines.count == 2)
        #expect(log.lines.allSatisfy { $0.contains("is not followed") })
        hands.wall.store(start + 90_500, ordering: .relaxed)
        #expect(clock.nowMs() == start + 90_500)
    }

    /// A node that starts with a clock far behind its last block goes on from there.
    @Test func timeGoesOnFromTheLastBlock() {
        let hands = Hands()
        let clock = hands.clock(notBefore: start + 7_200_000)
        hands.pass(500)
        #expect(clock.nowMs() == start + 7_200_500)
    }
}
