import Engine
import Proof
import Rollup
import Signing

/// Derives the exchange's state from L1 alone, batch after batch, and holds every claimed state root against it.
package actor Rebuild {
    /// How far it is.
    package struct Progress: Equatable, Sendable {
        /// Batches applied.
        package var batches: UInt64
        package var blocks: UInt64
        /// Applied since this was made.
        package var commands: UInt64
    }

    /// Batches whose bytes are fetched ahead.
    private static let fetchAhead: UInt64 = 16

    let derivation: Derivation
    /// Batches applied, also the number of the next one.
    package private(set) var batchCount: UInt64
    private var progress: Progress

    /// Starts at genesis.
    package init(domain: SigningDomain) throws {
        derivation = try Derivation(domain: domain)
        batchCount = 0
        progress = Progress(batches: 0, blocks: 0, commands: 0)
    }

    /// Goes on after `batchCount` batches.
    init(derivation: sending Derivation, batchCount: UInt64) {
        progress = Progress(batches: batchCount, blocks: derivation.head?.number ?? 0, commands: 0)
        self.derivation = derivation
        self.batchCount = batchCount
    }

    package var stateRoot: Hash256 { derivation.stateRoot }
    /// The last block's header; nil at genesis.
    package var head: BlockHeader? { derivation.head }

    /// Applies the batches up to, not including, number `end`. Throws ``RebuildError``, ``EthereumError`` or ``L1ReaderError``;
    /// the state is then that after the last good batch.
    package func advance(
        to end: UInt64, history: L1History, reader: L1Reader, report: @Sendable (Progress) -> Void = { _ in }
    ) async throws {
        guard end <= history.batches.count else { throw RebuildError.noSuchBatch(end - 1, posted: UInt64(history.batches.count)) }
        guard end >= batchCount else { throw RebuildError.alreadyBeyond(applied: batchCount, wanted: end) }
        report(progress)
        var fetches: [Task<[UInt8], any Error>] = []
        defer { for fetch in fetches { fetch.cancel() } }
        var fetched = batchCount
        while batchCount < end {
            while fetched < min(end, batchCount + Self.fetchAhead) {
                let batch = history.batches[Int(fetched)]
                fetches.append(Task { try await reader.data(of: batch) })
                fetched += 1
            }
            let data = try await fetches.removeFirst().value
            try apply(history.batches[Int(batchCount)], data: data, messages: history.messages)
            report(progress)
        }
    }

    /// Applies one batch and compares the claimed root, if there is a claim.
    private func apply(_ batch: BatchOnL1, data: [UInt8], messages: [InboxMessage]) throws {
        let posted = batch.posted
        let parameters = BatchParameters(inboxEnd: posted.inboxEnd, firstTimeMs: posted.firstTimeMs, lastTimeMs: posted.lastTimeMs)
        let outcome = try derivation.apply(batch: data, parameters: parameters) { index in
            index < UInt64(messages.count) ? messages[Int(index)] : nil
        }
        if case .applied(let derived) = outcome {
            progress.blocks += UInt64(derived.headers.count)
            progress.commands += UInt64(derived.commandCount)
        }
        batchCount += 1
        progress.batches = batchCount
        if let claimed = batch.claimedRoot, claimed != derivation.stateRoot {
            throw RebuildError.wrongClaim(batch: posted.number, claimed: claimed, derived: derivation.stateRoot)
        }
    }

    /// The token's record, or nil.
    package func token(_ id: UInt32) -> Token? { derivation.hosted.exchange.token(id) }

    /// All balances of `owner` that are not zero.
    package func balances(of owner: Address) -> [Payout] {
        Payouts.balances(of: owner, in: derivation.hosted.exchange, tree: derivation.tree)
    }

    /// Withdrawal records ever written.
    package var withdrawalCount: UInt64 { derivation.hosted.exchange.header.withdrawalCount }

    /// The last withdrawal record that later ones were written over; nil if the state holds them all. L1 pays it under an older state.
    package var withdrawalsLost: UInt64? {
        let first = derivation.hosted.exchange.withdrawalIds.lowerBound
        return first > 1 ? first - 1 : nil
    }

    /// Ids of the withdrawal records of `owner`, or of everybody if nil, that the state holds, paid or not, oldest first.
    package func withdrawalIds(of owner: Address?) -> [UInt64] { Payouts.withdrawalIds(of: owner, in: derivation.hosted.exchange) }

    /// The withdrawal records with these ids, as far as the state holds them.
    package func withdrawalRecords(ids: [UInt64]) -> [Withdrawal] { ids.compactMap { derivation.hosted.exchange.withdrawal($0) } }

    /// The withdrawal records with these ids, as far as the state holds them, with their paths.
    package func withdrawals(ids: [UInt64]) -> [Payout] {
        Payouts.withdrawals(ids: ids, in: derivation.hosted.exchange, tree: derivation.tree)
    }
}

/// Why the state on L1 cannot be derived, or is not the claimed one.
package enum RebuildError: Error, Equatable, CustomStringConvertible {
    case noSuchBatch(UInt64, posted: UInt64)
    case alreadyBeyond(applied: UInt64, wanted: UInt64)
    /// The sequencer claimed a state that its own batches do not give.
    case wrongClaim(batch: UInt64, claimed: Hash256, derived: Hash256)
    case unusableCheckpoint(path: String, reason: String)

    package var description: String {
        switch self {
        case .noSuchBatch(let number, let posted): "there is no batch \(number) on L1; \(posted) are posted, numbered from 0"
        case .alreadyBeyond(let applied, let wanted):
            "the rebuilt state is already after \(applied) batches and cannot go back to \(wanted); rebuild into an empty directory"
        case .wrongClaim(let batch, let claimed, let derived):
            "WRONG CLAIM: after batch \(batch) the state root is \(derived), but the sequencer claimed \(claimed)"
        case .unusableCheckpoint(let path, let reason): "the rebuilt state in \(path) cannot be used: \(reason)"
        }
    }
}
