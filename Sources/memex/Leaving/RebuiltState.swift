import ArgumentParser
import Engine
import Foundation
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
        let reader = L1Reader(contract: contract, deployedAtBlock: deployment.deployedAtBlock)
        let history = try await reader.history()
        let rebuild = try await start(deployment, directory: directory, limit: limit(history))
        return RebuiltState(
            deployment: deployment, contract: contract, reader: reader, output: options.output, history: history, rebuild: rebuild)
    }

    private static func start(_ deployment: Deployment, directory: String?, limit: UInt64) async throws -> Rebuild {
        if let directory, Rebuild.exists(in: directory) {
            let kept = try Rebuild.read(from: directory, deployment: deployment)
            if await kept.batchCount <= limit { return kept }
        }
        return try Rebuild(domain: SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup))
    }

    /// Applies batches until the state is that after `count` of them, and shows how it goes.
    func advance(to count: UInt64) async throws {
        let bar = ProgressBar(isShown: !output.isJSON && isatty(STDERR_FILENO) == 1)
        defer { bar.finish() }
        try await rebuild.advance(to: count, history: history, reader: reader) { bar.show($0) }
    }
}

/// One line on stderr that grows with the batches.
struct ProgressBar: Sendable {
    let isShown: Bool
    private static let width: UInt64 = 30

    func show(_ progress: Rebuild.Progress) {
        guard isShown, progress.batchTotal > 0 else { return }
        let filled = progress.batches * Self.width / progress.batchTotal
        let bar = String(repeating: "#", count: Int(filled)) + String(repeating: ".", count: Int(Self.width - filled))
        let text =
            "\r[\(bar)] batch \(progress.batches) of \(progress.batchTotal), \(progress.blocks) blocks, \(progress.commands) commands "
        FileHandle.standardError.write(Data(text.utf8))
    }

    func finish() {
        if isShown { FileHandle.standardError.write(Data("\n".utf8)) }
    }
}
