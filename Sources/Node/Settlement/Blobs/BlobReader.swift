import Blobs
import Engine
import Foundation

/// Gets blobs from one or several sources, in order, and believes none: a blob is taken only if its commitment has the versioned hash that the contract
/// recorded.
package actor BlobReader {
    private let sources: [BeaconClient]
    private let maker: BlobMaker
    private var clocks: [URL: BeaconClient.SlotClock] = [:]

    /// - Parameters:
    ///   - urls: of consensus nodes or archives.
    ///   - maker: computes commitments.
    package init(urls: [URL], maker: BlobMaker) {
        sources = urls.map { BeaconClient(url: $0) }
        self.maker = maker
    }

    /// Why no source gave a blob.
    package struct Unavailable: Error, Equatable {
        /// Nil: no source told when slots begin.
        package var slot: UInt64?
        /// One for each source.
        package var reasons: [String]
    }

    /// The blob with this versioned hash in the L1 block of this time (seconds since 1970). Throws ``Unavailable`` or `KZGError`.
    package func blob(_ versionedHash: Hash256, at time: UInt64) async throws -> [UInt8] {
        var failure = Unavailable(slot: nil, reasons: [])
        for source in sources {
            do {
                guard let slot = try await clock(of: source).slot(at: time) else {
                    failure.reasons.append("\(source.url.absoluteString) belongs to a chain that began later")
                    continue
                }
                failure.slot = slot
                let found = try await source.blobs(versionedHash, slot: slot)
                for blob in found where try await maker.versionedHash(of: blob) == versionedHash { return blob }
                failure.reasons.append(
                    "\(source.url.absoluteString) " + (found.isEmpty ? "does not have it" : "sent other bytes than L1 commits to"))
            } catch EthereumError.httpStatus(_, let status, _) where status == 404 {
                failure.reasons.append("\(source.url.absoluteString) does not have it")
            } catch let error as EthereumError {
                failure.reasons.append("\(error)")
            }
        }
        throw failure
    }

    private func clock(of source: BeaconClient) async throws(EthereumError) -> BeaconClient.SlotClock {
        if let clock = clocks[source.url] { return clock }
        let clock = try await source.slotClock()
        clocks[source.url] = clock
        return clock
    }
}
