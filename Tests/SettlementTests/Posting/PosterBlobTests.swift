import BigInt
import Engine
import Logging
import Synchronization
import Testing

@testable import Settlement

/// Batches in blobs, among pools that keep transactions with blobs apart.
@Suite final class PosterBlobTests: Sendable {
    /// What L1 asks for blob gas when blobs are cheap, and when they are dear.
    private static let cheap: BigUInt = 1
    private static let dear: BigUInt = 1_000

    private let chain = FakeChain()
    private let seconds = Mutex<Double>(0)

    private func poster(_ store: FakeStore, carrier: BatchCarrier = .price) -> Poster {
        var rules = Poster.Rules()
        rules.carrier = carrier
        return Poster(store: store, chain: chain, rules: rules, logger: .silent) { [self] in seconds.withLock { $0 } }
    }

    private func set(blobBaseFee: BigUInt?) { chain.state.withLock { $0.l1.blobBaseFee = blobBaseFee } }
    private func mine() { chain.state.withLock { $0.l1.mine() } }
    private var pool: FakeL1.Pool { chain.state.withLock { $0.l1.pool } }

    /// L1 at a block, with batches on it.
    private static func look(block: UInt64, batches: UInt64, nonces: ClosedRange<UInt64>, blobBaseFee: BigUInt?) throws -> L1Look {
        let progress = RollupProgress(
            l1Block: block, l1Time: 1, inboxCount: 0, inboxConsumed: 0, batchCount: batches, claimCount: 0, finalCount: 0, haltedAt: nil)
        return L1Look(
            block: L1Block(number: block, hash: .zero, timestamp: 1, baseFeePerGas: 100), nonce: nonces.lowerBound,
            pendingNonce: nonces.upperBound, tip: 10, blobBaseFee: blobBaseFee, progress: progress, settled: progress,
            parameters: try RollupParameters(fakeBond: 0))
    }

    private func finish(_ poster: Poster) async throws {
        for _ in 0..<200 {
            if try await poster.step() == .idle { return }
            mine()
            seconds.withLock { $0 += 13 }
        }
        Issue.record("the poster does not come to its end")
    }

    private func expectComplete(_ ways: [Bool]) {
        chain.state.withLock { state in
            let contract = state.l1.head.state
            #expect(contract.batches.map(\.isInBlob) == ways)
            #expect(contract.batches.map(\.data) == ways.indices.map { FakeStore.batch(UInt64($0)).data })
            #expect(contract.claims.map(\.root) == ways.indices.map { FakeStore.batch(UInt64($0)).stateRoot })
            #expect(contract.refusals == [])
            #expect(state.callsByNonce.values.allSatisfy { $0.count == 1 })
        }
    }

    @Test func `posts in blobs while those cost less, and claims between them`() async throws {
        set(blobBaseFee: Self.cheap)
        let store = FakeStore(count: 3)
        let poster = poster(store)
        #expect(try await poster.step() == .waiting(.init(sent: (0..<3).map { .post($0) }, inFlight: 3)))
        #expect(pool.kinds == [.blob])
        // More of them may follow at once; claims wait until none of these is in flight.
        store.state.withLock { $0.count = 4 }
        _ = try await poster.step()
        #expect(pool.nonces == [0, 1, 2, 3] && pool.kinds == [.blob])
        mine()
        _ = try await poster.step()
        mine()
        store.state.withLock { $0.count = 6 }
        _ = try await poster.step()
        #expect(pool.nonces == [4, 5] && pool.kinds == [.blob], "nothing is settled yet")
        chain.state.withLock { $0.l1.mine(transactionsMax: 0) }
        store.state.withLock { $0.count = 7 }
        _ = try await poster.step()
        #expect(pool.nonces == [4, 5], "claims wait, so that no further batch goes before them")
        mine()
        guard case .waiting(let claims) = try await poster.step() else { return #expect(Bool(false)) }
        #expect(claims.sent == (0..<4).map { .claim($0) } && pool.kinds == [.plain])
        _ = try await poster.step()
        #expect(pool.kinds == [.plain], "the next batch waits for them")
        try await finish(poster)
        expectComplete([Bool](repeating: true, count: 7))
        let totals = await poster.totals
        #expect((totals.batchesInBlobs, totals.batchesAsCalldata) == (7, 0))
        #expect((totals.blobGas, totals.blobGasFees) == (7 * 131_072, 7 * 131_072), "1 wei a unit")
        #expect((totals.gas, totals.gasFees) == (14 * FakeL1.gasOfCall, BigUInt(100 * 14 * FakeL1.gasOfCall)), "claims as well")
    }

    @Test func `what waits for its turn is read once`() async throws {
        set(blobBaseFee: Self.cheap)
        let store = FakeStore(count: 2)
        let poster = poster(store)
        _ = try await poster.step()
        for _ in 0..<3 { mine() }
        _ = try await poster.step()
        #expect(pool.kinds == [.plain], "claims have their turn")
        store.state.withLock {
            $0.count = 5
            $0.reads = [:]
        }
        for _ in 0..<5 { _ = try await poster.step() }
        #expect(store.state.withLock { $0.reads } == [2: 1, 3: 1, 4: 1])
        try await finish(poster)
        expectComplete([Bool](repeating: true, count: 5))
    }

    @Test func `follows the price from one way to the other and back`() async throws {
        let store = FakeStore(count: 0)
        let poster = poster(store)
        for (count, price) in [(2, Self.dear), (4, Self.cheap), (5, Self.dear), (8, Self.cheap), (9, nil)] {
            set(blobBaseFee: price)
            store.state.withLock { $0.count = UInt64(count) }
            try await finish(poster)
        }
        expectComplete([false, false, true, true, false, true, true, true, false])
        #expect((await poster.totals.batchesAsCalldata, await poster.totals.batchesInBlobs) == (4, 5))
        // A successor, and one of another mind, find all of that to be theirs.
        try await self.poster(store).check()
        store.state.withLock { $0.count = 11 }
        try await finish(self.poster(store, carrier: .calldata))
        set(blobBaseFee: Self.dear)
        store.state.withLock { $0.count = 12 }
        try await finish(self.poster(store, carrier: .blob))
        expectComplete([false, false, true, true, false, true, true, true, false, false, false, true])
        set(blobBaseFee: nil)
        store.state.withLock { $0.count = 13 }
        await #expect(throws: PosterError.noBlobs) { try await self.poster(store, carrier: .blob).step() }
    }

    @Test func `the way may change while it runs: where the consensus node answers only later`() async throws {
        set(blobBaseFee: Self.cheap)
        let store = FakeStore(count: 2)
        let poster = poster(store, carrier: .calldata)
        try await finish(poster)
        await poster.post(as: .price)
        store.state.withLock { $0.count = 4 }
        try await finish(poster)
        expectComplete([false, false, true, true])
    }

    @Test func `the price decides at the size where both ways cost the same`() throws {
        func kind(bytes: Int, blobBaseFee: BigUInt?, carrier: BatchCarrier = .price) throws -> TransactionKind {
            let calldataGas = PostingGas.estimate(posting: [UInt8](repeating: 7, count: bytes), as: .plain)
            return carrier.kind(posting: [calldataGas], try Self.look(block: 1, batches: 0, nonces: 0...0, blobBaseFee: blobBaseFee))
        }
        // 16 gas a byte and 153,000 besides, against 112,000 gas and 131,072 units of blob gas.
        #expect(try kind(bytes: 1_000, blobBaseFee: 45) == .blob && kind(bytes: 1_000, blobBaseFee: 50) == .plain)
        #expect(try kind(bytes: 3_000, blobBaseFee: 70) == .blob && kind(bytes: 3_000, blobBaseFee: 80) == .plain)
        // Full batches: 40 gas a byte. Blobs are cheaper unless their gas costs 38 times as much as gas.
        #expect(try kind(bytes: 126_976, blobBaseFee: 4_000) == .blob && kind(bytes: 126_976, blobBaseFee: 4_300) == .plain)
        #expect(try kind(bytes: 126_976, blobBaseFee: nil) == .plain)
        #expect(try kind(bytes: 10, blobBaseFee: 4_000, carrier: .blob) == .blob)
        #expect(try kind(bytes: 126_976, blobBaseFee: 1, carrier: .calldata) == .plain)
    }

    @Test func `doubles all fees of a stuck blob transaction, after four times the patience`() async throws {
        set(blobBaseFee: Self.cheap)
        let poster = poster(FakeStore(count: 1))
        _ = try await poster.step()
        #expect(pool[0]?.fees == Fees(tip: 10, cap: 210, blobCap: 2))
        set(blobBaseFee: 3)
        mine()
        seconds.withLock { $0 += 119 }
        _ = try await poster.step()
        #expect(pool[0]?.fees.blobCap == 2)
        seconds.withLock { $0 += 1 }
        #expect(try await poster.step() == .waiting(.init(sent: [.post(0)], inFlight: 1)))
        #expect(pool[0]?.fees == Fees(tip: 20, cap: 420, blobCap: 6), "twice as much, or what L1 asks now")
        // Nothing but fees had to change for the next to go on.
        mine()
        try await finish(poster)
        expectComplete([true])
    }

    @Test func `what takes the place of given up blob transactions has blobs, too`() async throws {
        set(blobBaseFee: Self.cheap)
        let poster = poster(FakeStore(count: 3))
        _ = try await poster.step()
        chain.state.withLock { $0.l1.useNonceElsewhere() }
        _ = try await poster.step()
        chain.state.withLock { $0.l1.mine(transactionsMax: 0) }
        set(blobBaseFee: Self.dear)
        _ = try await poster.step()
        #expect(pool.nonces == [1, 2, 3] && pool.kinds == [.blob])
        try await finish(poster)
        chain.state.withLock { state in
            #expect(state.l1.head.state.batches.map(\.isInBlob) == [true, true, true])
            #expect(state.l1.head.state.claims.count == 3)
        }
    }

    @Test func `a nonce that is needed no more is filled by its own kind, before others go on`() throws {
        let fees = Fees(tip: 10, cap: 210, blobCap: 2)
        var machine = PostingMachine(slots: [
            PostingSlot(nonce: 1, call: .post(1), gasLimit: 300_000, fees: fees),
            PostingSlot(nonce: 2, call: .post(2), gasLimit: 300_000, fees: fees),
        ])
        // Somebody else has posted them.
        func look(block: UInt64) throws -> L1Look { try Self.look(block: block, batches: 3, nonces: 1...3, blobBaseFee: 1) }
        #expect(try !machine.look(look(block: 1), nowSeconds: 0).isTrusted)
        let outlook = try machine.look(look(block: 2), nowSeconds: 1)
        #expect(outlook.isReplacing && outlook.kind == .blob && outlook.admits(.plain, hasPosts: false, hasOthers: true) == .blob)
        let due = try machine.plan([], look(block: 2), nowSeconds: 1)
        #expect(due.map(\.nonce) == [1, 2] && due.allSatisfy { $0.call == .nothing })
        #expect(due.allSatisfy { $0.fees == Fees(tip: 20, cap: 420, blobCap: 4) })
        let after = try machine.look(look(block: 3), nowSeconds: 2)
        #expect(!after.isReplacing && after.admits(.plain, hasPosts: false, hasOthers: true) == nil, "claims wait for the fillers")
        // Whoever asks all the same gets no nonce.
        let wish = PostingMachine.Wish(call: .claim(0), kind: .plain, gasLimit: 1)
        #expect(try machine.plan([wish], look(block: 3), nowSeconds: 2).map(\.call) == [.nothing, .nothing] && machine.slots.count == 2)
    }

    @Test(arguments: [true, false]) func `goes on after a reorganisation across a change of kind, whatever the pool kept`(
        isLost: Bool
    ) async throws {
        chain.state.withLock { $0.l1.pool.gapped = .kept }
        set(blobBaseFee: Self.cheap)
        let store = FakeStore(count: 2)
        let poster = poster(store)
        _ = try await poster.step()
        for _ in 0..<3 { mine() }
        _ = try await poster.step()
        #expect(pool.kinds == [.plain] && pool.nonces == [2, 3], "claims wait behind batches in blobs")
        // The batches lose their blocks and do not come back: the pool has the account's claims.
        chain.state.withLock { $0.l1.reorganise(depth: 3, lose: isLost) }
        #expect(pool.nonces == [2, 3])
        _ = try await poster.step()
        #expect(pool.nonces == [2, 3], "refused")
        // For as long as a blob transaction may wait, a node may only be slow to forget.
        mine()
        seconds.withLock { $0 += 121 }
        _ = try await poster.step()
        #expect(pool.nonces.first == 0 && pool.kinds == [.plain], "the same call as calldata")
        for _ in 0..<2 {
            mine()
            seconds.withLock { $0 += 121 }
            _ = try await poster.step()
        }
        try await finish(poster)
        expectComplete([false, false])
    }
}
