import BigInt
import Blobs
import Engine

/// Whether what is on L1 is ours.
extension Poster {
    /// How many batches were found to be ours, and L1's hash of the last of them, which commits to all before it.
    struct Verified: Equatable {
        var count: UInt64
        var hash: Hash256
    }

    /// Throws ``PosterError`` if the batches on L1 are not those of the store, so that nothing that could be posted may follow; changes nothing.
    package func check() async throws { try await checkOurs(chain.look(after: nil, settledBlocks: 0)) }

    /// Refuses to go on from batches that are not those that L1 has: another data directory, one restored from an old copy, one that lost its
    /// end with the power, or an inbox that a deep reorganisation has changed below a batch. What is posted next must follow the last batch on
    /// L1, and what is claimed must be the state after the bytes on L1.
    func checkOurs(_ look: L1Look) async throws {
        if verifiedBlock == look.block.hash { return }
        let count = look.progress.batchCount
        guard count > 0 else {
            verified = nil
            verifiedBlock = look.block.hash
            return
        }
        let last = try await chain.batch(count - 1, at: look.block).hash
        if verified != Verified(count: count, hash: last) {
            for number in try await firstUnverified(look)..<count { try await check(number, look) }
            verified = Verified(count: count, hash: last)
        }
        verifiedBlock = look.block.hash
    }

    /// What was verified and is still there need not be looked at again.
    private func firstUnverified(_ look: L1Look) async throws -> UInt64 {
        let count = look.progress.batchCount
        if let verified, verified.count < count, try await chain.batch(verified.count - 1, at: look.block).hash == verified.hash {
            return verified.count
        }
        return min(look.progress.claimCount, count - 1)
    }

    private func check(_ number: UInt64, _ look: L1Look) async throws {
        let ours = try await batch(number)
        let theirs = try await chain.batch(number, at: look.block)
        let previous = number == 0 ? .zero : try await chain.batch(number - 1, at: look.block).hash
        let accumulator: Hash256
        if let known = ours.inboxAccumulator {
            accumulator = known
        } else {
            accumulator = try await chain.inboxAccumulator(count: ours.inboxEnd, at: look.block)
        }
        let hash = ours.hash(after: previous, inboxAccumulator: accumulator, blob: nil)
        if hash != theirs.hash {
            // Then it is ours in a blob, or not ours.
            let inBlob = ours.hash(after: previous, inboxAccumulator: accumulator, blob: try await blobHash(of: ours))
            guard inBlob == theirs.hash else {
                throw PosterError.otherBatch(
                    number: number, ours: "batch hash \(hash) as calldata, \(inBlob) in a blob", onL1: "\(theirs.hash)")
            }
        }
        guard look.progress.claimCount > number else { return }
        let claim = try await chain.claim(number, at: look.block)
        guard claim.root == ours.stateRoot else {
            throw PosterError.otherBatch(number: number, ours: "state root \(ours.stateRoot)", onL1: "\(claim.root)")
        }
    }
}

extension Poster {
    fileprivate func blobHash(of batch: PostableBatch) async throws -> Hash256 {
        do { return try await chain.blobHash(of: batch) } catch let error as KZGError {
            throw PosterError.cannotCheckBlob(number: batch.number, reason: "\(error)")
        }
    }
}

/// Why a batch cannot be posted or claimed.
package enum PosterError: Error, Equatable, CustomStringConvertible {
    case otherBatch(number: UInt64, ours: String, onL1: String)
    case batchNotKept(number: UInt64)
    /// L1 has fewer inbox messages than the exchange has consumed.
    case inboxGone(number: UInt64, consumed: UInt64, onL1: UInt64)
    /// L1 has other inbox messages than those that the exchange has consumed.
    case inboxChanged(number: UInt64, consumed: UInt64)
    /// The batch's blocks are older than the contract's time drift (both in seconds).
    case tooOld(number: UInt64, ageSeconds: UInt64, limit: UInt64)
    case feesAtCeiling(PostingCall, ceiling: BigUInt)
    /// What is on L1 is not ours as calldata; whether it is ours in a blob cannot be told.
    case cannotCheckBlob(number: UInt64, reason: String)
    /// Batches are to go into blobs, and the L1 node does not say what those cost.
    case noBlobs

    package var description: String {
        switch self {
        case .otherBatch(let number, let ours, let onL1):
            "batch \(number) on L1 is not ours: here it has \(ours), on L1 \(onL1); the data directory belongs to another run or is an old copy, or L1 was reorganised deeper than --confirmations"
        case .batchNotKept(let number):
            "batch \(number) is on L1, but the data directory does not have it; restore the whole data directory from its newest copy"
        case .inboxGone(let number, let consumed, let onL1):
            "batch \(number) has consumed \(consumed) inbox messages, of which L1 has \(onL1) now: L1 was reorganised deeper than --confirmations, or the L1 node is behind; it is posted when they are back"
        case .inboxChanged(let number, let consumed):
            "batch \(number) has consumed \(consumed) inbox messages that are not those of L1 any more: L1 was reorganised deeper than --confirmations; the state after it is void unless they come back: nothing more is posted until then, and what was traded since is undone by a halt"
        case .tooOld(let number, let ageSeconds, let limit):
            "batch \(number) begins \(ageSeconds) s behind L1's time, and the contract takes \(limit) s at most: it can never be posted; what was traded in it is undone by a halt"
        case .feesAtCeiling(let call, let ceiling):
            "cannot \(call): L1 asks for more than \(ceiling) wei a unit of gas, which is our ceiling; waiting until it is less"
        case .cannotCheckBlob(let number, let reason):
            "batch \(number) on L1 was not posted as calldata of ours, and whether it was as a blob cannot be told: \(reason)"
        case .noBlobs: "the L1 node does not answer eth_blobBaseFee, so that no blob can be priced; post as calldata, or use another node"
        }
    }
}
