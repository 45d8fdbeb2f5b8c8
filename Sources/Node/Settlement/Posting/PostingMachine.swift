import Engine

/// Which call goes to L1 under which nonce, when it is sent again, and with which fees. Pure: what L1 says goes in, transactions to send
/// come out; it has no clock and does no I/O. ``Poster`` drives it.
///
/// Invariants, at every ``look(_:nowSeconds:)`` that trusts what it sees:
///
/// 1. *In order.* The slots that L1 has not included have consecutive nonces from that of L1's account on. Applied in this order to L1's
///    counts, each posts, or claims, exactly the next number.
/// 2. *One call a nonce.* As long as a slot's call can still take effect, its nonce never gets another: versions differ in fees alone, and L1
///    includes at most one transaction of a nonce. Only when two L1 blocks have shown that a call can take no effect any more (somebody else
///    used a nonce, or a transaction before it failed), its nonce gets another one, by replacement.
/// 3. *Written first.* A slot with the hash of its newest version is in the journal before that version is sent.
/// 4. *Kept.* An included slot is kept until `reorganisationBlocks` blocks lie above it.
///
/// Why nothing is posted twice: a call in a slot that was not included is not on L1 (1), in no other such slot (1), and in no transaction
/// that anybody's pool may hold under another nonce: by 3 the journal names every nonce that was ever sent with its call, also after kill -9
/// between writing and sending or between sending and noting, and by 2 the call stays there. A reorganisation gives a nonce back, and by 4
/// finds the same call in it. Why nothing is skipped: the next call is always derived from L1's counts and the slots behind them (1). If the
/// journal itself was lost, the contract's own order (by number) still holds; then only gas can be lost.
package struct PostingMachine: Sendable {
    package struct Rules: Equatable, Sendable {
        package var fees = FeePolicy()
        /// A transaction that the node no longer has is sent again after this long.
        package var resendAfterSeconds: Double = 4
        /// No reorganisation is deeper.
        package var reorganisationBlocks: UInt64 = 64
        /// Transactions that may wait for inclusion at once; pools keep few of one sender.
        package var inFlightMax = 24

        package init() {}
    }

    /// What the slots make of a look at L1.
    package struct Outlook: Equatable, Sendable {
        /// Numbers of the next batch to post and to claim, behind what is in flight.
        package var nextPost: UInt64
        package var nextClaim: UInt64
        package var reclaiming: Set<UInt64> = []
        package var inFlight = 0
        /// Slots that were first seen included, and whether by a process that has just begun: then it may not have been their sender.
        package var included: [PostingSlot] = []
        package var isFirst = false
        /// False while it is not clear yet whether the slots fit L1: then nothing new is sent.
        package var isTrusted = true
    }

    package let rules: Rules
    /// Ascending by nonce.
    package private(set) var slots: [PostingSlot]
    private var hasLooked = false
    /// The first nonce whose call seemed to be in vain, and at which L1 block.
    private var doubt: (nonce: UInt64, block: UInt64)?
    /// The nonce that is next on L1, and since when.
    private var front: (nonce: UInt64, sinceSeconds: Double, sinceBlock: UInt64)?
    /// Fees of versions of other calls that a pool may still hold, by nonce.
    private var replaced: [UInt64: Fees] = [:]

    /// `slots`: those of the journal.
    package init(slots: [PostingSlot] = [], rules: Rules = Rules()) {
        self.slots = slots.sorted { $0.nonce < $1.nonce }
        self.rules = rules
    }

    /// Takes in what L1 says.
    package mutating func look(_ look: L1Look, nowSeconds: Double) -> Outlook {
        if front?.nonce != look.nonce { front = (look.nonce, nowSeconds, look.block.number) }
        var outlook = Outlook(nextPost: look.progress.batchCount, nextClaim: look.progress.claimCount)
        outlook.included = noteIncluded(look)
        outlook.isFirst = !hasLooked
        hasLooked = true
        guard let vain = apply(look, to: &outlook) else {
            doubt = nil
            return outlook
        }
        if let doubt, doubt.nonce == vain, look.block.number > doubt.block {
            giveUp(from: vain)
            self.doubt = nil
            outlook = Outlook(
                nextPost: look.progress.batchCount, nextClaim: look.progress.claimCount, included: outlook.included,
                isFirst: outlook.isFirst)
            _ = apply(look, to: &outlook)
            return outlook
        }
        if doubt?.nonce != vain { doubt = (vain, look.block.number) }
        outlook.isTrusted = false
        return outlook
    }

    /// Gives `calls` the next nonces, in order. Returns the slots of which a version is to be written and sent now, in this order.
    package mutating func plan(_ calls: [(call: PostingCall, gasLimit: UInt64)], _ look: L1Look, nowSeconds: Double) -> [PostingSlot] {
        let suggestion = suggestion(look)
        var next = max(look.nonce, slots.last.map { $0.nonce + 1 } ?? 0)
        for (call, gasLimit) in calls {
            append(PostingSlot(nonce: next, call: call, gasLimit: gasLimit, fees: suggestion))
            next += 1
        }
        // What a pool may still hold must not come back to life in a nonce that we leave alone.
        while let last = replaced.keys.max(), next <= last {
            append(PostingSlot(nonce: next, call: .nothing, gasLimit: Self.gasOfNothing, fees: suggestion))
            next += 1
        }
        replaced.removeAll()
        var due: [PostingSlot] = []
        for index in slots.indices where slots[index].nonce >= look.nonce {
            if isDue(index, look, nowSeconds) { due.append(slots[index]) }
        }
        return due
    }

    /// Raises the fees of a slot, by what replacing its last version takes; nil if the ceiling is reached.
    package mutating func raise(nonce: UInt64, _ look: L1Look) -> PostingSlot? {
        guard let index = index(of: nonce),
            let fees = rules.fees.replacement(of: slots[index].fees, wanted: suggestion(look))
        else { return nil }
        slots[index].fees = fees
        return slots[index]
    }

    /// Notes a version that is about to be sent; to be written before it is.
    package mutating func noteVersion(_ hash: Hash256, nonce: UInt64) -> PostingSlot? {
        guard let index = index(of: nonce) else { return nil }
        if !slots[index].hashes.contains(hash) { slots[index].hashes.append(hash) }
        return slots[index]
    }

    /// Notes that the newest version is with the node.
    package mutating func noteSent(nonce: UInt64, nowSeconds: Double) {
        if let index = index(of: nonce) { slots[index].sentAtSeconds = nowSeconds }
    }

    // MARK: Inside

    private static let gasOfNothing: UInt64 = 21_000

    private func index(of nonce: UInt64) -> Int? { slots.firstIndex { $0.nonce == nonce } }

    private func suggestion(_ look: L1Look) -> Fees {
        rules.fees.suggestion(baseFee: look.block.baseFeePerGas ?? 0, tip: look.tip)
    }

    private mutating func append(_ slot: PostingSlot) {
        var slot = slot
        if let fees = replaced.removeValue(forKey: slot.nonce) {
            slot.fees = rules.fees.replacement(of: fees, wanted: slot.fees) ?? fees
        }
        slots.append(slot)
    }

    /// Notes which slots are included, forgets those that are buried, and takes back what a reorganisation has taken back.
    private mutating func noteIncluded(_ look: L1Look) -> [PostingSlot] {
        slots.removeAll { slot in
            slot.nonce < look.nonce && slot.includedAtBlock.map { $0 + rules.reorganisationBlocks <= look.block.number } ?? false
        }
        var included: [PostingSlot] = []
        for index in slots.indices {
            if slots[index].nonce >= look.nonce {
                slots[index].includedAtBlock = nil
            } else if slots[index].includedAtBlock == nil {
                slots[index].includedAtBlock = look.block.number
                included.append(slots[index])
            }
        }
        return included
    }

    /// Applies the slots in flight to L1's counts. Returns the first nonce whose call can take no effect, or that is missing; nil: all is well.
    private func apply(_ look: L1Look, to outlook: inout Outlook) -> UInt64? {
        var expected = look.nonce
        for slot in slots where slot.nonce >= look.nonce {
            guard slot.nonce == expected else { return expected }
            switch slot.call {
            case .post(let number):
                guard number == outlook.nextPost else { return slot.nonce }
                outlook.nextPost += 1
            case .claim(let number):
                guard number == outlook.nextClaim, number < outlook.nextPost else { return slot.nonce }
                outlook.nextClaim += 1
            case .reclaim(let number): outlook.reclaiming.insert(number)
            case .nothing: break
            }
            outlook.inFlight += 1
            expected += 1
        }
        return nil
    }

    /// Lets all nonces from `nonce` on get other calls.
    private mutating func giveUp(from nonce: UInt64) {
        for slot in slots where slot.nonce >= nonce { replaced[slot.nonce] = slot.fees }
        slots.removeAll { $0.nonce >= nonce }
    }

    /// Whether a version of the slot is to be sent now; raises its fees where it is stuck.
    private mutating func isDue(_ index: Int, _ look: L1Look, _ nowSeconds: Double) -> Bool {
        guard let sentAt = slots[index].sentAtSeconds else { return true }
        let waited = nowSeconds - sentAt
        if waited >= rules.fees.bumpAfterSeconds, let front, nowSeconds - front.sinceSeconds >= rules.fees.bumpAfterSeconds,
            // A chain that makes no blocks does not want more money.
            look.block.number > front.sinceBlock, let fees = rules.fees.replacement(of: slots[index].fees, wanted: suggestion(look))
        {
            slots[index].fees = fees
            return true
        }
        return slots[index].nonce >= look.pendingNonce && waited >= rules.resendAfterSeconds
    }
}
