/// Close codes (RFC 6455, 7.4) and the payload of close frames. Pure.
enum WebSocketClose {
    static let protocolError: UInt16 = 1002
    static let unsupportedData: UInt16 = 1003
    /// Stand for a close frame without a code, and for none at all; never sent.
    static let noCode: UInt16 = 1005
    static let abnormal: UInt16 = 1006
    static let invalidText: UInt16 = 1007
    static let messageTooBig: UInt16 = 1009

    enum Payload: Equatable {
        /// The peer's code, ``noCode`` if it gave none.
        case code(UInt16)
        /// To be answered with this code.
        case violation(UInt16)
    }

    /// Judges what a close frame carries: nothing, or a code that may be sent and a reason in UTF-8.
    static func judge(_ payload: UnsafeRawBufferPointer) -> Payload {
        guard payload.count > 0 else { return .code(noCode) }
        guard payload.count >= 2 else { return .violation(protocolError) }
        let code = UInt16(bigEndian: payload.loadUnaligned(as: UInt16.self))
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: return .violation(protocolError)
        }
        guard String(validating: payload[2...], as: UTF8.self) != nil else { return .violation(invalidText) }
        return .code(code)
    }

    /// Appends a close frame; `code` ``noCode`` makes an empty one. The reason is cut at 123 bytes.
    static func append(code: UInt16, reason: StaticString, mask: UInt32?, to output: inout ByteBuffer) {
        guard code != noCode else {
            return WebSocketFrame.append(.close, UnsafeRawBufferPointer(start: nil, count: 0), mask: mask, to: &output)
        }
        let reasonBytes = min(reason.utf8CodeUnitCount, WebSocketFrame.controlBytesMax - 2)
        withUnsafeTemporaryAllocation(byteCount: 2 + reasonBytes, alignment: 2) { payload in
            payload.storeBytes(of: code.bigEndian, as: UInt16.self)
            payload.baseAddress.map { ($0 + 2).copyMemory(from: reason.utf8Start, byteCount: reasonBytes) }
            WebSocketFrame.append(.close, UnsafeRawBufferPointer(payload), mask: mask, to: &output)
        }
    }
}
