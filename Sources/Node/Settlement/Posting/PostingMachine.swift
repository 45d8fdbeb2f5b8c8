import Engine

/// Which call goes to L1 under which nonce, when it is sent again, and with which fees. Pure: what L1 says goes in, transactions to send
/// come out; it has no clock and does no I/O. ``Poster`` drives it.
///
/// Invariants, at every ``look(_:nowSeconds:)`` that trusts what it sees:
///
/// 1. *In order.* The slots that L1 has not included have consecutive nonces from that of L1's account on. Applied in this order to L1's
///    counts, each posts, or claims, exactly the next number.
/// 2. *One call a nonce.* As long as a slot's call can still take effect, its nonce never gets another: versions differ in fees alone (and in kind,
///    see 6), and L1 includes at most one transaction of a nonce. Only when two L1 blocks have shown that a call can take no effect any more (somebody else
///    used a nonce, or a transaction before it failed), its nonce gets another one, by replacement.
/// 3. *Written first.* A slot with the hash of its newest version is in the journal before that version is sent.
/// 4. *Kept.* An included slot is kept until `reorganisationBlocks` blocks lie above it.
/// 5. *One kind at a time.* Pools keep transactions with blobs apart, and take none of an account while others of the other kind wait. So new calls
///    get nonces only behind slots of their own kind, or when none is in flight; of what is in flight after a reorganisation, only the leading
///    run of one kind is sent. Whoever waits for the other kind makes those in flight drain, and then it is his turn (``Outlook/admits``).
/// 6. *A nonce that was given up is replaced by its own kind*, since a pool may still hold what was sent under it: fillers have blobs there. Only the
///    transaction that is next on L1 may change its kind: when a node refuses it for long because it holds others behind it. The call stays.
///
/// Why nothing is posted twice: a call in a slot that was not included is not on L1 (1), in no other such slot (1), and in no transaction
/// that anybody's pool may hold under another nonce: by 3 the journal names every nonce that was ever sent with its call, also after kill -9
/// between writing and sending or between sending and noting, and by 2 the call stays there. A reorganisation gives a nonce back, and by 4
/// finds the same call in it. Why nothing is skipped: the next call is always derived from L1's counts and the slots behind them (1). If the
/// journal itself was lost, the contract's own order (by number) still holds; then only gas can be lost.
package struct PostingMachine: Sendable {
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

    /// Gives `wishes`, all of one kind, the next nonces, in order. Returns the slots of which a version is to be written and sent now, in this order.
    package mutating func plan(_ wishes: [Wish], _ look: L1Look, nowSeconds: Double) -> [PostingSlot] {
        var wishes = wishes[...]
        var next = max(look.nonce, slots.last.map { $0.nonce + 1 } ?? 0)
        let kindOfGivenUp = replaced.min { $0.key < $1.key }?.value.kind ?? .plain
        // What a pool may still hold must not come back to life in a nonce that we leave alone.
        while let last = replaced.keys.max(), next <= last {
            let kind = replaced[next]?.kind ?? kindOfGivenUp
            let wish = wishes.first?.kind == kind ? wishes.removeFirst() : Wish(call: .nothing, kind: kind, gasLimit: PostingGas.transfer)
            append(wish, nonce: next, look)
            next += 1
        }
        replaced.removeAll()
        for wish in wishes {
            // The rest has its turn later.
            if let last = slots.last, last.nonce >= look.nonce, last.kind != wish.kind { break }
            append(wish, nonce: next, look)
            next += 1
        }
        let front = front(look)
        var due: [PostingSlot] = []
        for index in slots.indices where slots[index].nonce >= look.nonce {
            // Pools take the other kind only when these are included.
            guard slots[index].kind == front else { break }
            if isDue(index, look, nowSeconds) { due.append(slots[index]) }
        }
        return due
    }

    /// Raises the fees of a slot, by what replacing its last version takes; nil if the ceiling is reached.
    package mutating func raise(nonce: UInt64, _ look: L1Look) -> PostingSlot? {
        guard let index = index(of: nonce),
            let fees = rules.fees.replacement(of: slots[index].fees, wanted: suggestion(look, slots[index].kind))
        else { return nil }
        slots[index].fees = fees
        return slots[index]
    }

    /// Lets the call that is next on L1 go as the other kind, where `gasLimit` says how much it needs, because a node refuses it for the sake of
    /// transactions behind it; nil if that has not lasted long yet.
    package mutating func changeKind(
        nonce: UInt64, _ look: L1Look, nowSeconds: Double, gasLimit: (TransactionKind) -> UInt64
    ) -> PostingSlot? {
        guard nonce == look.nonce, let index = index(of: nonce), let front, front.nonce == nonce, look.block.number > front.sinceBlock,
            nowSeconds - front.sinceSeconds >= rules.fees.patienceSeconds(slots[index].fees)
        else { return nil }
        let kind: TransactionKind = slots[index].kind == .plain ? .blob : .plain
        let wanted = suggestion(look, kind)
        let former = slots[index].fees
        let fees = Fees(tip: max(former.tip, wanted.tip), cap: max(former.cap, wanted.cap), blobCap: wanted.blobCap)
        slots[index].change(to: fees, gasLimit: gasLimit(kind))
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

    private func index(of nonce: UInt64) -> Int? { slots.firstIndex { $0.nonce == nonce } }

    private func suggestion(_ look: L1Look, _ kind: TransactionKind) -> Fees {
        rules.fees.suggestion(
            baseFee: look.block.baseFeePerGas ?? 0, tip: look.tip, blobBaseFee: kind == .blob ? look.blobBaseFee ?? 1 : nil)
    }

    /// The kind of what is next on L1; nil: nothing is in flight.
    private func front(_ look: L1Look) -> TransactionKind? { slots.first { $0.nonce >= look.nonce }?.kind }

    private mutating func append(_ wish: Wish, nonce: UInt64, _ look: L1Look) {
        var fees = suggestion(look, wish.kind)
        if let former = replaced.removeValue(forKey: nonce) { fees = rules.fees.replacement(of: former, wanted: fees) ?? former }
        slots.append(PostingSlot(nonce: nonce, call: wish.call, gasLimit: wish.gasLimit, fees: fees))
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
            outlook.kind = slot.kind
            expected += 1
        }
        outlook.lastKind = slots.last?.kind
        if let first = replaced.min(by: { $0.key < $1.key }) {
            outlook.kind = first.value.kind
            outlook.isReplacing = true
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
        let patience = rules.fees.patienceSeconds(slots[index].fees)
        if waited >= patience, let front, nowSeconds - front.sinceSeconds >= patience,
            // A chain that makes no blocks does not want more money.
            look.block.number > front.sinceBlock,
            let fees = rules.fees.replacement(of: slots[index].fees, wanted: suggestion(look, slots[index].kind))
        {
            slots[index].fees = fees
            return true
        }
        return slots[index].nonce >= look.pendingNonce && waited >= rules.resendAfterSeconds
    }
}
