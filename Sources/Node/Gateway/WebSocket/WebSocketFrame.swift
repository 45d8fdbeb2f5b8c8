/// The head of a frame (RFC 6455, 5.2), and masking. Pure.
struct WebSocketFrame: Equatable {
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    /// Bytes of the longest head.
    static let headBytesMax = 14
    /// Bytes that a control frame may carry.
    static let controlBytesMax = 125

    let opcode: Opcode
    let isFinal: Bool
    /// The masking key as its four bytes lie in memory; 0 does nothing.
    let mask: UInt32
    let payloadBytes: Int
    /// Bytes of the head itself.
    let headBytes: Int

    var isControl: Bool { opcode.rawValue >= 8 }

    enum ParseResult: Equatable {
        case incomplete
        case frame(WebSocketFrame)
        /// No frame that this end may be sent: the connection must be failed with 1002.
        case violation
    }

    /// Reads the head at the beginning of `bytes`. `isMasked` is what this end must be sent: true for a server, false for a client.
    @inline(__always)
    static func parse(_ bytes: UnsafeRawBufferPointer, isMasked: Bool) -> ParseResult {
        guard bytes.count >= 2, let base = bytes.baseAddress else { return .incomplete }
        // No extension was agreed on, so the reserved bits are zero.
        guard bytes[0] & 0x70 == 0, let opcode = Opcode(rawValue: bytes[0] & 0x0F), bytes[1] >> 7 == (isMasked ? 1 : 0) else {
            return .violation
        }
        let isFinal = bytes[0] & 0x80 != 0
        let short = Int(bytes[1] & 0x7F)
        guard opcode.rawValue < 8 || isFinal && short <= controlBytesMax else { return .violation }
        let lengthBytes = short < 126 ? 0 : short == 126 ? 2 : 8
        let headBytes = 2 + lengthBytes + (isMasked ? 4 : 0)
        guard bytes.count >= headBytes else { return .incomplete }
        var payloadBytes = short
        if lengthBytes > 0 {
            let long =
                lengthBytes == 2
                ? UInt64(UInt16(bigEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
                : UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            // The shortest encoding is the only one, and the highest bit is zero.
            guard long >= (lengthBytes == 2 ? 126 : 1 << 16), long < 1 << 63 else { return .violation }
            payloadBytes = Int(long)
        }
        let mask = isMasked ? base.loadUnaligned(fromByteOffset: headBytes - 4, as: UInt32.self) : 0
        return .frame(WebSocketFrame(opcode: opcode, isFinal: isFinal, mask: mask, payloadBytes: payloadBytes, headBytes: headBytes))
    }

    /// Appends a whole unfragmented frame. A `mask` other than nil is for a client's frames.
    static func append(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer, mask: UInt32?, to output: inout ByteBuffer) {
        let start = output.reserve(headBytesMax + payload.count)
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        var count = 2
        start.storeBytes(of: 0x80 | opcode.rawValue, as: UInt8.self)
        switch payload.count {
        case ..<126: start.storeBytes(of: maskBit | UInt8(payload.count), toByteOffset: 1, as: UInt8.self)
        case ..<(1 << 16):
            start.storeBytes(of: maskBit | 126, toByteOffset: 1, as: UInt8.self)
            start.storeBytes(of: UInt16(payload.count).bigEndian, toByteOffset: 2, as: UInt16.self)
            count = 4
        default:
            start.storeBytes(of: maskBit | 127, toByteOffset: 1, as: UInt8.self)
            start.storeBytes(of: UInt64(payload.count).bigEndian, toByteOffset: 2, as: UInt64.self)
            count = 10
        }
        if let mask {
            start.storeBytes(of: mask, toByteOffset: count, as: UInt32.self)
            count += 4
        }
        if let base = payload.baseAddress { (start + count).copyMemory(from: base, byteCount: payload.count) }
        if let mask { apply(mask, to: UnsafeMutableRawBufferPointer(start: start + count, count: payload.count)) }
        output.advance(count + payload.count)
    }

    /// Masks or unmasks `bytes` in place; `offset` is how much of the payload lies before them.
    static func apply(_ mask: UInt32, offset: Int = 0, to bytes: UnsafeMutableRawBufferPointer) {
        guard mask != 0, let base = bytes.baseAddress else { return }
        let shift = UInt32(offset & 3) * 8
        let rotated = shift == 0 ? mask : mask >> shift | mask << (32 - shift)
        let wide = UInt64(rotated) << 32 | UInt64(rotated)
        var index = 0
        while index + 8 <= bytes.count {
            base.storeBytes(of: base.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ wide, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < bytes.count {
            bytes[index] ^= UInt8(truncatingIfNeeded: wide >> (UInt64(index & 7) * 8))
            index += 1
        }
    }
}
