import Engine
import Signing

/// A sealed block: what the sequencer keeps, serves and posts.
///
/// As bytes: header (128), signature (64), u32 number of inbox messages consumed, then the envelopes (``EnvelopeList``).
package struct Block: Equatable, Sendable {
    package var header: BlockHeader
    package var signature: Signature
    /// Inbox messages that this block consumes, before its envelopes.
    package var messageCount: UInt32
    package var envelopes: EnvelopeList

    private static let envelopesOffset = BlockHeader.byteCount + Signature.byteCount + 4

    package init(header: BlockHeader, signature: Signature, messageCount: UInt32, envelopes: EnvelopeList) {
        self.header = header
        self.signature = signature
        self.messageCount = messageCount
        self.envelopes = envelopes
    }

    /// Reads what ``bytes`` gives; nil if it is anything else. Checks no signature.
    package init?(bytes: [UInt8]) {
        guard bytes.count >= Self.envelopesOffset, let envelopes = EnvelopeList(bytes: Array(bytes[Self.envelopesOffset...])) else {
            return nil
        }
        self.envelopes = envelopes
        (header, signature, messageCount) = bytes.withUnsafeBytes { raw in
            let start = UnsafeRawBufferPointer(rebasing: raw[BlockHeader.byteCount...])
            return (
                BlockHeader(loadingFrom: raw.baseAddress!), Signature(loadingFrom: start.baseAddress!),
                start.loadUnaligned(fromByteOffset: Signature.byteCount, as: UInt32.self)
            )
        }
    }

    package var bytes: [UInt8] {
        var bytes = header.bytes
        bytes.reserveCapacity(Self.envelopesOffset + envelopes.bytes.count)
        withUnsafeBytes(of: signature) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: messageCount) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: envelopes.bytes)
        return bytes
    }
}
