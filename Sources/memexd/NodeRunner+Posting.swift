import Foundation
import PostingStore
import Sequencer
import Settlement
import Signing

/// How batches get to L1.
extension NodeRunner {
    private static let beaconPauseSeconds = 10.0

    /// Where batches may go into blobs: why these could not be found again now; nil: they could.
    func beaconFault(_ deployment: Deployment, _ block: L1Block) async -> BeaconError? {
        guard options.carrier != .calldata, let url = options.beacon.flatMap(URL.init(string:)) else { return nil }
        do throws(BeaconError) {
            try await BeaconClient(url: url).check(chainId: deployment.chainId, time: block.timestamp)
            return nil
        } catch { return error }
    }

    /// Lets the price decide once a consensus node answers that did not at the start.
    func awaitBeacon(_ deployment: Deployment, _ block: L1Block, _ poster: Poster, _ carrier: BatchCarrier) async {
        repeat {
            try? await Task.sleep(for: .seconds(Self.beaconPauseSeconds))
            guard !Task.isCancelled else { return }
            switch await beaconFault(deployment, block) {
            case nil:
                await poster.post(as: carrier)
                return logger.notice("the consensus node answers: batches go in blobs where those cost less")
            case .otherChain(let url, let reason)?:
                return logger.error("batches go as calldata until the next start: \(BeaconError.otherChain(url: url, reason))")
            case .unusable?: continue
            }
        } while true
    }

    func blobPosting() throws -> BlobPosting {
        do {
            let blobs = try BlobPosting(options.carrier, libraryPath: options.kzgLibrary, hasBeacon: options.beacon != nil)
            if let shortcoming = blobs.shortcoming { logger.notice("batches are posted as calldata, whatever blobs cost: \(shortcoming)") }
            return blobs
        } catch { throw ConfigurationError(error.description) }
    }

    func poster(
        _ contract: RollupContract, _ key: PrivateKey, _ chainId: UInt64, _ batches: StoredBatches, _ blobs: BlobPosting,
        carrier: BatchCarrier
    ) -> Poster {
        var rules = Poster.Rules()
        rules.settledBlocks = options.confirmations
        rules.carrier = carrier
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
