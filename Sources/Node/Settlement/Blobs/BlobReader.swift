import Blobs
import Engine
import Foundation

/// Gets blobs from one or several sources, in order, and believes none: a blob is taken only if its commitment has the versioned hash that the contract
/// recorded.
package actor BlobReader {
    private let sources: [BeaconClient]
    private let maker: BlobMaker
    private let chainId: UInt64
    private var chains: [URL: BeaconChain] = [:]

    /// - Parameters:
    ///   - urls: of consensus nodes or archives.
    ///   - chainId: of the L1 whose blobs they are to have.
    ///   - maker: computes commitments.
    package init(urls: [URL], chainId: UInt64, maker: BlobMaker) {
        sources = urls.map { BeaconClient(url: $0) }
        self.chainId = chainId
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
                let slot = try await chain(of: source).slot(at: time, chainId: chainId)
                failure.slot = slot
                let found = try await source.blobs(versionedHash, slot: slot)
                for blob in found where try await maker.versionedHash(of: blob) == versionedHash { return blob }
                failure.reasons.append(
                    "\(source.url.absoluteString) " + (found.isEmpty ? "does not have it" : "sent other bytes than L1 commits to"))
            } catch EthereumError.httpStatus(_, let status, _) where status == 404 {
                failure.reasons.append("\(source.url.absoluteString) does not have it")
            } catch let mismatch as BeaconChain.Mismatch {
                failure.reasons.append("\(source.url.absoluteString) \(mismatch.reason)")
            } catch let error as EthereumError {
                failure.reasons.append(error.text(of: "the consensus node"))
            }
        }
        throw failure
    }

    private func chain(of source: BeaconClient) async throws(EthereumError) -> BeaconChain {
        if let chain = chains[source.url] { return chain }
        let chain = try await source.chain()
        chains[source.url] = chain
        return chain
    }
}
