import COpenSSL
import CWslay

/// One wslay frame context: bytes to frames (RFC 6455, 5.2), and frames to bytes. Frames only: what they mean is ``WebSocketEndpoint``'s matter.
///
/// Its buffer of 4 KiB is needed only between the bytes of one frame, so endpoints share framers through ``WebSocketFramers``.
final class WebSocketFramer {
    /// What came of a frame: all of it, or a part.
    struct Part {
        let opcode: UInt8
        let isFinal: Bool
        /// Reserved bits, zero in all that is legal here.
        let reserved: UInt8
        let isMasked: Bool
        /// Of the whole frame.
        let payloadBytes: UInt64
        /// Unmasked; valid until the framer is used again.
        let bytes: UnsafeRawBufferPointer
        let isFirst: Bool
        let isLast: Bool
    }

    enum Result {
        case part(Part)
        case wantsInput
        case violation
    }

    private var context: OpaquePointer?
    /// The caller's bytes that wslay has not taken, and how many it has taken but not handed out.
    private var unread = UnsafeRawBufferPointer(start: nil, count: 0)
    private var bufferedCount = 0
    /// Of the frame of which parts were handed out; 0 between frames.
    private var payloadRest: UInt64 = 0
    /// Where a frame is being written to.
    private var target: UnsafeMutablePointer<ByteBuffer>?
    /// Random bytes for the masks of a client's frames.
    private var masks = ByteBuffer(capacity: 0)

    init() {
        var callbacks = wslay_frame_callbacks()
        callbacks.recv_callback = { buffer, count, _, user in WebSocketFramer.from(user).read(into: buffer, count) }
        callbacks.send_callback = { bytes, count, _, user in
            WebSocketFramer.from(user).target?.pointee.append(UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
        callbacks.genmask_callback = { buffer, count, user in WebSocketFramer.from(user).drawMask(buffer, count) }
        let result = wslay_frame_context_init(&context, &callbacks, Unmanaged.passUnretained(self).toOpaque())
        precondition(result == 0, "out of memory for WebSocket frames")
    }

    deinit { wslay_frame_context_free(context) }

    // MARK: Receiving

    /// Hands over bytes, which must stay where they are until ``next()`` wants more. Only then may more be handed over.
    func receive(_ bytes: UnsafeRawBufferPointer) { unread = bytes }

    /// Bytes handed over that belong to no part yet.
    var restCount: Int { unread.count + bufferedCount }

    /// Whether it could as well be a new one.
    var isIdle: Bool { restCount == 0 && payloadRest == 0 }

    /// The next part of a frame.
    func next() -> Result {
        var frame = wslay_frame_iocb()
        let count = wslay_frame_recv(context, &frame)
        guard count >= 0 else { return count == Int(WSLAY_ERR_WANT_READ.rawValue) ? .wantsInput : .violation }
        let isFirst = payloadRest == 0
        if isFirst {
            payloadRest = frame.payload_length
            bufferedCount -= Self.headBytes(payloadBytes: frame.payload_length, isMasked: frame.mask != 0)
        }
        payloadRest -= UInt64(count)
        bufferedCount -= count
        return .part(
            Part(
                opcode: frame.opcode, isFinal: frame.fin != 0, reserved: frame.rsv, isMasked: frame.mask != 0,
                payloadBytes: frame.payload_length, bytes: UnsafeRawBufferPointer(start: frame.data, count: count), isFirst: isFirst,
                isLast: payloadRest == 0))
    }

    /// wslay accepts only the shortest encoding of a length.
    private static func headBytes(payloadBytes: UInt64, isMasked: Bool) -> Int {
        2 + (payloadBytes < 126 ? 0 : payloadBytes < 1 << 16 ? 2 : 8) + (isMasked ? 4 : 0)
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
        guard let buffer, let base = unread.baseAddress, unread.count > 0 else { return -1 }
        let taken = min(count, unread.count)
        UnsafeMutableRawPointer(buffer).copyMemory(from: base, byteCount: taken)
        unread = UnsafeRawBufferPointer(rebasing: unread[taken...])
        bufferedCount += taken
        return taken
    }

    // MARK: Sending

    /// Appends a whole unfragmented frame.
    func append(opcode: UInt8, _ payload: UnsafeRawBufferPointer, isMasked: Bool, to output: inout ByteBuffer) {
        var frame = wslay_frame_iocb()
        frame.fin = 1
        frame.opcode = opcode
        frame.mask = isMasked ? 1 : 0
        frame.payload_length = UInt64(payload.count)
        frame.data = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        frame.data_length = payload.count
        let sent = withUnsafeMutablePointer(to: &output) { output in
            target = output
            defer { target = nil }
            return wslay_frame_send(context, &frame)
        }
        // The output takes everything, so nothing is ever left over.
        precondition(sent == payload.count, "wslay could not frame a message: \(sent)")
    }

    /// A new mask for every frame of a client (RFC 6455, 5.3).
    private func drawMask(_ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int32 {
        guard let buffer else { return -1 }
        if masks.count < count {
            let byteCount: Int32 = 256
            masks.removeAll()
            guard RAND_bytes(masks.reserve(Int(byteCount)).assumingMemoryBound(to: UInt8.self), byteCount) == 1 else { return -1 }
            masks.advance(Int(byteCount))
        }
        guard let base = masks.bytes.baseAddress else { return -1 }
        UnsafeMutableRawPointer(buffer).copyMemory(from: base, byteCount: count)
        masks.consume(count)
        return 0
    }

    private static func from(_ user: UnsafeMutableRawPointer?) -> WebSocketFramer {
        guard let user else { preconditionFailure("wslay lost its context") }
        return Unmanaged<WebSocketFramer>.fromOpaque(user).takeUnretainedValue()
    }
}

/// The framers of one thread's endpoints: one for all that send, one or two for all whose frames come whole, and one for each of whose frame a
/// part is still to come.
package final class WebSocketFramers {
    let sender = WebSocketFramer()
    private var idle: [WebSocketFramer] = []
    private static let idleMax = 8

    package init() {}

    func take() -> WebSocketFramer { idle.popLast() ?? WebSocketFramer() }

    /// Keeps a framer for the next endpoint, if it can be used again.
    func giveBack(_ framer: WebSocketFramer) {
        if framer.isIdle, idle.count < Self.idleMax { idle.append(framer) }
    }
}
