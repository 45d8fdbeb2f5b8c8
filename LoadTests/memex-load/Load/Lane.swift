import Engine
import Gateway
import Signing

/// What one connection sends in a run: client frames end to end, each a signed batch, in the order in which they are due.
final class Lane: @unchecked Sendable {
    /// Numbers of the batches in the run, ascending.
    private(set) var batches: [UInt32] = []
    /// Where each frame ends in ``bytes``.
    private(set) var ends: [Int] = []
    private var storage = ByteBuffer(capacity: 1 << 16)

    var count: Int { batches.count }
    /// All frames. Not to be changed any more once they are being sent.
    var bytes: UnsafeRawBufferPointer { storage.bytes }

    private static let headerBytes = Wire.commandsHeaderBytes

    /// Appends a batch as a frame that still lacks its signature and its mask.
    func append(batch: Int, _ commands: [Command], nonce: UInt64, signer: Address) {
        let frame = storage.count
        let messageBytesMax = Self.headerBytes + commands.count * Command.bytesMax
        let base = storage.reserve(14 + messageBytesMax)
        // The length of the header depends on that of the message, so the message is written where a long header would end.
        let message = base + 8
        message.initializeMemory(as: UInt8.self, repeating: 0, count: Self.headerBytes)
        message.storeBytes(of: UInt32(Wire.ToServer.commands) | UInt32(Wire.schemeEIP712) << 8, as: UInt32.self)
        message.storeBytes(of: signer, toByteOffset: 4 + Envelope.signerOffset, as: Address.self)
        message.storeBytes(of: nonce, toByteOffset: 4 + Envelope.nonceOffset, as: UInt64.self)
        var messageBytes = Self.headerBytes
        for command in commands { messageBytes += command.encode(to: message + messageBytes) }
        base.storeBytes(of: 0x82, as: UInt8.self)
        if messageBytes < 126 {
            base.storeBytes(of: 0x80 | UInt8(messageBytes), toByteOffset: 1, as: UInt8.self)
            (base + 6).copyMemory(from: message, byteCount: messageBytes)
            storage.advance(6 + messageBytes)
        } else {
            base.storeBytes(of: 0x80 | 126, toByteOffset: 1, as: UInt8.self)
            base.storeBytes(of: UInt16(messageBytes).bigEndian, toByteOffset: 2, as: UInt16.self)
            storage.advance(8 + messageBytes)
        }
        batches.append(UInt32(batch))
        ends.append(storage.count)
        precondition(storage.count > frame)
    }

    /// Signs and masks the frames of a range. Ranges that do not overlap may be done on several threads at once.
    func finish(_ range: Range<Int>, keys: [Address: PrivateKey], domain: SigningDomain, random: inout some RandomNumberGenerator) {
        let base = UnsafeMutableRawPointer(mutating: storage.bytes.baseAddress!)
        for index in range {
            let start = index == 0 ? 0 : ends[index - 1]
            let headerBytes = base.load(fromByteOffset: start + 1, as: UInt8.self) == 0x80 | 126 ? 8 : 6
            let message = base + start + headerBytes
            let messageBytes = ends[index] - start - headerBytes
            let nonce = message.loadUnaligned(fromByteOffset: 4 + Envelope.nonceOffset, as: UInt64.self)
            let signer = Address(loadingFrom: UnsafeRawPointer(message) + 4 + Envelope.signerOffset)
            guard let key = keys[signer] else { preconditionFailure("a batch of a signer without a key") }
            let payload = UnsafeRawBufferPointer(start: message + Self.headerBytes, count: messageBytes - Self.headerBytes)
            let signature = key.sign(domain.commandsDigest(nonce: nonce, payload: payload)).signature
            message.storeBytes(of: signature, toByteOffset: 4 + Envelope.signatureOffset, as: Signature.self)
            let mask = UInt32.random(in: 1...UInt32.max, using: &random)
            (message - 4).storeBytes(of: mask, as: UInt32.self)
            ClientFrame.mask(UnsafeMutableRawBufferPointer(start: message, count: messageBytes), with: mask)
        }
    }
}
