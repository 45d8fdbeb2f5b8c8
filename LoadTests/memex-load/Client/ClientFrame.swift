/// Frames of a WebSocket client (RFC 6455, 5.2), made before they are needed.
enum ClientFrame {
    static let binary: UInt8 = 2
    static let ping: UInt8 = 9
    static let pong: UInt8 = 10

    /// One whole masked frame.
    static func bytes(_ payload: some Collection<UInt8>, opcode: UInt8 = binary, mask: UInt32) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(payload.count + 14)
        frame.append(0x80 | opcode)
        switch payload.count {
        case ..<126: frame.append(0x80 | UInt8(payload.count))
        case ..<65_536: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: frame += [0x80 | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        frame += (0..<4).map { UInt8(truncatingIfNeeded: mask >> (8 * $0)) }
        let start = frame.count
        frame += payload
        frame.withUnsafeMutableBytes { self.mask(UnsafeMutableRawBufferPointer(rebasing: $0[start...]), with: mask) }
        return frame
    }

    /// Masks a payload in place (RFC 6455, 5.3); the key's bytes are those of `mask`, lowest first.
    static func mask(_ payload: UnsafeMutableRawBufferPointer, with mask: UInt32) {
        guard let base = payload.baseAddress else { return }
        let wide = UInt64(mask) << 32 | UInt64(mask)
        var offset = 0
        while offset + 8 <= payload.count {
            base.storeBytes(of: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ wide, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < payload.count {
            payload[offset] ^= UInt8(truncatingIfNeeded: wide >> (8 * UInt64(offset & 7)))
            offset += 1
        }
    }
}
