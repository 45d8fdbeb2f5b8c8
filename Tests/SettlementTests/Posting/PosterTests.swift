import BigInt
import Engine
import Logging
import Synchronization
import Testing

@testable import Settlement

@Suite struct PosterTests {
    private func poster(_ store: FakeStore, _ chain: FakeChain, clock: @escaping @Sendable () -> Double = { 0 }) -> Poster {
        var rules = Poster.Rules()
        rules.pollSeconds = 0.001
        rules.lookSeconds = 0.01
        return Poster(store: store, chain: chain, rules: rules, logger: .silent, clock: clock)
    }

    /// Steps, with a block after each, until all is done.
    private func finish(_ poster: Poster, _ chain: FakeChain) async throws {
        for _ in 0..<200 {
            if try await poster.step() == .idle { return }
            chain.state.withLock { $0.l1.mine() }
        }
        Issue.record("the poster does not come to its end")
    }

    private func expectComplete(_ chain: FakeChain, count: Int) {
        chain.state.withLock { state in
            let contract = state.l1.head.state
            #expect(contract.batches.map(\.data) == (0..<UInt64(count)).map { FakeStore.batch($0).data })
            #expect(contract.claims.map(\.root) == (0..<UInt64(count)).map { FakeStore.batch($0).stateRoot })
            #expect(contract.refusals == [])
        }
    }

    @Test func `posts several batches into one block, and claims them when they are settled`() async throws {
        let chain = FakeChain()
        let store = FakeStore(count: 4)
        let poster = poster(store, chain)
        #expect(try await poster.step() == .waiting(.init(sent: (0..<4).map { .post($0) }, inFlight: 4)))
        chain.state.withLock { $0.l1.mine() }
        #expect(chain.state.withLock { $0.l1.head.state.batches.count } == 4)
        #expect(
            try await poster.step() == .waiting(.init(included: (0..<4).map { .post($0) }, gasUsed: 4 * FakeL1.gasOfCall)),
            "not settled yet")
        chain.state.withLock { $0.l1.mine() }
        _ = try await poster.step()
        chain.state.withLock { $0.l1.mine() }
        #expect(try await poster.step() == .waiting(.init(sent: (0..<4).map { .claim($0) }, inFlight: 4)))
        try await finish(poster, chain)
        expectComplete(chain, count: 4)
        #expect(store.state.withLock { $0.milestones } == [0: .claimed, 1: .claimed, 2: .claimed, 3: .claimed])
    }

    @Test func `takes bonds back once they are free`() async throws {
        let chain = FakeChain()
        let poster = poster(FakeStore(count: 12), chain)
        try await finish(poster, chain)
        for _ in 0..<40 {
            chain.state.withLock { $0.l1.mine() }
            _ = try await poster.step()
        }
        chain.state.withLock { #expect($0.l1.head.state.claims.allSatisfy { $0.bond == 0 }) }
        #expect(try await poster.step() == .idle)
        expectComplete(chain, count: 12)
    }

    @Test func `a successor goes on with what was written and perhaps sent`() async throws {
        let chain = FakeChain()
        let store = FakeStore(count: 3)
        _ = try await poster(store, chain).step()
        // Killed; more batches wait now, and one of the transactions never arrived.
        store.state.withLock { $0.count = 6 }
        chain.state.withLock { $0.l1.pool[1] = nil }
        try await finish(poster(store, chain), chain)
        expectComplete(chain, count: 6)
        #expect(chain.state.withLock { $0.callsByNonce.values.allSatisfy { $0.count == 1 } })
    }

    @Test func `raises fees by an eighth while L1 goes on without it, up to the ceiling`() async throws {
        let chain = FakeChain()
        let seconds = Mutex<Double>(0)
        let poster = poster(FakeStore(count: 1), chain) { seconds.withLock { $0 } }
        _ = try await poster.step()
        let first = try #require(chain.state.withLock { $0.l1.pool[0] }).fees
        // No block: no reason.
        seconds.withLock { $0 += 31 }
        _ = try await poster.step()
        #expect(chain.state.withLock { $0.l1.pool[0]?.fees } == first)
        chain.state.withLock { $0.l1.mine(baseFee: 1_000) }
        #expect(try await poster.step() == .waiting(.init(sent: [.post(0)], inFlight: 1)))
        #expect(chain.state.withLock { $0.l1.pool[0]?.fees } == Fees(tip: 12, cap: 2_010))
        chain.state.withLock { $0.l1.mine(baseFee: 10_000_000_000_000) }
        seconds.withLock { $0 += 31 }
        _ = try await poster.step()
        #expect(chain.state.withLock { $0.l1.pool[0]?.fees.cap } == FeePolicy().maxFeePerGasCeiling)
        try await finish(poster, chain)
        expectComplete(chain, count: 1)
    }

    @Test func `a reorganisation gives back batches, which come again under their nonces`() async throws {
        for lose in [true, false] {
            let chain = FakeChain()
            let seconds = Mutex<Double>(0)
            let poster = poster(FakeStore(count: 5), chain) { seconds.withLock { $0 } }
            try await finish(poster, chain)
            chain.state.withLock { $0.l1.reorganise(depth: 10, lose: lose) }
            #expect(chain.state.withLock { $0.l1.head.state.batches.isEmpty })
            seconds.withLock { $0 += 5 }
            try await finish(poster, chain)
            expectComplete(chain, count: 5)
            #expect(chain.state.withLock { $0.l1.head.state.nonce } == 10)
        }
    }

    @Test func `fills the nonces of calls that are not needed any more`() async throws {
        let chain = FakeChain()
        let store = FakeStore(count: 3)
        let poster = poster(store, chain)
        _ = try await poster.step()
        chain.state.withLock { $0.l1.useNonceElsewhere() }
        // The first batch lost its nonce, so all do; it takes two blocks to believe that.
        guard case .waiting(let doubtful) = try await poster.step() else { return #expect(Bool(false)) }
        #expect(doubtful.sent == [])
        chain.state.withLock { $0.l1.mine(transactionsMax: 0) }
        guard case .waiting(let sure) = try await poster.step() else { return #expect(Bool(false)) }
        #expect(sure.sent == [.post(0), .post(1), .post(2)])
        try await finish(poster, chain)
        expectComplete(chain, count: 3)
    }

    @Test func `refuses batches that are not those on L1`() async throws {
        let chain = FakeChain()
        try await finish(poster(FakeStore(count: 2), chain), chain)
        let other = poster(FakeStore(count: 5, salt: 1), chain)
        await #expect(throws: PosterError.self) { try await other.step() }
        await #expect(throws: PosterError.self) { try await other.step() }
        #expect(chain.state.withLock { $0.l1.head.state.batches.count } == 2)
        #expect(await other.finalCount == nil, "nothing may be forgotten for it")
    }

    @Test func `posts nothing behind batches that the store has lost`() async throws {
        let chain = FakeChain()
        try await finish(poster(FakeStore(count: 4), chain), chain)
        let store = FakeStore(count: 2)
        let poster = poster(store, chain)
        await #expect(throws: PosterError.batchNotKept(number: 3)) { try await poster.check() }
        await #expect(throws: PosterError.batchNotKept(number: 3)) { try await poster.step() }
        // The node goes on from where its files end, and comes to the number that is next on L1.
        store.state.withLock {
            $0.salt = 1
            $0.count = 6
        }
        await #expect(throws: PosterError.self) { try await poster.step() }
        #expect(chain.state.withLock { $0.l1.head.state.batches.count } == 4)
    }

    @Test func `posts nothing whose inbox messages L1 does not have, or has no longer`() async throws {
        let chain = FakeChain()
        let store = FakeStore(count: 3)
        let poster = poster(store, chain)
        chain.state.withLock { $0.l1.alter { $0.inboxCount = 5 } }
        await #expect(throws: PosterError.inboxGone(number: 2, consumed: 6, onL1: 5)) { try await poster.step() }
        chain.state.withLock { $0.l1.alter { $0.inboxSalt = 9 } }
        await #expect(throws: PosterError.inboxChanged(number: 0, consumed: 0)) { try await poster.step() }
        // They come back.
        chain.state.withLock {
            $0.l1.alter {
                $0.inboxSalt = 0
                $0.inboxCount = 6
            }
        }
        try await finish(poster, chain)
        expectComplete(chain, count: 3)
    }

    /// The batch was in flight when the inbox changed below it: what is on L1 then is not what the state comes from.
    @Test func `claims no state after bytes whose inbox L1 has changed`() async throws {
        let chain = FakeChain()
        let poster = poster(FakeStore(count: 1), chain)
        _ = try await poster.step()
        chain.state.withLock {
            $0.l1.alter { $0.inboxSalt = 9 }
            for _ in 0..<5 { $0.l1.mine() }
        }
        await #expect(throws: PosterError.self) { try await poster.step() }
        await #expect(throws: PosterError.self) { try await poster.step() }
        chain.state.withLock { #expect($0.l1.head.state.batches.count == 1 && $0.l1.head.state.claims.isEmpty) }
    }

    @Test(.timeLimit(.minutes(15))) func `ends when the rollup is halted, and goes on after failures`() async throws {
        let failures = Mutex(2)
        let chain = FakeChain { () throws(EthereumError) in
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw .timedOut(url: "fake", seconds: 1) }
        }
        let poster = poster(FakeStore(count: 2), chain)
        let task = Task { await poster.run() }
        while chain.state.withLock({ $0.l1.head.state.claims.count }) < 2 {
            chain.state.withLock { $0.l1.mine() }
            try await Task.sleep(for: .milliseconds(2))
        }
        chain.state.withLock {
            $0.l1.alter { $0.isHalted = true }
            for _ in 0..<3 { $0.l1.mine() }
        }
        await task.value
        expectComplete(chain, count: 2)
    }

    @Test func `takes no new orders from a backlog on, and again when it is well below`() {
        let limits = BacklogLimits(ageMs: 1_000, bytes: 1_000)
        func isExceeded(ageMs: UInt64, bytes: UInt64, before: Bool) -> Bool {
            limits.isExceeded(Backlog(batches: 1, bytes: bytes, oldestTimeMs: 50_000), nowMs: 50_000 + ageMs, wasExceeded: before)
        }
        #expect(!isExceeded(ageMs: 1_000, bytes: 1_000, before: false))
        #expect(isExceeded(ageMs: 1_004, bytes: 0, before: false) && isExceeded(ageMs: 0, bytes: 1_004, before: false))
        #expect(isExceeded(ageMs: 800, bytes: 0, before: true) && !isExceeded(ageMs: 750, bytes: 750, before: true))
        #expect(Backlog(oldestTimeMs: nil).ageMs(at: 5) == 0 && Backlog(oldestTimeMs: 9).ageMs(at: 5) == 0)
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
