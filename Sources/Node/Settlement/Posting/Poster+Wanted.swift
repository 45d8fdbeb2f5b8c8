import BigInt
import Engine

/// What is to be sent next.
extension Poster {
    private static let claimsInFlightMax: UInt64 = 16
    private static let reclaimsInFlightMax = 8

    /// Calls for the nonces behind those in flight: batches, claims of batches that are settled, bonds that are free.
    func wanted(_ look: L1Look, _ outlook: PostingMachine.Outlook) async throws -> [(call: PostingCall, gasLimit: UInt64)] {
        let room = rules.machine.inFlightMax - outlook.inFlight
        var calls: [(call: PostingCall, batch: PostableBatch?)] = []
        let postEnd = look.progress.batchCount + UInt64(rules.postsInFlightMax)
        var next = outlook.nextPost
        while calls.count < room, next < postEnd, let batch = try await store.postableBatch(next), try await isPostable(batch, look) {
            calls.append((.post(next), batch))
            next += 1
        }
        let claimEnd = min(look.settled.batchCount, look.progress.batchCount, look.progress.claimCount + Self.claimsInFlightMax)
        next = outlook.nextClaim
        while calls.count < room, next < claimEnd {
            guard let batch = try await store.postableBatch(next) else { throw PosterError.batchNotKept(number: next) }
            calls.append((.claim(next), batch))
            next += 1
        }
        for number in try await reclaimable(look) where calls.count < room && !outlook.reclaiming.contains(number) {
            calls.append((.reclaim(number), nil))
        }
        var wanted: [(call: PostingCall, gasLimit: UInt64)] = []
        for (call, batch) in calls {
            let payload = chain.payload(of: call, batch: batch, bond: look.parameters.claimBond)
            var gasLimit = payload.gasLimit
            // What depends on nothing in flight is tried out first, so that a refusal costs nothing.
            if outlook.inFlight == 0, wanted.isEmpty { gasLimit = max(gasLimit, try await chain.estimate(payload) * 6 / 5) }
            wanted.append((call, gasLimit))
        }
        return wanted
    }

    /// Whether the contract would take the batch, as far as time and inbox tell. False: later. Throws ``PosterError`` where waiting does not help by
    /// itself.
    func isPostable(_ batch: PostableBatch, _ look: L1Look) async throws -> Bool {
        let driftMs = look.parameters.timeDrift * 1000
        let l1TimeMs = look.block.timestamp * 1000
        guard batch.firstTimeMs + driftMs >= l1TimeMs else {
            throw PosterError.tooOld(
                number: batch.number, ageSeconds: (l1TimeMs - batch.firstTimeMs) / 1000, limit: look.parameters.timeDrift)
        }
        guard batch.lastTimeMs <= l1TimeMs + driftMs else { return false }
        guard let ours = batch.inboxAccumulator else { return batch.inboxEnd <= look.progress.inboxCount }
        guard batch.inboxEnd <= look.progress.inboxCount else {
            throw PosterError.inboxGone(number: batch.number, consumed: batch.inboxEnd, onL1: look.progress.inboxCount)
        }
        let onL1 = try await chain.inboxAccumulator(count: batch.inboxEnd, at: look.block)
        guard ours == onL1 else { throw PosterError.inboxChanged(number: batch.number, consumed: batch.inboxEnd) }
        return true
    }

    /// Numbers of final claims whose bond can be taken back. Bonds come back in order, so the first is found by bisection.
    private func reclaimable(_ look: L1Look) async throws -> [UInt64] {
        guard look.parameters.claimBond > 0 || nextReclaim != nil else { return [] }
        let finalCount = look.settled.finalCount
        if nextReclaim == nil {
            var low: UInt64 = 0
            var high = finalCount
            while low < high {
                let middle = (low + high) / 2
                if try await chain.claim(middle, at: look.block).bond == 0 { low = middle + 1 } else { high = middle }
            }
            nextReclaim = low
        }
        guard let first = nextReclaim, first < finalCount else { return [] }
        var numbers: [UInt64] = []
        let end = min(finalCount, first + UInt64(Self.reclaimsInFlightMax))
        for number in first..<end where try await chain.claim(number, at: look.block).bond > 0 { numbers.append(number) }
        // A reorganisation may give bonds back to the contract; whoever starts anew finds them.
        if numbers.isEmpty { nextReclaim = end }
        return numbers
    }
}
