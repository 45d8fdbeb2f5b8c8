import Engine
import Synchronization

@testable import Settlement

/// Batches made of their numbers, and slots that survive the poster.
final class FakeStore: BatchStore {
    struct State {
        var count: UInt64
        var salt: UInt8 = 0
        /// Batches that are kept no longer.
        var prunedCount: UInt64 = 0
        var slots: [UInt64: PostingSlot] = [:]
        var milestones: [UInt64: BatchMilestone] = [:]
        /// How often each batch was read whole.
        var reads: [UInt64: Int] = [:]
    }

    let state: Mutex<State>
    /// Called before and after everything that is written; throws when the process is killed there.
    let fault: @Sendable () throws -> Void

    init(count: UInt64, salt: UInt8 = 0, fault: @escaping @Sendable () throws -> Void = {}) {
        state = Mutex(State(count: count, salt: salt))
        self.fault = fault
    }

    static func batch(_ number: UInt64, salt: UInt8 = 0) -> PostableBatch {
        PostableBatch(
            number: number, inboxEnd: 3 * number, firstTimeMs: 1_000_000_000, lastTimeMs: 1_000_000_001,
            // Long enough that a blob can be cheaper.
            data: [1, UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8), salt]
                + [UInt8](repeating: 7, count: 3_000),
            stateRoot: keccak256([UInt8(truncatingIfNeeded: number), salt]),
            inboxAccumulator: FakeL1.accumulator(3 * number, salt: 0))
    }

    func postableBatch(_ number: UInt64) async throws -> PostableBatch? {
        try state.withLock { state in
            if number < state.prunedCount { throw PosterError.batchNotKept(number: number) }
            if number < state.count { state.reads[number, default: 0] += 1 }
            return number < state.count ? Self.batch(number, salt: state.salt) : nil
        }
    }

    func note(_ milestone: BatchMilestone, batch number: UInt64, transaction: Hash256) async throws {
        state.withLock { $0.milestones[number] = milestone }
    }

    func postingSlots() async throws -> [PostingSlot] {
        // What a process knows by its own clock is not kept.
        state.withLock { $0.slots.values.sorted { $0.nonce < $1.nonce } }.map {
            PostingSlot(nonce: $0.nonce, call: $0.call, gasLimit: $0.gasLimit, fees: $0.fees, hashes: $0.hashes)
        }
    }

    func record(_ slots: [PostingSlot]) async throws {
        try fault()
        state.withLock { state in for slot in slots { state.slots[slot.nonce] = slot } }
        try fault()
    }

    func forgetSlots(below nonce: UInt64) async throws {
        state.withLock { state in state.slots = state.slots.filter { $0.key >= nonce } }
    }
}
