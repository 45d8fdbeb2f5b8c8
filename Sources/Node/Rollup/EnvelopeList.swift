import Engine

/// The envelopes of a block in order, in one run of bytes: u32 length and the envelope, each.
package struct EnvelopeList: Equatable, Sendable {
    /// The run of bytes.
    package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0

    package init() {}

    /// Reads a run of bytes; nil unless it is whole envelopes and nothing else.
    package init?(bytes: [UInt8]) {
        self.bytes = bytes
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 4 else { return nil }
            let length = Self.length(bytes, at: offset)
            guard length >= Envelope.payloadOffset, length <= Envelope.bytesMax, bytes.count - offset - 4 >= length else { return nil }
            offset += 4 + length
            count += 1
        }
    }

    /// Adds the bytes of an envelope. They must be one: 92 to `Envelope.bytesMax` bytes.
    package mutating func append(_ envelope: UnsafeRawBufferPointer) {
        precondition(envelope.count >= Envelope.payloadOffset && envelope.count <= Envelope.bytesMax)
        withUnsafeBytes(of: UInt32(envelope.count)) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: envelope)
        count += 1
    }

    /// Calls `body` with each envelope in order.
    package func forEach<Failure: Error>(_ body: (Envelope) throws(Failure) -> Void) throws(Failure) {
        var offset = 0
        var failure: Failure?
        bytes.withUnsafeBytes { raw in
            while offset < raw.count, failure == nil {
                let length = Int(raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                guard let envelope = Envelope(UnsafeRawBufferPointer(rebasing: raw[offset + 4..<offset + 4 + length])) else { return }
                do throws(Failure) { try body(envelope) } catch { failure = error }
                offset += 4 + length
            }
        }
        if let failure { throw failure }
    }

    private static func length(_ bytes: [UInt8], at offset: Int) -> Int {
        bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }
}
