import ArgumentParser
import Engine
import Rollup
import Settlement
import Signing

/// The exchange's state as L1 alone gives it, for commands that prove cells of it.
struct RebuiltState {
    let deployment: Deployment
    let contract: RollupContract
    let reader: L1Reader
    let output: Output
    /// As of the last look at L1.
    var history: L1History
    /// The state; its batch count says after which batch.
    let rebuild: Rebuild

    /// Reads the history from L1 and takes up the state kept in `directory`, if there is one that is not beyond `limit(history)` batches;
    /// otherwise starts at genesis. Applies nothing yet.
    static func load(_ options: Options, directory: String?, limit: (L1History) -> UInt64) async throws -> RebuiltState {
        let deployment = try options.deploymentFile()
        let contract = try await options.contract()
        let reader = try options.reader(contract, deployment)
        let history = try await reader.history()
        let rebuild = try await start(deployment, directory: directory, history: history, limit: limit(history), options.output)
        return RebuiltState(
            deployment: deployment, contract: contract, reader: reader, output: options.output, history: history, rebuild: rebuild)
    }

    /// A state that was kept is only taken up if L1 claims the same one: the chain may have been reorganised since.
    private static func start(
        _ deployment: Deployment, directory: String?, history: L1History, limit: UInt64, _ output: Output
    ) async throws -> Rebuild {
        if let directory, Rebuild.exists(in: directory) {
            let kept = try Rebuild.read(from: directory, deployment: deployment)
            let count = await kept.batchCount
            let root = await kept.stateRoot
            let claimed = count == 0 || count > history.batches.count ? nil : history.batches[Int(count) - 1].claimedRoot
            if count <= limit, claimed == nil || claimed == root {
                if let lost = await kept.withdrawalsLost {
                    output.progress(
                        "\(directory) holds the state after the withdrawals up to \(lost) were written over; without --data they are looked for, too"
                    )
                }
                return kept
            }
        }
        return try Rebuild(domain: SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup))
    }

    /// The tokens that L1 lists and those that the state says were born on the exchange.
    func listing() async throws -> Listing {
        let born = await rebuild.bornTokens.map(TokenInfo.init)
        return Listing(tokens: try await contract.tokens().map(TokenInfo.init) + born, markets: [])
    }

    /// Applies batches until the state is that after `count` of them, and shows how it goes. What is done is kept in `directory`, if one is given,
    /// every half minute, at the end, and when L1 fails or a blob is nowhere to be had: the next run goes on from there. With `looks` it ends at an
    /// earlier state, or where it is, if that state's withdrawal records must be looked at before it goes on.
    func advance(to count: UInt64, keepingIn directory: String? = nil, minding looks: RecordLooks? = nil) async throws {
        let line = ProgressLine(output)
        defer { line.finish() }
        var applied = await rebuild.batchCount
        var keptAt = ContinuousClock.now
        repeat {
            if let looks, looks.isDue(written: await rebuild.withdrawalCount) { return }
            do {
                try await rebuild.advance(to: min(count, applied + Self.batchesAtOnce), history: history, reader: reader) { done in
                    line.show(
                        done.batches, of: count, "batch \(done.batches) of \(count), \(done.blocks) blocks, \(done.commands) commands")
                }
            } catch  where error is EthereumError || (error as? L1ReaderError)?.isAboutBlobs == true {
                if let directory { try await rebuild.write(to: directory, deployment: deployment) }
                throw error
            }
            applied = await rebuild.batchCount
            if let directory, applied == count || keptAt.duration(to: .now) > Self.keptEvery {
                try await rebuild.write(to: directory, deployment: deployment)
                keptAt = .now
            }
        } while applied < count
    }

    /// As above, and calls `look` with the batch at the state in which this ends, and at others on the way, so that each withdrawal record is in one of
    /// them, though later ones are written over it. Not called while no batch is applied.
    func advance(to count: UInt64, looking looks: inout RecordLooks, _ look: (_ batch: UInt64) async throws -> Void) async throws {
        var applied: UInt64
        repeat {
            try await advance(to: count, minding: looks)
            applied = await rebuild.batchCount
            if applied > 0 { try await look(applied - 1) }
            looks.look(written: await rebuild.withdrawalCount)
        } while applied < count
    }

    /// Batches between two looks at the clock, and at the withdrawal records written: of those ten times as many have room.
    private static let batchesAtOnce: UInt64 = 64
    private static let keptEvery = Duration.seconds(30)
}
