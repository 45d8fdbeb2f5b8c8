import Engine
import Proof

/// The orders that rest on all books of the exchange, in the queues of their levels: flat records by slot, linked by slot numbers.
///
/// The slots are the engine's own (the low half of an order id), so nothing is searched, and the address space for as many as the engine can
/// have is reserved at once: 2 GiB, of which only touched pages cost memory (32 bytes for each slot ever used). One thread.
///
/// Invariants: a slot is in a queue exactly while its `lots` are not 0; within a queue stamps ascend.
final class OrderQueues {
    struct Slot {
        var next: UInt32
        var previous: UInt32
        var lots: UInt64
        /// Number of its arrival among all orders; ascends within a queue.
        var stamp: UInt64
        /// Upper half of the order's id.
        var generation: UInt32
        var reserved: UInt32
    }

    /// The two ends of a queue: slots, 0 if it is empty.
    struct Queue {
        var first: UInt32 = 0
        var last: UInt32 = 0
    }

    private let memory: ReservedMemory
    private let slots: UnsafeMutablePointer<Slot>
    /// Stamp of the newest order; in the slot that is never used.
    var stamp: UInt64 { slots.pointee.stamp }

    init() throws(ReservationFailed) {
        precondition(MemoryLayout<Slot>.stride == 32)
        memory = try ReservedMemory(byteCount: Layout.orderCapacity * MemoryLayout<Slot>.stride)
        slots = memory.base.bindMemory(to: Slot.self, capacity: Layout.orderCapacity)
    }

    subscript(slot: UInt32) -> Slot { slots[Int(slot)] }

    /// The id of the order in a slot.
    func id(_ slot: UInt32) -> UInt64 { UInt64(slots[Int(slot)].generation) << 32 | UInt64(slot) }

    /// The slot of a resting order; nil if it does not rest.
    @inline(__always)
    func slot(of id: UInt64) -> UInt32? {
        let slot = Int(id & 0xFFFF_FFFF)
        guard slot > 0, slot < Layout.orderCapacity, slots[slot].lots > 0, slots[slot].generation == UInt32(id >> 32) else { return nil }
        return UInt32(slot)
    }

    /// Puts a new order at the back of a queue. False if there can be no such order: its slot is taken, or none.
    @inline(__always)
    func append(_ id: UInt64, lots: UInt64, to queue: inout Queue) -> Bool {
        let slot = Int(id & 0xFFFF_FFFF)
        guard slot > 0, slot < Layout.orderCapacity, slots[slot].lots == 0, lots > 0 else { return false }
        slots.pointee.stamp += 1
        slots[slot] = Slot(next: 0, previous: queue.last, lots: lots, stamp: stamp, generation: UInt32(id >> 32), reserved: 0)
        if queue.last == 0 { queue.first = UInt32(slot) } else { slots[Int(queue.last)].next = UInt32(slot) }
        queue.last = UInt32(slot)
        return true
    }

    /// Takes lots off a resting order of a queue, and the order out of it if none are left. False if it does not rest or this does not leave
    /// `remaining`.
    @inline(__always)
    func take(_ lots: UInt64, from id: UInt64, remaining: UInt64, in queue: inout Queue) -> Bool {
        guard let slot = slot(of: id), slots[Int(slot)].lots &- lots == remaining else { return false }
        slots[Int(slot)].lots = remaining
        guard remaining == 0 else { return true }
        let (next, previous) = (slots[Int(slot)].next, slots[Int(slot)].previous)
        if previous == 0 { queue.first = next } else { slots[Int(previous)].next = next }
        if next == 0 { queue.last = previous } else { slots[Int(next)].previous = previous }
        return true
    }
}
