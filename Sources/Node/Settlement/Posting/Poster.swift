import BigInt
import Engine
import Foundation
import Logging

/// Brings the sequencer's batches to L1: posts them, claims the states after them, and takes the bonds back when the claims are final.
///
/// What goes out when, ``PostingMachine`` decides, whose invariants say why nothing is posted twice or left out. Here is the I/O around it:
/// look at L1, hold what is there against the store, write what is to be sent, send it. Any step may fail, or be the last one of this
/// process, without harm; the next begins with a look.
package actor Poster {
    package struct Rules: Sendable {
        package var machine = PostingMachine.Rules()
        package var carrier = BatchCarrier.price
        /// Batches of full size that may wait for inclusion at once.
        package var postsInFlightMax = 6
        /// A batch is claimed, and a halt believed, once so many L1 blocks lie above.
        package var settledBlocks: UInt64 = 2
        /// Pause between looks for a new batch.
        package var pollSeconds: Double = 0.25
        /// Pause between looks at L1 while there is none.
        package var lookSeconds: Double = 4

        package init() {}
    }

    /// What one step found and did.
    package enum Step: Equatable, Sendable {
        /// All there is is posted and claimed.
        case idle
        /// Transactions are on their way, or L1 must go on first.
        case waiting(Activity)
        /// The rollup was halted: nothing can be posted any more.
        case halted
    }

    package struct Activity: Equatable, Sendable {
        /// Sent in this step, again or for the first time.
        package var sent: [PostingCall] = []
        /// First seen included in this step, but for what a former process has sent and L1 has included before this one began.
        package var included: [PostingCall] = []
        /// Gas of those.
        package var gasUsed: UInt64 = 0
        package var inFlight = 0

        package init(sent: [PostingCall] = [], included: [PostingCall] = [], gasUsed: UInt64 = 0, inFlight: Int = 0) {
            self.sent = sent
            self.included = included
            self.gasUsed = gasUsed
            self.inFlight = inFlight
        }
    }

    let store: any BatchStore
    let chain: any PostingChain
    private(set) var rules: Rules
    let logger: Logger
    let clock: @Sendable () -> Double
    var machine: PostingMachine?
    private var lastLook: L1Look?
    var verified: Verified?
    /// The last L1 block whose batches were found to be ours.
    var verifiedBlock: Hash256?
    var nextReclaim: UInt64?
    /// Without what a former process has sent and L1 has included before this one began.
    package private(set) var totals = PostingTotals()
    /// What batches that wait would take as calldata, by number.
    var calldataGas: [UInt64: UInt64] = [:]

    /// - Parameter clock: seconds that never go back.
    package init(
        store: any BatchStore, chain: any PostingChain, rules: Rules = Rules(), logger: Logger,
        clock: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime }
    ) {
        self.store = store
        self.chain = chain
        self.rules = rules
        self.logger = logger
        self.clock = clock
    }

    /// Batches on L1 at the last look; nil before the first.
    package var postedCount: UInt64? { lastLook?.progress.batchCount }

    /// Batches whose states a settled block of L1 has as final; nil while L1's batches were not found to be ours.
    package var finalCount: UInt64? {
        guard let look = lastLook, look.block.hash == verifiedBlock else { return nil }
        return look.settled.finalCount
    }

    /// Batches that get their nonces from now on go this way.
    package func post(as carrier: BatchCarrier) { rules.carrier = carrier }

    /// Posts until the task is cancelled or the rollup is halted. Failures are logged and tried again with growing pauses.
    package func run() async {
        var backoff = Backoff(first: max(1, rules.pollSeconds))
        while !Task.isCancelled {
            do {
                let step = try await step()
                if backoff.failures > 0 { logger.info("posting works again", metadata: ["failures": "\(backoff.failures)"]) }
                backoff.succeed()
                switch step {
                case .idle: try await waitForWork()
                case .waiting: try? await Task.sleep(for: .seconds(rules.pollSeconds * 2))
                case .halted:
                    logger.critical("the rollup is halted on L1: no batch can be posted any more; balances leave by `memex exit`")
                    return
                }
            } catch {
                let pause = backoff.fail()
                let isTransient = (error as? EthereumError)?.isTransient ?? false
                logger.log(level: isTransient ? .warning : .error, "cannot post to L1: \(error); next try in \(pause) s")
                try? await Task.sleep(for: .seconds(pause))
            }
        }
    }

    /// Waits for the next batch, but not so long that L1 goes unwatched: bonds become free, a reorganisation takes something back.
    private func waitForWork() async throws {
        let end = clock() + rules.lookSeconds
        repeat {
            try? await Task.sleep(for: .seconds(rules.pollSeconds))
            if Task.isCancelled { return }
        } while try await store.postableBatch(postedCount ?? 0) == nil && clock() < end
    }

    /// One look at L1, and what follows from it. Throws ``EthereumError``, ``PosterError`` or what the store throws.
    package func step() async throws -> Step {
        let look = try await chain.look(after: lastLook, settledBlocks: rules.settledBlocks)
        lastLook = look
        if look.settled.haltedAt != nil { return .halted }
        guard look.progress.haltedAt == nil else { return .waiting(Activity()) }
        try await checkOurs(look)

        var machine: PostingMachine
        if let known = self.machine {
            machine = known
        } else {
            machine = PostingMachine(slots: try await store.postingSlots(), rules: rules.machine)
        }
        let outlook = machine.look(look, nowSeconds: clock())
        self.machine = machine
        var activity = try await note(outlook)
        guard outlook.isTrusted else {
            logger.warning("L1 does not fit what was sent; waiting for another block", metadata: ["l1Block": "\(look.block.number)"])
            return .waiting(activity)
        }
        let wanted = try await wanted(look, outlook)
        let due = self.machine?.plan(wanted, look, nowSeconds: clock()) ?? []
        activity.inFlight += wanted.count
        for slot in due {
            // What the node does not take now, it takes none behind of.
            guard try await send(slot, look) else { break }
            activity.sent.append(slot.call)
        }
        if let first = self.machine?.slots.first { try await store.forgetSlots(below: first.nonce) }
        if activity.inFlight == 0, activity.included.isEmpty, look.progress.claimCount == look.progress.batchCount,
            try await store.postableBatch(look.progress.batchCount) == nil
        {
            return .idle
        }
        return .waiting(activity)
    }

    /// Notes what was included, for people and for the store.
    private func note(_ outlook: PostingMachine.Outlook) async throws -> Activity {
        var activity = Activity(inFlight: outlook.inFlight)
        for slot in outlook.included {
            var receipt: Receipt?
            for hash in slot.hashes.reversed() where receipt == nil { receipt = try await chain.receipt(of: hash) }
            if !outlook.isFirst { activity.included.append(slot.call) }
            guard let receipt else {
                logger.warning("another transaction has used a nonce", metadata: ["nonce": "\(slot.nonce)", "call": "\(slot.call)"])
                continue
            }
            if !outlook.isFirst {
                activity.gasUsed += receipt.gasUsed
                totals.add(slot.call, receipt)
            }
            logger.log(
                level: receipt.succeeded ? .info : .error, receipt.succeeded ? "settled on L1" : "a transaction failed on L1",
                metadata: [
                    "call": "\(slot.call)", "gas": "\(receipt.gasUsed)", "l1Block": "\(receipt.blockNumber)",
                    "hash": "\(receipt.transactionHash)",
                ])
            guard receipt.succeeded else { continue }
            switch slot.call {
            case .post(let number): try await store.note(.posted, batch: number, transaction: receipt.transactionHash)
            case .claim(let number): try await store.note(.claimed, batch: number, transaction: receipt.transactionHash)
            case .reclaim(let number): try await store.note(.bondReclaimed, batch: number, transaction: receipt.transactionHash)
            case .nothing: break
            }
        }
        return activity
    }
}
