import Blobs
import Engine
import Foundation
import Synchronization

/// Makes blobs for transactions: on a thread of its own, since proofs take a third of a second, and once for all versions of a transaction.
package final class BlobMaker: Sendable {
    /// Sidecars remembered, of 134 KiB each: more than may wait for inclusion.
    private static let keptMax = 16

    private let libraryPath: String?
    private let queue = DispatchQueue(label: "memex.blobs")
    private let kept = Mutex<[(content: Hash256, sidecar: BlobSidecar)]>([])

    /// - Parameter libraryPath: of c-kzg; nil: where ``KZGLibraryPath`` finds it. It is loaded with the first blob.
    package init(libraryPath: String? = nil) { self.libraryPath = libraryPath }

    /// The blob that carries `content`, at most `BlobLayout.contentBytesMax` bytes. Throws `KZGError`.
    package func sidecar(carrying content: [UInt8]) async throws -> BlobSidecar {
        try await onQueue { [self] in
            let hash = keccak256(content)
            if let sidecar = known(hash) { return sidecar }
            let sidecar = try KZG.load(libraryPath).sidecar(of: BlobLayout.blob(carrying: content))
            kept.withLock { kept in
                if kept.count == Self.keptMax { kept.removeFirst() }
                kept.append((hash, sidecar))
            }
            return sidecar
        }
    }

    /// What names the blob that carries `content`; a seventh of the work of ``sidecar(carrying:)``. Throws `KZGError`.
    package func versionedHash(carrying content: [UInt8]) async throws -> Hash256 {
        try await onQueue { [self] in
            if let sidecar = known(keccak256(content)) { return sidecar.versionedHash }
            return BlobSidecar.versionedHash(commitment: try KZG.load(libraryPath).commitment(to: BlobLayout.blob(carrying: content)))
        }
    }

    /// What names `blob`; nil if no blob has such bytes. Throws `KZGError`.
    package func versionedHash(of blob: [UInt8]) async throws -> Hash256? {
        try await onQueue { [self] in try KZG.load(libraryPath).versionedHash(of: blob) }
    }

    private func known(_ contentHash: Hash256) -> BlobSidecar? {
        kept.withLock { kept in kept.first { $0.content == contentHash }?.sidecar }
    }

    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
