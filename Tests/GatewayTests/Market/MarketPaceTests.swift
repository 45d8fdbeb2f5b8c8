import Testing

@testable import Gateway

@Suite struct MarketPaceTests {
    private let ms: UInt64 = 1_000_000

    @Test func theFirstChangeIsToldAtOnce() {
        let pace = MarketPace(intervalMs: 10)
        #expect(pace.waitNs(at: 1) == 0)
    }

    @Test func theNextWaitsForTheInterval() {
        var pace = MarketPace(intervalMs: 10)
        pace.begin(at: 100 * ms)
        pace.worked(50_000)
        pace.end(at: 100 * ms + 60_000, goesOn: false)
        #expect(pace.waitNs(at: 101 * ms) == 9 * ms)
        #expect(pace.waitNs(at: 110 * ms) == 0)
    }

    @Test func threeQuartersOfTheTimeAreForOtherThings() {
        var pace = MarketPace(intervalMs: 10)
        pace.begin(at: 100 * ms)
        for _ in 0..<100 { pace.worked(80_000) }
        pace.end(at: 112 * ms, goesOn: false)
        #expect(pace.waitNs(at: 112 * ms) == 24 * ms)
    }

    @Test func partsOfSnapshotsDoNotWaitForTheInterval() {
        var pace = MarketPace(intervalMs: 10)
        pace.begin(at: 100 * ms)
        pace.worked(200_000)
        pace.end(at: 100 * ms + 200_000, goesOn: true)
        #expect(pace.waitNs(at: 100 * ms + 200_000) == 600_000)
    }

    /// Who takes what was sent only later adds his own part, and no more.
    @Test func stragglersAddTheirOwnWorkOnly() {
        var pace = MarketPace(intervalMs: 10)
        pace.begin(at: 100 * ms)
        pace.worked(8 * ms)
        pace.end(at: 110 * ms, goesOn: false)
        for count in 1...5 as ClosedRange<UInt64> {
            pace.worked(20_000)
            pace.end(at: 110 * ms + count * 100_000, goesOn: false)
        }
        #expect(pace.waitNs(at: 134 * ms) == 0)
    }
}
