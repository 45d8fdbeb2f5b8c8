import Synchronization

/// Bounded queue of values from one thread to one other, without locks.
///
/// Invariants: `taken <= put <= taken + capacity`; only the putting thread stores `put`, only the taking one `taken`; a slot belongs to the taker from when
/// `put` has passed it until `taken` has. Both operations are O(1).
package final class HandoverRing<Element>: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<Element?>
    private let put = Atomic<Int>(0)
    private let taken = Atomic<Int>(0)

    package init(capacity: Int) {
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: nil)
    }

    deinit {
        slots.deinitialize()
        slots.deallocate()
    }

    /// Adds a value behind the others; false if there is no room. The putting thread.
    package func tryPut(_ element: Element) -> Bool {
        let end = put.load(ordering: .relaxed)
        guard end - taken.load(ordering: .acquiring) < slots.count else { return false }
        slots[end % slots.count] = element
        put.store(end + 1, ordering: .releasing)
        return true
    }

    /// The oldest value, or nil. The taking thread.
    package func take() -> Element? {
        let start = taken.load(ordering: .relaxed)
        guard start < put.load(ordering: .acquiring) else { return nil }
        let element = slots[start % slots.count].take()
        taken.store(start + 1, ordering: .releasing)
        return element
    }

    /// Either thread; the other may change it meanwhile.
    package var isEmpty: Bool { taken.load(ordering: .acquiring) >= put.load(ordering: .acquiring) }
}
