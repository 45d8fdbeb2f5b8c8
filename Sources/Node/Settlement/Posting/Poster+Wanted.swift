import BigInt
import Engine

/// What is to be sent next.
extension Poster {
    private static let claimsInFlightMax: UInt64 = 16
    private static let reclaimsInFlightMax = 8

    /// Calls for the nonces behind those in flight, all of one kind: batches, claims of batches that are settled, bonds that are free.
    func wanted(_ look: L1Look, _ outlook: PostingMachine.Outlook) async throws -> [PostingMachine.Wish] {
        let batches = try await batches(look, outlook)
        let others = try await others(look, outlook)
        if rules.carrier == .blob, !batches.isEmpty, look.blobBaseFee == nil { throw PosterError.noBlobs }
        let postKind = outlook.isReplacing ? outlook.kind ?? .plain : rules.carrier.kind(posting: batches.map(\.calldataGas), look)
        guard var kind = outlook.admits(postKind, hasPosts: !batches.isEmpty, hasOthers: !others.isEmpty) else { return [] }
        var calls: [PostingCall] = []
        if postKind == kind {
            for (number, _) in batches {
                guard try await isPostable(batch(number), look) else { break }
                calls.append(.post(number))
            }
        }
        // Batches that cannot go yet hold nobody up.
        if calls.isEmpty, outlook.kind == nil { kind = .plain }
        if kind == .plain { calls += others }
        let room = (kind == .blob ? rules.machine.blobsInFlightMax : rules.machine.inFlightMax) - outlook.inFlight
        var wanted: [PostingMachine.Wish] = []
        for call in calls.prefix(max(0, room)) {
            let payload = try await payload(of: call, as: kind, look)
            var gasLimit = payload.gasLimit
            // What depends on nothing in flight is tried out first, so that a refusal costs nothing.
            if outlook.inFlight == 0, wanted.isEmpty { gasLimit = max(gasLimit, try await chain.estimate(payload) * 6 / 5) }
            wanted.append(PostingMachine.Wish(call: call, kind: kind, gasLimit: min(gasLimit, PostingGas.transactionMax)))
        }
        return wanted
    }

    /// Numbers of the next batches, as many as may be in flight, with the gas that each takes as calldata. For that a batch is read once, however long
    /// it waits for the turn of its kind.
    private func batches(_ look: L1Look, _ outlook: PostingMachine.Outlook) async throws -> [(number: UInt64, calldataGas: UInt64)] {
        calldataGas = calldataGas.filter { $0.key >= look.progress.batchCount }
        var batches: [(number: UInt64, calldataGas: UInt64)] = []
        let end = look.progress.batchCount + UInt64(rules.postsInFlightMax)
        for number in outlook.nextPost..<max(outlook.nextPost, end) {
            if calldataGas[number] == nil {
                guard let batch = try await store.postableBatch(number) else { break }
                calldataGas[number] = PostingGas.estimate(posting: batch.data, as: .plain)
            }
            batches.append((number, calldataGas[number] ?? 0))
        }
        return batches
    }

    /// Claims of batches that are settled, bonds that are free.
    private func others(_ look: L1Look, _ outlook: PostingMachine.Outlook) async throws -> [PostingCall] {
        let claimEnd = min(look.settled.batchCount, look.progress.batchCount, look.progress.claimCount + Self.claimsInFlightMax)
        let claims = (outlook.nextClaim..<max(outlook.nextClaim, claimEnd)).map { PostingCall.claim($0) }
        return try await claims + reclaimable(look).filter { !outlook.reclaiming.contains($0) }.map { .reclaim($0) }
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
