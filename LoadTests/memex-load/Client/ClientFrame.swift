/// Frames of a WebSocket client (RFC 6455, 5.2), made before they are needed.
enum ClientFrame {
    static let binary: UInt8 = 2
    static let close: UInt8 = 8
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
        let key = (0..<4).map { UInt8(truncatingIfNeeded: mask >> (8 * $0)) }
        frame += key
        for (index, byte) in payload.enumerated() { frame.append(byte ^ key[index & 3]) }
        return frame
    }
}
