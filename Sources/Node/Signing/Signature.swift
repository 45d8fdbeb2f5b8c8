import Engine

/// An ECDSA signature on secp256k1: r and s, 32 big-endian bytes each, as they stand in envelopes and block headers.
package struct Signature: Equatable, Hashable, Sendable, BitwiseCopyable {
    package var r: Hash256
    package var s: Hash256

    package static let byteCount = 64

    package init(r: Hash256, s: Hash256) {
        self.r = r
        self.s = s
    }

    /// Reads 64 bytes at `bytes`, which need not be aligned.
    package init(loadingFrom bytes: UnsafeRawPointer) {
        r = Hash256(loadingFrom: bytes)
        s = Hash256(loadingFrom: bytes + 32)
    }
}

/// A signature together with what tells the signer's key from the other candidate.
package struct RecoverableSignature: Equatable, Sendable {
    package var signature: Signature
    /// 0 or 1: the parity of the nonce point's y; `v` is 27 plus this. EIP-1559 transactions store it as it is.
    package var recoveryId: UInt8

    package init(signature: Signature, recoveryId: UInt8) {
        self.signature = signature
        self.recoveryId = recoveryId
    }
}
