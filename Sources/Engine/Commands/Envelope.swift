/// A signed command batch, as clients send it and as rings, journal and blocks hold it.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | signer, 20 bytes |
/// | 20 | nonce, u64 little-endian |
/// | 28 | signature, r and s, 64 bytes |
/// | 92 | payload: commands, 1 to 16384 bytes |
///
/// In one form it is not signed: nonce 0, a signature of zeros, and as payload the one command `disconnected`. It is the sequencer's
/// statement that a session ended, and does nothing unless the signer asked for that (``isUnsigned``).
///
/// This is a view: valid as long as the bytes that it was made from.
package struct Envelope {
    package static let signerOffset = 0
    package static let nonceOffset = 20
    package static let signatureOffset = 28
    package static let payloadOffset = 92
    package static let signatureBytes = 64
    package static let bytesMax = payloadOffset + Layout.payloadBytesMax

    /// All of it.
    package let bytes: UnsafeRawBufferPointer
    package let signer: Address
    package let nonce: UInt64
    /// r and s, 64 bytes.
    package let signature: UnsafeRawPointer
    package let payload: UnsafeRawBufferPointer

    /// Nil if `bytes` is too short to be one or longer than ``bytesMax``. Says nothing about the payload.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.payloadOffset, bytes.count <= Self.bytesMax, let start = bytes.baseAddress else { return nil }
        self.bytes = bytes
        signer = Address(loadingFrom: start + Self.signerOffset)
        nonce = start.loadUnaligned(fromByteOffset: Self.nonceOffset, as: UInt64.self)
        signature = start + Self.signatureOffset
        payload = UnsafeRawBufferPointer(start: start + Self.payloadOffset, count: bytes.count - Self.payloadOffset)
    }

    /// The bytes of an unsigned envelope.
    package static let unsignedBytes = payloadOffset + 4

    /// Whether it states that a session of the signer ended, instead of carrying signed commands. No signature is all zeros, so that nothing
    /// can be both.
    package var isUnsigned: Bool {
        guard payload.count == 4, nonce == 0, let start = payload.baseAddress,
            start.loadUnaligned(as: UInt32.self) == Self.disconnectedPayload.littleEndian
        else { return false }
        for offset in stride(from: 0, to: Self.signatureBytes, by: 8)
        where signature.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 {
            return false
        }
        return true
    }

    /// Writes the unsigned envelope for `signer` at `bytes`, where ``unsignedBytes`` bytes are free.
    package static func writeUnsigned(signer: Address, to bytes: UnsafeMutableRawPointer) {
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: unsignedBytes)
        bytes.storeBytes(of: signer, toByteOffset: signerOffset, as: Address.self)
        bytes.storeBytes(of: disconnectedPayload.littleEndian, toByteOffset: payloadOffset, as: UInt32.self)
    }

    /// The command `disconnected` as a little-endian integer.
    private static let disconnectedPayload: UInt32 = 13
}
