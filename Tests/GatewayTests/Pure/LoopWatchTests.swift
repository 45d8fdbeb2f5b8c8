import Sequencer
import Testing

@testable import Gateway

@Suite struct LoopWatchTests {
    private let second: UInt64 = 1_000_000_000

    @Test func shortRoundsAreNoPauses() {
        var watch = LoopWatch()
        for round in 1...100 as ClosedRange<UInt64> {
            watch.begin(at: round * second)
            watch.steppedInPlace(PauseLog.thresholdNs)
            #expect(watch.end(at: round * second + PauseLog.thresholdNs) == nil)
        }
        #expect(watch.longestNs == PauseLog.thresholdNs)
    }

    @Test func aPauseIsPutDownToWhatTookMostOfIt() {
        var watch = LoopWatch()
        watch.begin(at: second)
        // Within the same round.
        watch.begin(at: 2 * second)
        watch.steppedInPlace(second / 5)
        watch.steppedInPlace(second / 5)
        watch.sentMarketData(second / 4)
        watch.letOthersGo(second / 4)
        #expect(watch.end(at: 2 * second) == .init(part: .stepInPlace, ns: second))
        // Of which nothing is left in the next.
        watch.begin(at: 2 * second)
        watch.sentMarketData(second / 4)
        #expect(watch.end(at: 3 * second) == .init(part: .work, ns: second))
        watch.begin(at: 3 * second)
        watch.sentMarketData(second)
        #expect(watch.end(at: 4 * second) == .init(part: .marketData, ns: second))
        watch.begin(at: 4 * second)
        watch.letOthersGo(2 * second)
        #expect(watch.end(at: 6 * second) == .init(part: .others, ns: 2 * second))
        #expect(watch.longestNs == 2 * second)
    }

    /// The loop's own idea of the time may be a little behind or ahead.
    @Test func aRoundThatEndsBeforeItBeganIsNone() {
        var watch = LoopWatch()
        watch.begin(at: second)
        #expect(watch.end(at: second - 1) == nil)
        #expect(watch.end(at: 9 * second) == nil, "nothing began")
    }

    @Test func aThreadThatIsNotWokenInTimeWasKeptFromRunning() {
        var watch = LoopWatch()
        #expect(watch.tick(at: second, intervalNs: second) == nil)
        #expect(watch.tick(at: 2 * second, intervalNs: second) == nil)
        #expect(watch.tick(at: 3 * second + PauseLog.thresholdNs, intervalNs: second) == nil)
        #expect(watch.tick(at: 8 * second, intervalNs: second) == .init(part: .others, ns: 4 * second - PauseLog.thresholdNs))
        #expect(watch.longestNs == 4 * second - PauseLog.thresholdNs)
    }

    /// Each pause is told of once.
    @Test func aTickThatARoundMadeLateSaysNothing() {
        var watch = LoopWatch()
        #expect(watch.tick(at: second, intervalNs: second) == nil)
        watch.begin(at: second)
        #expect(watch.end(at: 5 * second) != nil)
        #expect(watch.tick(at: 5 * second, intervalNs: second) == nil)
        // One that is not over.
        watch.begin(at: 5 * second)
        #expect(watch.tick(at: 9 * second, intervalNs: second) == nil)
        #expect(watch.end(at: 9 * second)?.ns == 4 * second)
        #expect(watch.tick(at: 10 * second, intervalNs: second) == nil)
    }

    @Test func theLogIsNotFilled() {
        var log = PauseLog()
        let pause = PauseLog.thresholdNs + 1
        #expect(log.noteEnd(at: second, tookNs: pause - 1) == nil)
        #expect(log.noteEnd(at: second, tookNs: pause) == 0)
        for later in 1...9 as ClosedRange<UInt64> { #expect(log.noteEnd(at: second + later * second, tookNs: pause) == nil) }
        #expect(log.noteEnd(at: second + PauseLog.intervalNs, tookNs: pause) == 9)
        #expect(log.noteEnd(at: second + 2 * PauseLog.intervalNs, tookNs: pause) == 0)
    }
}
