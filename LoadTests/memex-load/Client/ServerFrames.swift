import Foundation

/// Takes the frames of a WebSocket server apart (RFC 6455, 5.2) without copying those that came whole. Pure.
///
/// Servers do not mask, and the gateway does not fragment: anything else ends the connection.
struct ServerFrames {
    enum Frame {
        case message(UnsafeRawBufferPointer)
        case ping(UnsafeRawBufferPointer)
        /// With its code, 1005 if it has none.
        case close(UInt16)
    }

    /// The beginning of a frame whose end has not come.
    private(set) var leftover: [UInt8] = []

    /// Passes on the whole frames in `bytes`, which begin with what was left over, and keeps what is left over now. False if these are no frames.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ body: (Frame) -> Void) -> Bool {
        leftover.removeAll(keepingCapacity: true)
        guard let base = bytes.baseAddress else { return true }
        var offset = 0
        while bytes.count - offset >= 2 {
            let first = bytes[offset]
            var headerBytes = 2
            var length = Int(bytes[offset + 1])
            if length == 126 {
                headerBytes = 4
                guard bytes.count - offset >= headerBytes else { break }
                length = Int(UInt16(bigEndian: base.loadUnaligned(fromByteOffset: offset + 2, as: UInt16.self)))
            } else if length == 127 {
                headerBytes = 10
                guard bytes.count - offset >= headerBytes else { break }
                length = Int(truncatingIfNeeded: UInt64(bigEndian: base.loadUnaligned(fromByteOffset: offset + 2, as: UInt64.self)))
            }
            guard first & 0xF0 == 0x80, length >= 0, headerBytes > 2 || length < 126, length <= Self.frameBytesMax else { return false }
            guard bytes.count - offset >= headerBytes + length else { break }
            let payload = UnsafeRawBufferPointer(start: base + offset + headerBytes, count: length)
            switch first & 0x0F {
            case 2: body(.message(payload))
            case 8: body(.close(length < 2 ? 1005 : UInt16(payload[0]) << 8 | UInt16(payload[1])))
            case 9: body(.ping(payload))
            case 10: break
            default: return false
            }
            offset += headerBytes + length
        }
        if offset < bytes.count { leftover.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[offset...])) }
        return true
    }

    /// Longer than any message that the gateway sends.
    static let frameBytesMax = 4 << 20
}
