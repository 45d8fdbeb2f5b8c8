import COpenSSL
import Engine

/// A blob with what L1 nodes ask for beside it (EIP-7594): its commitment and the proofs of its 128 cells.
package struct BlobSidecar: Equatable, Sendable {
    package let blob: [UInt8]
    /// 48 bytes.
    package let commitment: [UInt8]
    /// 48 bytes each.
    package let cellProofs: [[UInt8]]
    /// Names the blob in the transaction and to the contract.
    package var versionedHash: Hash256 { Self.versionedHash(commitment: commitment) }

    /// 0x01 and all but the first byte of the commitment's SHA-256 (EIP-4844, kzg_to_versioned_hash).
    package static func versionedHash(commitment: [UInt8]) -> Hash256 {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = SHA256(commitment, commitment.count, &digest)
        digest[0] = 1
        return digest.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { preconditionFailure("a digest is not empty") }
            return Hash256(loadingFrom: base)
        }
    }
}
