/// A signed command batch, as clients send it and as rings, journal and blocks hold it.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | signer, 20 bytes |
/// | 20 | nonce, u64 little-endian |
/// | 28 | signature, r and s, 64 bytes |
/// | 92 | payload: commands, 1 to 16384 bytes |
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
}
