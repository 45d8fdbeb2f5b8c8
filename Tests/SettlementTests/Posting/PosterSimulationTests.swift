import BigInt
import Engine
import Foundation
import Logging
import SeededRandom
import Synchronization
import Testing

@testable import Settlement

/// Random streams of everything that happens to a poster. `MEMEX_SEED=7 MEMEX_STEPS=100000` repeats one stream or lengthens them.
@Suite struct PosterSimulationTests {
    private static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["MEMEX_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? [1, 2, 3, 4]
    private static let steps = ProcessInfo.processInfo.environment["MEMEX_STEPS"].flatMap { Int($0) } ?? 500

    /// Whatever is done to it, but for another user of its key: every batch is posted once and claimed once, in order, no nonce ever carries two
    /// calls, no transaction is refused by the contract, which would be gas for nothing, and batches that were final for long are never asked for again.
    @Test(arguments: seeds) func `posts everything once through faults, reorganisations and kills`(seed: UInt64) async throws {
        let simulation = Simulation(seed: seed, usesKeyElsewhere: false)
        try await simulation.run(steps: Self.steps)
        simulation.chain.state.withLock { state in
            #expect(state.l1.head.state.refusals == [], "seed \(seed)")
            #expect(state.callsByNonce.allSatisfy { $0.value.count == 1 }, "seed \(seed)")
            #expect(state.l1.head.state.nonce == state.l1.head.state.usedCalls, "seed \(seed)")
        }
    }

    /// Somebody else uses up nonces now and then: what was in flight then may be refused by the contract, but all ends well.
    @Test(arguments: seeds) func `goes on when somebody else uses the key`(seed: UInt64) async throws {
        let simulation = Simulation(seed: seed, usesKeyElsewhere: true)
        try await simulation.run(steps: Self.steps)
        simulation.chain.state.withLock { state in
            let refusals = state.l1.head.state.refusals
            #expect(refusals.count <= simulation.elsewhereCount.load(ordering: .relaxed) * 24, "seed \(seed): \(refusals)")
        }
    }
}

extension FakeL1.State {
    /// Posts, claims and bonds taken back: what nonces are there for.
    fileprivate var usedCalls: UInt64 { UInt64(batches.count + claims.count + claims.count { $0.bond == 0 }) }
}

/// A poster, a store and L1, and a generator that decides what goes wrong.
private final class Simulation: Sendable {
    private struct Killed: Error {}

    private struct Dice {
        var generator: SeededGenerator
        /// No faults any more: everything must come to its end.
        var isCalm = false

        mutating func oneIn(_ sides: Int) -> Bool { !isCalm && Int.random(in: 0..<sides, using: &generator) == 0 }
        mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    }

    private let seed: UInt64
    private let usesKeyElsewhere: Bool
    private let dice: Mutex<Dice>
    private let seconds = Mutex<Double>(0)
    private let isKilled = Mutex(false)
    let chain: FakeChain
    let store: FakeStore
    let elsewhereCount = Atomic<Int>(0)
    /// What was final at which block.
    private let final = Mutex<[(block: UInt64, count: UInt64)]>([])
    /// More blocks than reorganisations and a node that is behind undo together.
    private static let keptBlocks: UInt64 = 40

    init(seed: UInt64, usesKeyElsewhere: Bool) {
        self.seed = seed
        self.usesKeyElsewhere = usesKeyElsewhere
        let dice = Mutex(Dice(generator: SeededGenerator(seed: seed)))
        self.dice = dice
        let box = Box()
        chain = FakeChain { () throws(EthereumError) in try box.simulation?.failRequest() }
        store = FakeStore(count: 0) { try box.simulation?.killAtWrite() }
        box.set(self)
        chain.state.withLock { state in
            state.l1.blobBaseFee = 10
            state.l1.pool.gapped = seed % 2 == 0 ? .dropped : .kept
        }
    }

    /// The fakes are made before the simulation is.
    private final class Box: Sendable {
        private let held = Mutex<Weak>(Weak())
        private struct Weak { weak var simulation: Simulation? }
        var simulation: Simulation? { held.withLock { $0.simulation } }
        func set(_ simulation: Simulation) { held.withLock { $0.simulation = simulation } }
    }

    private func failRequest() throws(EthereumError) {
        let failure = dice.withLock { dice -> EthereumError? in
            guard dice.oneIn(60) else { return nil }
            switch dice.number(0...4) {
            case 0: return .cannotConnect(url: "fake", reason: "connection refused")
            case 1: return .timedOut(url: "fake", seconds: 1)
            case 2: return .httpStatus(url: "fake", status: 503, body: "")
            case 3: return .malformedReply(method: "fake", detail: "not JSON")
            default:
                isKilled.withLock { $0 = true }
                return .cannotConnect(url: "fake", reason: "killed")
            }
        }
        if let failure { throw failure }
    }

    private func killAtWrite() throws {
        guard dice.withLock({ $0.oneIn(80) }) else { return }
        isKilled.withLock { $0 = true }
        throw Killed()
    }

    private func makePoster() -> Poster {
        var rules = Poster.Rules()
        rules.machine.fees.bumpAfterSeconds = 60
        // An operator may change it at any start.
        rules.carrier = dice.withLock { $0.oneIn(4) ? BatchCarrier.allCases[$0.number(0...2)] : .price }
        return Poster(store: store, chain: chain, rules: rules, logger: .silent) {
            [weak self] in self?.seconds.withLock { $0 } ?? 0
        }
    }

    /// Forgets the batches that were final so many blocks ago.
    private func prune(_ finalCount: UInt64?) {
        let head = chain.state.withLock { $0.l1.head.header.number }
        final.withLock { final in
            if let finalCount { final.append((head, finalCount)) }
            while let first = final.first, first.block + Self.keptBlocks <= head {
                store.state.withLock { $0.prunedCount = max($0.prunedCount, first.count) }
                final.removeFirst()
            }
        }
    }

    /// What happens to the world between two steps.
    private func disturb() {
        dice.withLock { dice in
            if dice.oneIn(3) { store.state.withLock { $0.count += UInt64(dice.number(0...3)) } }
            seconds.withLock { $0 += Double(dice.number(1...12)) }
            chain.state.withLock { state in
                if dice.oneIn(2) {
                    let baseFee = dice.oneIn(8) ? dice.number(200...100_000) : dice.number(50...150)
                    state.l1.mine(transactionsMax: dice.number(0...6), baseFee: BigUInt(baseFee))
                }
                if dice.oneIn(25) { state.l1.reorganise(depth: dice.number(1...10), lose: dice.oneIn(2)) }
                if dice.oneIn(12), let nonce = state.l1.pool.nonces.randomElement(using: &dice.generator) {
                    state.l1.pool[nonce] = nil
                }
                // With 3,000 bytes a batch the ways cost the same at some 75.
                if dice.oneIn(6) { state.l1.blobBaseFee = BigUInt(dice.oneIn(10) ? dice.number(200...20_000) : dice.number(1...150)) }
                if dice.oneIn(20) { state.lag = dice.number(0...12) }
                if dice.oneIn(4) { state.lag = 0 }
                if usesKeyElsewhere, dice.oneIn(60) {
                    state.l1.useNonceElsewhere()
                    elsewhereCount.add(1, ordering: .relaxed)
                }
            }
        }
    }

    /// A quiet block.
    private func goOn() {
        seconds.withLock { $0 += 13 }
        chain.state.withLock { state in
            state.lag = 0
            state.l1.mine()
        }
    }

    func run(steps: Int) async throws {
        var poster = makePoster()
        for _ in 0..<steps {
            disturb()
            do { _ = try await poster.step() } catch let error as PosterError {
                Issue.record("seed \(seed): \(error)")
                return
            } catch {}
            prune(await poster.finalCount)
            if isKilled.withLock({ killed in
                defer { killed = false }
                return killed
            }) {
                poster = makePoster()
            }
        }
        dice.withLock { $0.isCalm = true }
        var turns = 0
        while try await poster.step() != .idle {
            goOn()
            turns += 1
            try #require(turns < 2_000, "seed \(seed): it does not come to its end")
        }
        let count = store.state.withLock { $0.count }
        #expect(count > 0)
        if steps >= 500 { #expect(store.state.withLock { $0.prunedCount } > 0, "seed \(seed): nothing was pruned") }
        chain.state.withLock { state in
            let contract = state.l1.head.state
            #expect(contract.batches.map(\.data) == (0..<count).map { FakeStore.batch($0).data }, "seed \(seed)")
            if steps >= 500 { #expect(Set(contract.batches.map(\.isInBlob)) == [true, false], "seed \(seed): both ways") }
            #expect(contract.claims.map(\.root) == (0..<count).map { FakeStore.batch($0).stateRoot }, "seed \(seed)")
        }
    }
}
