import Testing

@testable import Gateway

@Suite struct BusyPollingTests {
    private let inputNs: UInt64 = 1_000_000_000

    @Test func goesOnForAWhileAfterInput() {
        var polling = BusyPolling(durationUs: 2500)
        #expect(!polling.goesOn(at: inputNs))
        polling.tookInput(at: inputNs)
        #expect(polling.goesOn(at: inputNs + 2_499_999))
        #expect(!polling.goesOn(at: inputNs + 2_500_000))
        polling.tookInput(at: inputNs + 2_000_000)
        #expect(polling.goesOn(at: inputNs + 4_499_999))
    }

    @Test func offMeansOff() {
        var polling = BusyPolling(durationUs: 0)
        polling.tookInput(at: inputNs)
        #expect(!polling.goesOn(at: inputNs))
    }

    /// Who was let go first must not find it looking again at once, input or not.
    @Test func restsWhenOthersWantTheProcessor() {
        var polling = BusyPolling(durationUs: 1_000_000)
        polling.tookInput(at: inputNs)
        let backNs = inputNs + 3_000_000
        polling.yielded(fromNs: inputNs, toNs: backNs) { 1 }
        let restsUntilNs = backNs + BusyPolling.restPerYield * 3_000_000
        polling.tookInput(at: restsUntilNs - 1)
        #expect(!polling.goesOn(at: restsUntilNs - 1))
        #expect(polling.goesOn(at: restsUntilNs))
    }

    @Test func restsLongerWhereOthersAlwaysWantTheCore() {
        var polling = BusyPolling(durationUs: 100_000_000)
        var nowNs = inputNs
        var displacementCount: UInt = 0
        polling.tookInput(at: nowNs)
        /// Lets others have the core for a millisecond, so long after the last rest, and returns how many milliseconds it rests then.
        func restMs(afterMs: UInt64) -> UInt64 {
            let backNs = nowNs + (afterMs + 1) * 1_000_000
            displacementCount += 1
            polling.yielded(fromNs: backNs - 1_000_000, toNs: backNs) { displacementCount }
            nowNs = backNs
            while !polling.goesOn(at: nowNs) { nowNs += 1_000_000 }
            return (nowNs - backNs) / 1_000_000
        }
        #expect(restMs(afterMs: 1) == 30)
        #expect([restMs(afterMs: 1), restMs(afterMs: 29), restMs(afterMs: 1)] == [60, 120, 240])
        // As after a block: it had looked for longer than it had rested.
        #expect(restMs(afterMs: 250) == 30)
        #expect((0..<10).map { _ in restMs(afterMs: 1) }.last == 1000)
    }

    @Test func aloneItDoesNotRest() {
        var polling = BusyPolling(durationUs: 1000)
        polling.tookInput(at: inputNs)
        polling.yielded(fromNs: inputNs, toNs: inputNs + BusyPolling.yieldNsMax) { 1 }
        #expect(polling.goesOn(at: inputNs + BusyPolling.yieldNsMax))
    }

    /// A guest's processor may stand still for a while without anybody else having run on it.
    @Test func whatTheHostTakesIsNoReasonToRest() {
        var polling = BusyPolling(durationUs: 1_000_000)
        polling.tookInput(at: inputNs)
        polling.yielded(fromNs: inputNs, toNs: inputNs + 1_000_000) { 7 }
        #expect(!polling.goesOn(at: inputNs + 1_000_000))
        polling.tookInput(at: inputNs + 500_000_000)
        polling.yielded(fromNs: inputNs + 500_000_000, toNs: inputNs + 501_000_000) { 7 }
        #expect(polling.goesOn(at: inputNs + 501_000_000))
    }

    @Test func onByDefaultOnlyWhereACoreIsToSpare() {
        #expect(GatewayConfiguration.spinUsDefault(threadCount: 1 << 20) == 0)
        let threads = GatewayConfiguration.threadCountDefault
        #expect((GatewayConfiguration.spinUsDefault(threadCount: threads) > 0) == GatewayConfiguration.hasSpareCore(threadCount: threads))
    }
}
