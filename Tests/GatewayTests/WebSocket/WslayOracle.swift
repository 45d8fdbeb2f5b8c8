import CWslay

/// What wslay makes of a server's input: the messages, and the code of the close frame it answers with.
final class WslayOracle {
    private(set) var messages: [[UInt8]] = []
    private(set) var pongCount = 0
    /// Nil as long as it has not closed.
    private(set) var closeCode: UInt16?
    private var context: OpaquePointer?
    private var unread: ArraySlice<UInt8> = []

    init(messageBytesMax: Int) {
        var callbacks = wslay_event_callbacks()
        callbacks.recv_callback = { context, buffer, count, _, user in WslayOracle.from(user).read(into: buffer, count, context) }
        callbacks.send_callback = { _, _, count, _, _ in count }
        callbacks.on_msg_recv_callback = { _, argument, user in
            guard let argument else { return }
            let message = Array(UnsafeBufferPointer(start: argument.pointee.msg, count: argument.pointee.msg_length))
            WslayOracle.from(user).received(opcode: argument.pointee.opcode, message)
        }
        let result = wslay_event_context_server_init(&context, &callbacks, Unmanaged.passUnretained(self).toOpaque())
        precondition(result == 0)
        wslay_event_config_set_max_recv_msg_length(context, UInt64(messageBytesMax))
    }

    deinit { wslay_event_context_free(context) }

    func receive(_ bytes: [UInt8]) {
        unread = bytes[...]
        let result = wslay_event_recv(context)
        // Bytes that are no frames: RFC 6455, 7.1.7 wants 1002.
        guard result == 0 else {
            closeCode = 1002
            return
        }
        _ = wslay_event_send(context)
        if closeCode == nil, wslay_event_get_close_sent(context) == 1 { closeCode = wslay_event_get_status_code_sent(context) }
    }

    private static func from(_ user: UnsafeMutableRawPointer?) -> WslayOracle {
        guard let user else { preconditionFailure("wslay lost its context") }
        return Unmanaged<WslayOracle>.fromOpaque(user).takeUnretainedValue()
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>?, _ count: Int, _ context: OpaquePointer?) -> Int {
        guard let buffer, !unread.isEmpty else {
            wslay_event_set_error(context, Int32(WSLAY_ERR_WOULDBLOCK.rawValue))
            return -1
        }
        let taken = min(count, unread.count)
        for (index, byte) in unread.prefix(taken).enumerated() { buffer[index] = byte }
        unread = unread.dropFirst(taken)
        return taken
    }

    private func received(opcode: UInt8, _ message: [UInt8]) {
        if opcode == UInt8(WSLAY_PONG.rawValue) { pongCount += 1 }
        if opcode < 8 { messages.append(message) }
    }
}
