import Testing

@testable import Gateway

@Suite struct InPlaceStepsTests {
    @Test func littleWaitsForTheEndOfTheRound() {
        var steps = InPlaceSteps()
        #expect((steps.endWait()) == false)
        #expect((steps.mayWait(ringBytes: 200, at: 5_000_000)) == true)
        #expect(steps.isWaiting && !steps.isOverdue(at: 5_050_000))
        #expect((steps.endWait()) == true)
        #expect(!steps.isWaiting)
        #expect((steps.endWait()) == false)
    }

    @Test func muchDoesNotWait() {
        var steps = InPlaceSteps()
        #expect((steps.mayWait(ringBytes: InPlaceSteps.ringBytesMax, at: 5_000_000)) == true)
        #expect((steps.mayWait(ringBytes: InPlaceSteps.ringBytesMax + 1, at: 5_000_010)) == false)
        // What waited goes with it.
        #expect(!steps.isWaiting)
    }

    /// Counted from the first that waits, so that a stream of small ones does not put it off.
    @Test func nothingWaitsForLong() {
        var steps = InPlaceSteps()
        let began: UInt64 = 5_000_000
        #expect((steps.mayWait(ringBytes: 200, at: began)) == true)
        #expect((steps.mayWait(ringBytes: 400, at: began + InPlaceSteps.waitNsMax)) == true)
        #expect(steps.isOverdue(at: began + InPlaceSteps.waitNsMax + 1))
        #expect((steps.mayWait(ringBytes: 600, at: began + InPlaceSteps.waitNsMax + 1)) == false)
        #expect(!steps.isOverdue(at: began + InPlaceSteps.waitNsMax + 1))
        #expect((steps.mayWait(ringBytes: 200, at: began + InPlaceSteps.waitNsMax + 2)) == true)
    }

    @Test func stepsTakeHalfOfTheTimeAtMost() {
        var steps = InPlaceSteps()
        steps.stepped(fromNs: 5_000_000, toNs: 5_400_000)
        #expect((steps.mayWait(ringBytes: 200, at: 5_799_999)) == false)
        #expect((steps.mayWait(ringBytes: 200, at: 5_800_000)) == true)
    }

    /// How many of 100 batches, `everyNs` apart, would be worked on in place.
    private func inPlaceCount(everyNs: UInt64) -> Int {
        var steps = InPlaceSteps()
        return (1...100 as ClosedRange<UInt64>).count { number in
            let isPutOff = steps.mayWait(ringBytes: 200, at: number * everyNs)
            _ = steps.endWait()
            return isPutOff
        }
    }

    @Test func aStreamOfBatchesIsTheExecutorsThreads() {
        #expect(inPlaceCount(everyNs: 400_000) == 100)
        #expect((10...30).contains(inPlaceCount(everyNs: 100_000)))
    }

    @Test func afterASilenceTheyAreDoneInPlaceAgain() {
        var steps = InPlaceSteps()
        for number in 1...100 as ClosedRange<UInt64> { _ = steps.mayWait(ringBytes: 200, at: number * 100_000) }
        _ = steps.endWait()
        // Seconds count as a millisecond each.
        let isPutOff = (1...4 as ClosedRange<UInt64>).map { steps.mayWait(ringBytes: 200, at: $0 * 1_000_000_000) }
        #expect(isPutOff.contains(true))
    }
}
