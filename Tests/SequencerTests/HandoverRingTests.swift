import Foundation
import Synchronization
import Testing

@testable import Sequencer

/// What one thread hands to one other.
@Suite struct HandoverRingTests {
    private final class Box: Sendable {
        let value: Int

        init(_ value: Int) { self.value = value }
    }

    @Test func aFullRingRefusesAndAnEmptyOneHasNothing() {
        let ring = HandoverRing<Int>(capacity: 3)
        for round in 0..<10 {
            #expect(ring.isEmpty && ring.take() == nil)
            for value in 0..<3 { #expect(ring.tryPut(round + value)) }
            #expect(!ring.tryPut(99) && !ring.isEmpty)
            for value in 0..<3 { #expect(ring.take() == round + value) }
        }
    }

    /// What was taken, or is dropped with the ring, is let go of.
    @Test func valuesAreReleased() {
        weak var taken: Box?
        weak var left: Box?
        do {
            let ring = HandoverRing<Box>(capacity: 2)
            let (first, second) = (Box(1), Box(2))
            (taken, left) = (first, second)
            #expect(ring.tryPut(first) && ring.tryPut(second))
            #expect(ring.take()?.value == 1)
        }
        #expect(taken == nil && left == nil)
    }

    @Test func anotherThreadTakesAllInOrder() {
        let ring = HandoverRing<Box>(capacity: 16)
        let count = 50_000
        let giver = Thread {
            for value in 0..<count { while !ring.tryPut(Box(value)) { sched_yield() } }
        }
        giver.start()
        var expected = 0
        while expected < count {
            guard let box = ring.take() else {
                sched_yield()
                continue
            }
            if box.value != expected { Issue.record("\(box.value) in place of \(expected)") }
            expected += 1
        }
        #expect(ring.isEmpty)
    }
}
