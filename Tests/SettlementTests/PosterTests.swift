import BigInt
import Engine
import Logging
import Signing
import Synchronization
import Testing

@testable import Settlement

/// The contract's rules about batches and claims, in memory, with failures on demand.
final class FakeChain: PostingChain {
    struct State {
        var batches: [(inboxEnd: UInt64, data: [UInt8], hash: Hash256)] = []
        var claims: [Claim] = []
        var finalCount: UInt64 = 0
        var halted = false
        /// Fail the submission after this many calls; the calls before it stand.
        var failAfter: Int?
        /// The failure comes although the call was included: its answer got lost.
        var includesFailing = false
    }

    static let bond = BigUInt(1_000)
    let state = Mutex(State())

    func progress() async throws(EthereumError) -> RollupProgress {
        state.withLock { state in
            RollupProgress(
                l1Block: 1, l1Time: 1, inboxCount: 100, inboxConsumed: state.batches.last?.inboxEnd ?? 0,
                batchCount: UInt64(state.batches.count), claimCount: UInt64(state.claims.count), finalCount: state.finalCount,
                haltedAt: state.halted ? 1 : nil)
        }
    }

    func batch(_ number: UInt64) async throws(EthereumError) -> PostedBatch {
        let batch = state.withLock { $0.batches[Int(number)] }
        var reader = ABIReader(ABI.encode([.bytes32(batch.hash), .uint(batch.inboxEnd), .uint(UInt64(1))]))
        do { return try PostedBatch(&reader) } catch { throw .malformedReply(method: "fake", detail: "\(error)") }
    }

    func claim(_ number: UInt64) async throws(EthereumError) -> Claim { state.withLock { $0.claims[Int(number)] } }
    func claimBond() async throws(EthereumError) -> BigUInt { Self.bond }
    func inboxAccumulator(count: UInt64) async throws(EthereumError) -> Hash256 { Self.accumulator(count) }

    private static func accumulator(_ count: UInt64) -> Hash256 { keccak256([0xAC, UInt8(count)]) }

    func submit(_ calls: [RollupCall]) async throws(EthereumError) -> [Receipt] {
        for (position, call) in calls.enumerated() {
            let fails = state.withLock { state in
                defer { if state.failAfter == position { state.failAfter = nil } }
                return state.failAfter == position
            }
            if fails {
                if state.withLock({ $0.includesFailing }) { try apply(call) }
                throw .timedOut(url: "fake", seconds: 1)
            }
            try apply(call)
        }
        return []
    }

    private func apply(_ call: RollupCall) throws(EthereumError) {
        let reason: String?
        do { reason = try state.withLock { state in try Self.apply(call, to: &state) } } catch {
            throw .malformedReply(method: call.name, detail: "\(error)")
        }
        if let reason { throw .reverted(reason: reason, data: []) }
    }

    private static func apply(_ call: RollupCall, to state: inout State) throws -> String? {
        var reader = ABIReader(call.data.dropFirst(4))
        let number: UInt64 = try reader.integer()
        switch call.name {
        case "post_batch":
            guard number == state.batches.count else { return "batches: out of order" }
            let end: UInt64 = try reader.integer()
            let times = (try reader.uint(), try reader.uint())
            let data = try reader.dynamicBytes()
            let hash = keccak256(
                ABI.encode([
                    .bytes32(state.batches.last?.hash ?? .zero), .uint(number), .uint(end), .bytes32(accumulator(end)), .uint(times.0),
                    .uint(times.1), .bytes32(keccak256(data)),
                ]))
            state.batches.append((end, data, hash))
        case "claim_state":
            guard number == state.claims.count else { return "batches: claim out of order" }
            guard number < state.batches.count else { return "batches: claim before its batch" }
            guard call.value == bond else { return "batches: wrong bond" }
            var claim = ABIReader(ABI.encode([.bytes32(try reader.hash()), .address(.zero), .uint(UInt64(1)), .uint(bond)]))
            state.claims.append(try Claim(&claim))
        case "reclaim_bond":
            guard number < state.finalCount else { return "batches: not final" }
            guard state.claims[Int(number)].bond != 0 else { return "batches: no bond to give back" }
            state.claims[Int(number)].bond = 0
        default: return "unknown call"
        }
        return nil
    }
}

final class FakeStore: BatchStore {
    let count: Mutex<UInt64>
    let salt: Mutex<UInt8>

    init(count: UInt64, salt: UInt8 = 0) {
        self.count = Mutex(count)
        self.salt = Mutex(salt)
    }

    static func batch(_ number: UInt64, salt: UInt8 = 0) -> PostableBatch {
        PostableBatch(
            number: number, inboxEnd: 3 * number, firstTimeMs: number, lastTimeMs: number + 1, data: [1, UInt8(number), salt],
            stateRoot: keccak256([UInt8(number), salt]))
    }

    func postableBatch(_ number: UInt64) async throws -> PostableBatch? {
        number < count.withLock { $0 } ? Self.batch(number, salt: salt.withLock { $0 }) : nil
    }

    func note(_ milestone: BatchMilestone, batch number: UInt64, transaction: Hash256) async throws {}
}

extension RollupCall {
    static func postBatch(_ batch: PostableBatch) -> RollupCall {
        .postBatch(
            number: batch.number, inboxEnd: batch.inboxEnd, firstTimeMs: batch.firstTimeMs, lastTimeMs: batch.lastTimeMs, data: batch.data)
    }
}

@Suite struct PosterTests {
    private func poster(_ store: FakeStore, _ chain: FakeChain) -> Poster {
        Poster(store: store, chain: chain, pollSeconds: 0.01, lookSeconds: 0.05, logger: Logger(label: "test"))
    }

    private func expectComplete(_ chain: FakeChain, count: Int) {
        chain.state.withLock { state in
            #expect(state.batches.map(\.data) == (0..<UInt64(count)).map { FakeStore.batch($0).data })
            #expect(state.claims.map(\.root) == (0..<UInt64(count)).map { FakeStore.batch($0).stateRoot })
        }
    }

    @Test func `posts and claims in order, then idles`() async throws {
        let chain = FakeChain()
        let store = FakeStore(count: 3)
        let poster = poster(store, chain)
        for number in 0..<UInt64(3) {
            #expect(try await poster.step() == .submitted(posted: number, claimed: [number], reclaimed: [], gasUsed: 0))
        }
        #expect(try await poster.step() == .idle)
        store.count.withLock { $0 = 4 }
        #expect(try await poster.step() == .submitted(posted: 3, claimed: [3], reclaimed: [], gasUsed: 0))
        expectComplete(chain, count: 4)
    }

    @Test(arguments: 0..<3, [true, false])
    func `a failure at any call, included or not, leads to no gap and no repetition`(position: Int, included: Bool) async throws {
        let chain = FakeChain()
        let store = FakeStore(count: 6)
        let poster = poster(store, chain)
        _ = try await poster.step()
        _ = try await poster.step()
        chain.state.withLock {
            $0.finalCount = 1
            $0.failAfter = position
            $0.includesFailing = included
        }
        await #expect(throws: EthereumError.self) { try await poster.step() }
        // A new process takes over.
        let successor = self.poster(store, chain)
        while try await successor.step() != .idle {}
        expectComplete(chain, count: 6)
        chain.state.withLock { #expect($0.claims.map(\.bond) == [0] + [BigUInt](repeating: FakeChain.bond, count: 5)) }
    }

    @Test func `takes bonds back once they are free`() async throws {
        let chain = FakeChain()
        let poster = poster(FakeStore(count: 12), chain)
        while try await poster.step() != .idle {}
        chain.state.withLock { $0.finalCount = 11 }
        #expect(try await poster.step() == .submitted(posted: nil, claimed: [], reclaimed: Array(0..<8), gasUsed: 0))
        #expect(try await poster.step() == .submitted(posted: nil, claimed: [], reclaimed: [8, 9, 10], gasUsed: 0))
        #expect(try await poster.step() == .idle)
    }

    @Test func `refuses batches that are not those on L1`() async throws {
        let chain = FakeChain()
        while try await poster(FakeStore(count: 2), chain).step() != .idle {}
        let other = poster(FakeStore(count: 5, salt: 1), chain)
        await #expect(throws: PosterError.self) { try await other.step() }
        #expect(chain.state.withLock { $0.batches.count } == 2)
    }

    /// The last of these batches was posted, then the power failed: the node's files end before it, and it made another one of that number.
    @Test func `claims no state after bytes that are not ours`() async throws {
        let chain = FakeChain()
        _ = try await poster(FakeStore(count: 1), chain).step()
        _ = try await chain.submit([.postBatch(FakeStore.batch(1, salt: 7))])
        let poster = poster(FakeStore(count: 3), chain)
        await #expect(throws: PosterError.self) { try await poster.step() }
        await #expect(throws: PosterError.self) { try await poster.step() }
        chain.state.withLock { #expect($0.batches.count == 2 && $0.claims.count == 1) }
    }

    @Test func `posts nothing behind batches that the store has lost`() async throws {
        let chain = FakeChain()
        while try await poster(FakeStore(count: 4), chain).step() != .idle {}
        let store = FakeStore(count: 2)
        let poster = poster(store, chain)
        await #expect(throws: PosterError.batchNotKept(number: 3)) { try await poster.check() }
        await #expect(throws: PosterError.batchNotKept(number: 3)) { try await poster.step() }
        // The node goes on from where its files end, and comes to the number that is next on L1.
        store.salt.withLock { $0 = 1 }
        store.count.withLock { $0 = 6 }
        await #expect(throws: PosterError.self) { try await poster.step() }
        #expect(chain.state.withLock { $0.batches.count } == 4)
    }

    @Test(.timeLimit(.minutes(2))) func `ends when the rollup is halted, and goes on after failures`() async throws {
        let chain = FakeChain()
        let poster = poster(FakeStore(count: 2), chain)
        chain.state.withLock { $0.failAfter = 0 }
        let task = Task { await poster.run() }
        while chain.state.withLock({ $0.claims.count }) < 2 { try await Task.sleep(for: .milliseconds(20)) }
        chain.state.withLock { $0.halted = true }
        await task.value
        expectComplete(chain, count: 2)
    }
}
