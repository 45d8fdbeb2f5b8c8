import Synchronization

/// Counters since the start of the process. Each is written by one thread and may be read by any.
package final class NodeStatistics: Sendable {
    package let batchesAdmitted = Atomic<UInt64>(0)
    package let batchesRefused = Atomic<UInt64>(0)
    package let commands = Atomic<UInt64>(0)
    package let commandsRejected = Atomic<UInt64>(0)
    package let ordersPlaced = Atomic<UInt64>(0)
    package let cancels = Atomic<UInt64>(0)
    package let fills = Atomic<UInt64>(0)
    package let deposits = Atomic<UInt64>(0)
    package let withdrawals = Atomic<UInt64>(0)
    package let queries = Atomic<UInt64>(0)
    package let groups = Atomic<UInt64>(0)
    package let journalBytes = Atomic<UInt64>(0)
    package let blocksClosed = Atomic<UInt64>(0)
    package let blocksSealed = Atomic<UInt64>(0)
    package let batchesCut = Atomic<UInt64>(0)
    package let batchBytes = Atomic<UInt64>(0)
    package let checkpoints = Atomic<UInt64>(0)

    package init() {}
}

extension Atomic where Value == UInt64 {
    /// Adds, for a counter that only this thread writes.
    func add(_ amount: UInt64) { store(load(ordering: .relaxed) &+ amount, ordering: .relaxed) }

    package var value: UInt64 { load(ordering: .relaxed) }
}
