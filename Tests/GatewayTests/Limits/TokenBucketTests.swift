import Foundation
import SeededRandom
import Synchronization
import Testing

@testable import Gateway

@Suite struct TokenBucketTests {
    /// Tokens as a number that grows with time, computed without rounding in units of one billionth of a token.
    struct Model {
        let rate: Rate
        var billionths: UInt64
        var lastNs: UInt64 = 0

        init(_ rate: Rate) {
            self.rate = rate
            billionths = UInt64(rate.burst) * 1_000_000_000
        }

        mutating func advance(to nowNs: UInt64) {
            billionths = min(UInt64(rate.burst) * 1_000_000_000, billionths + (nowNs - lastNs) * UInt64(rate.perSecond))
            lastNs = nowNs
        }

        mutating func take(_ count: UInt64, at nowNs: UInt64) -> Bool {
            advance(to: nowNs)
            guard billionths >= count * 1_000_000_000 else { return false }
            billionths -= count * 1_000_000_000
            return true
        }
    }

    /// Rates whose period is a whole number of nanoseconds, so that nothing is rounded and both must agree always.
    @Test(arguments: [Rate(perSecond: 1000, burst: 1), Rate(perSecond: 100_000, burst: 512), Rate(perSecond: 1_000_000_000, burst: 7)])
    func agreesWithTheModel(rate: Rate) {
        var generator = SeededGenerator(seed: UInt64(rate.perSecond))
        let bucket = TokenBucket()
        var model = Model(rate)
        var nowNs: UInt64 = 1_000_000_000_000
        model.lastNs = nowNs
        let periodNs = 1_000_000_000 / UInt64(rate.perSecond)
        for _ in 0..<20_000 {
            nowNs += UInt64.random(in: 0...periodNs * 3, using: &generator)
            let count = UInt64.random(in: 0...UInt64(rate.burst) + 1, using: &generator) / UInt64.random(in: 1...8, using: &generator)
            let isTaken = bucket.take(count, of: rate, at: nowNs)
            #expect(isTaken == model.take(count, at: nowNs), "rate \(rate)")
            let remaining = bucket.remaining(of: rate, at: nowNs)
            #expect(UInt64(remaining) == model.billionths / 1_000_000_000)
            let isFull = bucket.isFull(at: nowNs)
            #expect(isFull == (model.billionths == UInt64(rate.burst) * 1_000_000_000))
        }
    }

    @Test func roundingNeverAllowsMore() {
        let rate = Rate(perSecond: 333_333, burst: 1000)
        let bucket = TokenBucket()
        var taken = 0
        for nowNs in stride(from: UInt64(1_000_000_000), through: 2_000_000_000, by: 1000) {
            while bucket.take(of: rate, at: nowNs) { taken += 1 }
        }
        #expect((333_000 + 1000...333_333 + 1000).contains(taken))
    }

    @Test func moreThanTheBurstNeverFits() {
        let bucket = TokenBucket()
        let answers = [11, 10].map { bucket.take($0, of: Rate(perSecond: 1_000_000, burst: 10), at: .max / 2) }
        #expect(answers == [false, true])
    }

    /// Threads that race for one bucket at one instant get the burst and not one more.
    @Test func isExactAmongThreads() {
        final class Shared: Sendable {
            let bucket = TokenBucket()
            let taken = Atomic<Int>(0)
        }
        let shared = Shared()
        let rate = Rate(perSecond: 1000, burst: 50_000)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            while shared.bucket.take(3, of: rate, at: 5_000_000_000) { shared.taken.add(3, ordering: .relaxed) }
        }
        #expect(shared.taken.load(ordering: .relaxed) == 49_998)
    }
}
