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
        guard payload.count >= 2, let base = payload.baseAddress else { return .violation(protocolError) }
        let code = UInt16(bigEndian: base.loadUnaligned(as: UInt16.self))
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: return .violation(protocolError)
        }
        guard String(validating: payload[2...], as: UTF8.self) != nil else { return .violation(invalidText) }
        return .code(code)
    }

    /// Calls `body` with the payload of a close frame: none for ``noCode``. The reason is cut to fit a control frame of 125 bytes.
    static func withPayload(code: UInt16, reason: StaticString, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard code != noCode else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        let reasonBytes = min(reason.utf8CodeUnitCount, 123)
        withUnsafeTemporaryAllocation(byteCount: 2 + reasonBytes, alignment: 2) { payload in
            payload.storeBytes(of: code.bigEndian, as: UInt16.self)
            payload.baseAddress.map { ($0 + 2).copyMemory(from: reason.utf8Start, byteCount: reasonBytes) }
            body(UnsafeRawBufferPointer(payload))
        }
    }
}
