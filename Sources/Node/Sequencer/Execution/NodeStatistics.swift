import Engine
import Synchronization

/// Counters since the start of the process. Each is written by one thread and may be read by any.
package final class NodeStatistics: Sendable {
    package let batchesAdmitted = Atomic<UInt64>(0)
    package let batchesRefused = Atomic<UInt64>(0)
    package let commands = Atomic<UInt64>(0)
    package let commandsRejected = Atomic<UInt64>(0)
    package let ordersPlaced = Atomic<UInt64>(0)
    package let cancels = Atomic<UInt64>(0)
    /// Orders that went or shrank otherwise than by a fill or a cancel command.
    package let reductions = Atomic<UInt64>(0)
    package let modifies = Atomic<UInt64>(0)
    package let triggersPlaced = Atomic<UInt64>(0)
    package let triggersFired = Atomic<UInt64>(0)
    /// Trades of opening auctions.
    package let auctionTrades = Atomic<UInt64>(0)
    /// Markets whose opening auction is over.
    package let marketsOpened = Atomic<UInt64>(0)
    /// Unsigned envelopes that the exchange took: sessions of accounts that asked to have their orders cancelled then.
    package let sessionsEnded = Atomic<UInt64>(0)
    package let fills = Atomic<UInt64>(0)
    package let deposits = Atomic<UInt64>(0)
    package let withdrawals = Atomic<UInt64>(0)
    package let queries = Atomic<UInt64>(0)
    /// Records of the log of events that were read back and were not as they had been written. Any thread counts.
    package let eventRecordsDamaged = Atomic<UInt64>(0)
    package let groups = Atomic<UInt64>(0)
    package let journalBytes = Atomic<UInt64>(0)
    /// Longest step of the executor's thread, and longest time that the journal's mover wrote without a break.
    package let executorLongestStepMs = Atomic<UInt64>(0)
    package let journalLongestWriteMs = Atomic<UInt64>(0)
    package let blocksClosed = Atomic<UInt64>(0)
    package let blocksSealed = Atomic<UInt64>(0)
    /// Times that commands waited in the input ring because the open block was full and the sealer had its queue full.
    package let sealWaits = Atomic<UInt64>(0)
    package let batchesCut = Atomic<UInt64>(0)
    package let batchBytes = Atomic<UInt64>(0)
    package let checkpoints = Atomic<UInt64>(0)
    /// Checkpoints that could not be written, or folded. Two threads count.
    package let checkpointsFailed = Atomic<UInt64>(0)
    /// Whole checkpoints made of increments.
    package let checkpointsFolded = Atomic<UInt64>(0)
    /// What the sealer spent on checkpoints instead of blocks, and the most without a break.
    package let checkpointMicroseconds = Atomic<UInt64>(0)
    package let checkpointSliceMicrosecondsMax = Atomic<UInt64>(0)

    package init() {}

    /// Counts what one batch, or the opening of one block, caused.
    func count(_ events: UnsafeBufferPointer<Event>) {
        var tally = InlineArray<32, UInt64>(repeating: 0)
        var results: UInt64 = 0
        for event in events {
            tally[Int(event.kind) & 31] += 1
            if event.isResult { results += 1 }
        }
        commands.add(results)
        func add(_ kind: UInt8, to counter: borrowing Atomic<UInt64>, sidesOfEach: UInt64 = 1) {
            counter.add(tally[Int(kind)] / sidesOfEach)
        }
        add(Event.Kind.placed, to: ordersPlaced)
        add(Event.Kind.fill, to: fills)
        add(Event.Kind.cancelled, to: cancels)
        add(Event.Kind.rejected, to: commandsRejected)
        add(Event.Kind.deposited, to: deposits)
        add(Event.Kind.withdrawn, to: withdrawals)
        add(Event.Kind.reduced, to: reductions)
        add(Event.Kind.modified, to: modifies)
        add(Event.Kind.triggerPlaced, to: triggersPlaced)
        add(Event.Kind.triggered, to: triggersFired)
        add(Event.Kind.auctionFill, to: auctionTrades, sidesOfEach: 2)
        add(Event.Kind.marketOpened, to: marketsOpened)
    }
}

extension Atomic where Value == UInt64 {
    /// Adds, for a counter that only this thread writes.
    func add(_ amount: UInt64) { store(load(ordering: .relaxed) &+ amount, ordering: .relaxed) }

    /// Keeps the larger, for a counter that only this thread writes.
    func raise(to amount: UInt64) { store(Swift.max(load(ordering: .relaxed), amount), ordering: .relaxed) }

    package var value: UInt64 { load(ordering: .relaxed) }
}
