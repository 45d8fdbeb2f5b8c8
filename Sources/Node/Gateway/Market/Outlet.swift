/// One channel of one market: the messages that wait to be sent, as WebSocket frames, and who gets them.
///
/// A message is made once; each subscriber costs one copy of all the messages of a turn. Loop's thread.
final class Outlet {
    var subscribers = Subscribers()
    /// Whole frames.
    private var frames = ByteBuffer(capacity: 64)

    /// Beyond this many bytes frames do not wait for the end of the turn.
    static let waitingBytesMax = 256 << 10

    /// Appends the frame of one message of `byteCount` bytes, which `write` must append.
    func append(byteCount: Int, _ write: (inout ByteBuffer) -> Void) {
        frames.append(frameOf: byteCount)
        let start = frames.count
        write(&frames)
        assert(frames.count - start == byteCount)
        if frames.count > Self.waitingBytesMax { deliver() }
    }

    /// Sends what waits; `isConflated`: those who miss it must catch up before they get more.
    func deliver(isConflated: Bool = true) {
        guard !frames.isEmpty else { return }
        subscribers.send(frames.bytes, isConflated: isConflated)
        frames.removeAll()
        frames.shrink(to: 64 << 10)
    }
}

extension ByteBuffer {
    /// Appends the head of an unmasked, unfragmented binary frame (RFC 6455, 5.2) whose payload of `byteCount` bytes follows.
    mutating func append(frameOf byteCount: Int) {
        append(UInt8(0x82))
        switch byteCount {
        case ..<126: append(UInt8(byteCount))
        case ..<(1 << 16):
            append(UInt8(126))
            append(UInt16(byteCount).byteSwapped)
        default:
            append(UInt8(127))
            append(UInt64(byteCount).byteSwapped)
        }
    }
}
