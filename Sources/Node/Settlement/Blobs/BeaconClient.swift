import Blobs
import Engine
import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Asks a consensus node, or an archive that speaks like one, for blobs (https://ethereum.github.io/beacon-APIs/).
///
/// What it answers is believed only as far as the caller checks it.
package final class BeaconClient: Sendable {
    package let url: URL
    private let session: URLSession
    private let timeoutSeconds: Double

    package init(url: URL, timeoutSeconds: Double = 20) {
        self.url = url
        self.timeoutSeconds = timeoutSeconds
        session = .forNode(timeoutSeconds: timeoutSeconds)
    }

    deinit { session.invalidateAndCancel() }

    /// The chain that it follows.
    package func chain() async throws(EthereumError) -> BeaconChain {
        let genesis = try await data("eth/v1/beacon/genesis")
        let specification = try await data("eth/v1/config/spec")
        guard let genesisTime = Self.integer(genesis["genesis_time"]) else {
            throw .malformedReply(method: "genesis", detail: "genesis_time is no number")
        }
        let seconds = Self.integer(specification["SECONDS_PER_SLOT"]) ?? Self.integer(specification["SLOT_DURATION_MS"]).map { $0 / 1000 }
        guard let seconds, seconds > 0 else { throw .malformedReply(method: "spec", detail: "SECONDS_PER_SLOT is no number above 0") }
        return BeaconChain(genesisTime: genesisTime, secondsPerSlot: seconds, chainId: Self.integer(specification["DEPOSIT_CHAIN_ID"]))
    }

    /// Makes sure that it answers, and follows the chain of the L1 block of this time: what is posted in blobs could not be read back otherwise.
    package func check(chainId: UInt64, time: UInt64) async throws(BeaconError) {
        let chain: BeaconChain
        do { chain = try await self.chain() } catch { throw .unusable(url: url.absoluteString, error) }
        do { _ = try chain.slot(at: time, chainId: chainId) } catch { throw .otherChain(url: url.absoluteString, error.reason) }
    }

    /// What the node holds for the blob with this versioned hash in the block of this slot: none, or some that may be it. Archives from before Fusaka
    /// know only all sidecars of a slot.
    package func blobs(_ versionedHash: Hash256, slot: UInt64) async throws(EthereumError) -> [[UInt8]] {
        do {
            let query = [URLQueryItem(name: "versioned_hashes", value: versionedHash.hex)]
            let blobs = try await data("eth/v1/beacon/blobs/\(slot)", query)
            return try Self.blobs(blobs, versionedHash)
        } catch .httpStatus(let url, let status, let body) {
            do throws(EthereumError) { return try Self.blobs(await data("eth/v1/beacon/blob_sidecars/\(slot)"), versionedHash) } catch {
                throw .httpStatus(url: url, status: status, body: body)
            }
        }
    }

    /// An array of blobs, or of objects with blob and commitment.
    private static func blobs(_ json: JSONValue, _ versionedHash: Hash256) throws(EthereumError) -> [[UInt8]] {
        guard let items = json.items else { throw .malformedReply(method: "blobs", detail: "data is not an array") }
        var blobs: [[UInt8]] = []
        for item in items {
            if let commitment = item["kzg_commitment"] {
                guard BlobSidecar.versionedHash(commitment: try commitment.data("blobs", "kzg_commitment")) == versionedHash else {
                    continue
                }
            }
            blobs.append(try (item["blob"] ?? item).data("blobs", "blob"))
        }
        return blobs
    }

    private static func integer(_ value: JSONValue?) -> UInt64? {
        value?.text.flatMap { UInt64($0) } ?? value?.number.flatMap { UInt64(exactly: $0) }
    }

    /// Member `data` of the answer.
    private func data(_ path: String, _ query: [URLQueryItem] = []) async throws(EthereumError) -> JSONValue {
        var address = url.appending(path: path)
        if !query.isEmpty { address.append(queryItems: query) }
        var request = URLRequest(url: address, timeoutInterval: timeoutSeconds)
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        let answer = try await session.answer(to: request)
        try answer.checkStatus()
        guard let reply = try? JSONDecoder().decode(JSONValue.self, from: answer.body), let data = reply["data"] else {
            throw .malformedReply(method: path, detail: "no JSON with data: \(String(decoding: answer.body.prefix(100), as: UTF8.self))")
        }
        return data
    }
}
