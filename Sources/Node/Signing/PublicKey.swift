import CSecp256k1
import Engine

/// A public key in libsecp256k1's parsed form: 64 bytes that mean nothing outside this process.
package struct PublicKey: BitwiseCopyable {
    var parsed: secp256k1_pubkey

    /// Recovers the key that made `signature` over `digest`; `v` is 27 or 28, as for the EVM's ecrecover precompile.
    ///
    /// Returns nil if the signature is malformed, if `s` is in the upper half of the group order (EIP-2), or if no key fits.
    package static func recover(digest: Hash256, signature: Signature, v: UInt8) -> PublicKey? {
        guard v == 27 || v == 28, signature.isWellFormed else { return nil }
        let context = Secp256k1.shared.context
        var recoverable = secp256k1_ecdsa_recoverable_signature()
        let didParse = withUnsafeBytes(of: signature) {
            secp256k1_ecdsa_recoverable_signature_parse_compact(
                context, &recoverable, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), Int32(v - 27))
        }
        guard didParse == 1 else { return nil }
        var key = secp256k1_pubkey()
        let didRecover = withUnsafeBytes(of: digest) {
            secp256k1_ecdsa_recover(context, &key, &recoverable, $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        guard didRecover == 1 else { return nil }
        return PublicKey(parsed: key)
    }

    /// The Ethereum address: the last 20 bytes of keccak256 over x and y.
    package var address: Address {
        var key = parsed
        // 0x04, then x and y.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 65) { bytes in
            var count = 65
            let result = secp256k1_ec_pubkey_serialize(
                Secp256k1.shared.context, bytes.baseAddress!, &count, &key, UInt32(SECP256K1_EC_UNCOMPRESSED))
            precondition(result == 1 && count == 65, "libsecp256k1 could not write a key that it had parsed")
            let hash = Keccak256.hash(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[1...]))
            return withUnsafeBytes(of: hash) { Address(loadingFrom: $0.baseAddress! + 12) }
        }
    }

    /// Whether this key made `signature` over `digest`. High `s` is refused.
    package func verifies(digest: Hash256, signature: Signature) -> Bool {
        let context = Secp256k1.shared.context
        var compact = secp256k1_ecdsa_signature()
        let didParse = withUnsafeBytes(of: signature) {
            secp256k1_ecdsa_signature_parse_compact(context, &compact, $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        guard didParse == 1 else { return false }
        var key = parsed
        return withUnsafeBytes(of: digest) {
            secp256k1_ecdsa_verify(context, &compact, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), &key) == 1
        }
    }
}

/// The address whose key made `signature` over `digest` (`v` 27 or 28), or nil: what the EVM's ecrecover gives, high `s` refused.
package func recover(digest: Hash256, signature: Signature, v: UInt8) -> Address? {
    PublicKey.recover(digest: digest, signature: signature, v: v)?.address
}
