import CSecp256k1
import Engine

/// A secp256k1 private key. Its bytes appear in no description and no reflection.
package struct PrivateKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let secret: Hash256
    /// The Ethereum address of the key.
    package let address: Address

    /// Takes 32 big-endian bytes. Throws ``KeyError/outOfRange`` unless they lie in 1 ..< group order.
    package init(bytes: Hash256) throws(KeyError) {
        var key = secp256k1_pubkey()
        let isValid = withUnsafeBytes(of: bytes) {
            secp256k1_ec_pubkey_create(Secp256k1.shared.context, &key, $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        guard isValid == 1 else { throw .outOfRange }
        secret = bytes
        address = PublicKey(parsed: key).address
    }

    /// Takes 64 hexadecimal digits of any case, with or without `0x`.
    package init(hex: String) throws(KeyError) {
        let bytes: Hash256
        do { bytes = try Hash256(hex: hex) } catch { throw .notHex(error) }
        try self.init(bytes: bytes)
    }

    /// A new key from the kernel's random generator.
    package static func generate() -> PrivateKey {
        while true {
            if let key = try? PrivateKey(bytes: .random()) { return key }
        }
    }

    /// Signs a 32-byte digest: deterministic (RFC 6979), always with low `s`.
    package func sign(_ digest: Hash256) -> RecoverableSignature {
        let context = Secp256k1.shared.context
        var recoverable = secp256k1_ecdsa_recoverable_signature()
        let didSign = withUnsafeBytes(of: digest) { digest in
            withUnsafeBytes(of: secret) { secret in
                secp256k1_ecdsa_sign_recoverable(
                    context, &recoverable, digest.baseAddress!.assumingMemoryBound(to: UInt8.self),
                    secret.baseAddress!.assumingMemoryBound(to: UInt8.self), nil, nil)
            }
        }
        precondition(didSign == 1, "libsecp256k1 could not sign with a key that it had accepted")
        var signature = Signature(r: .zero, s: .zero)
        var recoveryId: Int32 = 0
        let didWrite = withUnsafeMutableBytes(of: &signature) {
            secp256k1_ecdsa_recoverable_signature_serialize_compact(
                context, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), &recoveryId, &recoverable)
        }
        precondition(didWrite == 1)
        // Recovery ids 2 and 3 mean that x of the nonce point exceeds the group order: a chance of 2^-127.
        precondition(recoveryId < 2, "a signature that the EVM cannot recover came out; sign another digest")
        return RecoverableSignature(signature: signature, recoveryId: UInt8(recoveryId))
    }

    /// The 64 digits of the secret with `0x`, for key files alone.
    package var secretHex: String { secret.hex }

    package var description: String { "PrivateKey of \(address)" }
    package var customMirror: Mirror { Mirror(self, children: ["address": address.description]) }
}

/// Why something is not a private key.
package enum KeyError: Error, Equatable, CustomStringConvertible {
    case notHex(HexError)
    case outOfRange

    package var description: String {
        switch self {
        case .notHex(let error): "a private key is 64 hexadecimal digits; \(error)"
        case .outOfRange: "these 32 bytes are no private key: it must lie between 1 and the order of secp256k1 less 1"
        }
    }
}
