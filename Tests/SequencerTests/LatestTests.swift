import Foundation
import Synchronization
import Testing

@testable import Sequencer

@Suite struct LatestTests {
    /// Of a size that is no whole number of words.
    private struct Sample: BitwiseCopyable, Sendable, Equatable {
        var number: UInt64
        var square: UInt64
        var inverse: UInt64
        var low: UInt32

        init(_ number: UInt64) {
            self.number = number
            square = number &* number
            inverse = ~number
            low = UInt32(truncatingIfNeeded: number)
        }
    }

    @Test func holdsWhatWasGivenLast() {
        let latest = Latest(Sample(7))
        #expect(latest.value == Sample(7))
        for number in 8..<100 as Range<UInt64> {
            latest.set(Sample(number))
            #expect(latest.value == Sample(number))
        }
    }

    /// Readers never see parts of two values, nor an older value behind a newer one.
    @Test func readersSeeWholeValuesInOrder() {
        let latest = Latest(Sample(0))
        let faults = Atomic<Int>(0)
        let isDone = Atomic<Bool>(false)
        DispatchQueue.concurrentPerform(iterations: 3) { index in
            if index == 0 {
                for number in 1...300_000 as ClosedRange<UInt64> { latest.set(Sample(number)) }
                isDone.store(true, ordering: .releasing)
                return
            }
            var last: UInt64 = 0
            while !isDone.load(ordering: .acquiring) {
                let sample = latest.value
                if sample != Sample(sample.number) || sample.number < last { faults.add(1, ordering: .relaxed) }
                last = sample.number
            }
        }
        #expect(faults.load(ordering: .relaxed) == 0)
        #expect(latest.value == Sample(300_000))
    }
}
