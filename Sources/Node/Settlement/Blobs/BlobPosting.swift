import Blobs

/// How batches can be posted here: blobs need c-kzg's library, and, so that whoever runs the node can read back what it posts, a consensus node.
package struct BlobPosting: Sendable {
    /// What is wanted, or calldata where the price was to decide and blobs are out of reach.
    package let carrier: BatchCarrier
    /// Also without new blobs: what was sent with one before has to be seen through, and found to be ours.
    package let maker: BlobMaker?
    /// Why the price decides nothing; nil: it does, or was not to.
    package private(set) var shortcoming: String?

    /// Loads the library where blobs may be posted, which takes two seconds. Throws ``BlobPostingRefused`` if blobs are wanted and out of reach.
    package init(_ wanted: BatchCarrier, libraryPath: String?, hasBeacon: Bool) throws(BlobPostingRefused) {
        maker = KZGLibraryPath.find(named: libraryPath).map { BlobMaker(libraryPath: $0) }
        guard wanted != .calldata, let reason = Self.obstacle(libraryPath, hasBeacon) else {
            carrier = wanted
            return
        }
        guard wanted == .price else { throw BlobPostingRefused(reason: reason) }
        carrier = .calldata
        shortcoming = reason
    }

    private static func obstacle(_ libraryPath: String?, _ hasBeacon: Bool) -> String? {
        guard hasBeacon else { return "no consensus node is named by --beacon" }
        do {
            _ = try KZG.load(libraryPath)
            return nil
        } catch { return error.description }
    }
}

/// Batches are to go into blobs, and cannot.
package struct BlobPostingRefused: Error, Equatable, CustomStringConvertible {
    let reason: String

    package var description: String { "batches cannot be posted in blobs: \(reason)" }
}
