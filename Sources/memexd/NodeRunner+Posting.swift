import Foundation
import PostingStore
import Sequencer
import Settlement
import Signing

/// How batches get to L1.
extension NodeRunner {
    /// Where blobs may be posted, they have to be found again.
    func checkBeacon(_ deployment: Deployment, _ block: L1Block) async throws {
        guard options.carrier != .calldata, let url = options.beacon.flatMap(URL.init(string:)) else { return }
        try await BeaconClient(url: url).check(chainId: deployment.chainId, time: block.timestamp)
    }

    func blobPosting() throws -> BlobPosting {
        do {
            let blobs = try BlobPosting(options.carrier, libraryPath: options.kzgLibrary, hasBeacon: options.beacon != nil)
            if let shortcoming = blobs.shortcoming { logger.notice("batches are posted as calldata, whatever blobs cost: \(shortcoming)") }
            return blobs
        } catch { throw ConfigurationError(error.description) }
    }

    func poster(
        _ contract: RollupContract, _ key: PrivateKey, _ chainId: UInt64, _ batches: StoredBatches, _ blobs: BlobPosting
    ) -> Poster {
        var rules = Poster.Rules()
        rules.settledBlocks = options.confirmations
        rules.carrier = blobs.carrier
        return Poster(
            store: batches, chain: L1PostingChain(contract: contract, key: key, chainId: chainId, blobs: blobs.maker), rules: rules,
            logger: logger)
    }

    func backlogLimits(_ contract: RollupContract) async throws -> BacklogLimits {
        let drift = try await contract.parameters().timeDrift
        let ageMs = options.backlogAgeSMax.map { $0 * 1000 } ?? BacklogLimits.ageMsDefault(timeDriftSeconds: drift)
        guard ageMs < drift * 1000 else {
            throw ConfigurationError("--backlog-age-s-max must be below the contract's time drift of \(drift) s")
        }
        return BacklogLimits(ageMs: ageMs, bytes: options.backlogMibMax << 20)
    }
}
