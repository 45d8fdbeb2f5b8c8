/// One channel of one market: the messages that wait to be sent, as WebSocket frames, and who gets them.
///
/// A message is made once. All messages of a turn are a round: each subscriber costs one copy of it, and thousands are served in slices. Loop's thread.
final class Outlet {
    var subscribers = Subscribers()
    /// Whether those who miss something must catch up before they get more.
    private let isConflated: Bool
    /// Whole frames: of the next round, and of the one that is being delivered.
    private var frames = ByteBuffer(capacity: 64)
    private var round = ByteBuffer(capacity: 0)

    /// Beyond this many bytes frames do not wait for the end of the turn.
    static let waitingBytesMax = 256 << 10

    init(isConflated: Bool = true) { self.isConflated = isConflated }

    /// Appends the frame of one message of `byteCount` bytes, which `write` must append.
    func append(byteCount: Int, _ write: (inout ByteBuffer) -> Void) {
        frames.append(frameOf: byteCount)
        let start = frames.count
        write(&frames)
        assert(frames.count - start == byteCount)
        if frames.count > Self.waitingBytesMax { deliverAll() }
    }

    /// What waits is a round from now on.
    func beginRound() {
        _ = deliver { true }
        guard !frames.isEmpty else { return }
        frames.move(to: &round)
        subscribers.beginRound()
    }

    /// Goes on with the round as long as `goesOn` says so; returns whether all have it.
    func deliver(while goesOn: () -> Bool) -> Bool {
        guard !round.isEmpty else { return true }
        guard subscribers.deliver(round.bytes, isConflated: isConflated, while: goesOn) else { return false }
        round.removeAll()
        round.shrink(to: 64 << 10)
        return true
    }

    /// Delivers the round that is under way to one subscriber, ahead of the others.
    func deliver(at index: Int) { subscribers.deliver(round.bytes, at: index, isConflated: isConflated) }

    /// Sends everything at once.
    func deliverAll() {
        beginRound()
        _ = deliver { true }
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
