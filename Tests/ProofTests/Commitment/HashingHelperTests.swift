import Glibc
import Synchronization
import Testing

@testable import Proof

@Suite struct HashingHelperTests {
    /// The helper is offered every piece once, whoever takes it, job after job.
    @Test func doesEveryPieceOnce() {
        let helper = HashingHelper()
        for round in 0..<2000 {
            let count = round % 17
            let done = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1)
            defer { done.deallocate() }
            done.initialize(repeating: 0, count: count + 1)
            helper.run(count: count) { piece, worker in
                precondition(worker == 0 || worker == 1)
                done[piece] += 1
            }
            #expect((0..<count).allSatisfy { done[$0] == 1 } && done[count] == 0)
        }
    }

    /// A helper that keeps its caller waiting, as one does that lost its core, is left out of the next jobs and then asked again.
    @Test func restsAfterBeingLate() {
        let helper = HashingHelper()
        runTogether(helper)
        for _ in 0..<HashingHelper.restRuns {
            helper.run(count: 2) { _, worker in #expect(worker == 0) }
        }
        runTogether(helper)
    }

    /// Two pieces, of which the caller keeps one until the helper has begun the other, which it is late with. Does not return if the helper is left out.
    private func runTogether(_ helper: HashingHelper) {
        let hasBegun = Atomic<Bool>(false)
        helper.run(count: 2) { _, worker in
            if worker == 1 {
                hasBegun.store(true, ordering: .releasing)
                let start = ContinuousClock.now
                while start.duration(to: .now) < .milliseconds(20) {}
            } else {
                while !hasBegun.load(ordering: .acquiring) { sched_yield() }
            }
        }
    }
}
