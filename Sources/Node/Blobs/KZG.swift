import Engine
import Foundation
import Synchronization

/// KZG commitments of blobs and proofs of their cells, by c-kzg (https://github.com/ethereum/c-kzg-4844), which is loaded when it is first asked
/// for: a node that posts no blobs needs none of it.
///
/// The library only reads its settings after they are loaded, so all threads may use one.
package final class KZG: Sendable {
    package static let commitmentBytes = 48
    /// Cells of a blob, each with a proof (EIP-7594).
    package static let cellCount = 128
    private static let setupName = "kzg_trusted_setup.txt"
    /// More tables make proofs faster and loading slower; 8 saves a third of a proof for 0.7 s and 96 MiB.
    private static let precompute: UInt64 = 0

    private let library: KZGLibrary

    private init(library: KZGLibrary) { self.library = library }

    private static let loaded = Mutex<[String: KZG]>([:])

    /// The library at `path` (nil: where ``KZGLibraryPath`` finds it), loaded once per process, which takes some two seconds; others who ask wait for
    /// it.
    package static func load(_ path: String? = nil) throws(KZGError) -> KZG {
        guard let path = KZGLibraryPath.find(named: path) else { throw .notFound }
        return try loaded.withLock { (loaded) throws(KZGError) in
            if let kzg = loaded[path] { return kzg }
            let setup = URL(filePath: path).deletingLastPathComponent().appending(path: setupName).path
            let kzg = KZG(library: try KZGLibrary(path: path, setupPath: setup, precompute: precompute))
            loaded[path] = kzg
            return kzg
        }
    }

    /// The commitment of `blob`, which must have the length of one. Throws `.badBlob` if a field element is too large.
    package func commitment(to blob: [UInt8]) throws(KZGError) -> [UInt8] {
        precondition(blob.count == BlobLayout.blobBytes)
        var commitment = [UInt8](repeating: 0, count: Self.commitmentBytes)
        let code = commitment.withUnsafeMutableBytes { out in
            blob.withUnsafeBytes { library.blobToCommitment(out.baseAddress, $0.baseAddress, library.settings) }
        }
        try Self.check(code)
        return commitment
    }

    /// `blob` with its commitment and cell proofs: a third of a second of work.
    package func sidecar(of blob: [UInt8]) throws(KZGError) -> BlobSidecar {
        let commitment = try commitment(to: blob)
        var proofs = [UInt8](repeating: 0, count: Self.cellCount * Self.commitmentBytes)
        let code = proofs.withUnsafeMutableBytes { out in
            // No cells: nodes compute them themselves.
            blob.withUnsafeBytes { library.computeCellsAndProofs(nil, out.baseAddress, $0.baseAddress, library.settings) }
        }
        try Self.check(code)
        let cellProofs = stride(from: 0, to: proofs.count, by: Self.commitmentBytes).map {
            Array(proofs[$0..<($0 + Self.commitmentBytes)])
        }
        return BlobSidecar(blob: blob, commitment: commitment, cellProofs: cellProofs)
    }

    /// The versioned hash of `blob`; nil if no blob has such bytes. Whoever gives us a blob is checked by this.
    package func versionedHash(of blob: [UInt8]) throws(KZGError) -> Hash256? {
        guard blob.count == BlobLayout.blobBytes else { return nil }
        do { return BlobSidecar.versionedHash(commitment: try commitment(to: blob)) } catch {
            guard case .badBlob = error else { throw error }
            return nil
        }
    }

    private static func check(_ code: Int32) throws(KZGError) {
        switch code {
        case KZGLibrary.ok: return
        case KZGLibrary.badArguments: throw .badBlob
        default: throw .failed(code: code)
        }
    }
}
