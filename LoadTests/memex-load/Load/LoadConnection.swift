import Foundation

/// One connection of a run: hands over the frames of its lane, and takes apart what comes. Owned by the thread of the run.
final class LoadConnection {
    let socket: LoadSocket
    let lane: Lane
    /// Frames of the lane that were handed over whole.
    private(set) var sentCount = 0
    private var sentBytes = 0
    private var frames = ServerFrames()
    /// Control frames and requests that wait for the end of the frame under way.
    private var extra: [UInt8] = []
    /// Whether TLS has begun to write frames and must be offered the same again before anything else.
    private var isWriteUnderWay = false
    /// Whether the socket took less than it was offered.
    private(set) var isBlocked = false
    /// Nil while the connection lives; then its close code, 1006 if no close frame came.
    private(set) var closeCode: UInt16?

    init(_ socket: LoadSocket, lane: Lane) {
        self.socket = socket
        self.lane = lane
    }

    var isOpen: Bool { closeCode == nil }

    /// Sends a message that is not part of the lane with the next ``send(dueBefore:)``.
    func enqueue(_ message: [UInt8]) { extra += ClientFrame.bytes(message, mask: UInt32.random(in: 1...UInt32.max)) }

    /// Hands the socket all frames of batches with numbers below `batch`, as far as it takes them: neighbouring ones with one write. Returns the range of
    /// frames that went out whole.
    @inline(__always)
    func send(dueBefore batch: Int) -> Range<Int> {
        let first = sentCount
        guard closeCode == nil else { return first..<first }
        isBlocked = false
        if !extra.isEmpty, !isWriteUnderWay, !sendExtra() { return first..<first }
        var due = sentCount
        while due < lane.count, lane.batches[due] < batch { due += 1 }
        let goal = due == 0 ? 0 : lane.ends[due - 1]
        while sentBytes < goal {
            switch socket.send(UnsafeRawBufferPointer(rebasing: lane.bytes[sentBytes..<goal])) {
            case .bytes(let count):
                sentBytes += count
                isWriteUnderWay = false
            case .wouldBlock:
                isBlocked = true
                isWriteUnderWay = true
            case .ended: closeCode = 1006
            }
            if isBlocked || closeCode != nil { break }
        }
        while sentCount < due, lane.ends[sentCount] <= sentBytes { sentCount += 1 }
        return first..<sentCount
    }

    /// Sends what waits besides the lane, if no frame is under way. False if that was not possible now.
    private func sendExtra() -> Bool {
        guard sentBytes == (sentCount == 0 ? 0 : lane.ends[sentCount - 1]) else { return true }
        while !extra.isEmpty {
            switch extra.withUnsafeBytes({ socket.send($0) }) {
            case .bytes(let count): extra.removeFirst(count)
            case .wouldBlock:
                isBlocked = true
                return false
            case .ended:
                closeCode = 1006
                return false
            }
        }
        return true
    }

    /// Reads what has come into `buffer`, which all connections share, and passes messages on. `buffer` must be larger than ``ServerFrames/frameBytesMax``.
    @inline(__always)
    func receive(_ buffer: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        repeat {
            let kept = frames.leftover.count
            frames.leftover.withUnsafeBytes {
                if let start = $0.baseAddress { buffer.baseAddress!.copyMemory(from: start, byteCount: kept) }
            }
            switch socket.receive(into: UnsafeMutableRawBufferPointer(rebasing: buffer[kept...])) {
            case .bytes(let count): take(UnsafeRawBufferPointer(rebasing: buffer[..<(kept + count)]), body)
            case .wouldBlock: return
            case .ended: closeCode = closeCode ?? 1006
            }
        } while closeCode == nil && socket.hasPending
    }

    /// Passes on what came together with the answer to the upgrade.
    func receiveEarly(_ body: (UnsafeRawBufferPointer) -> Void) { socket.early.withUnsafeBytes { take($0, body) } }

    @inline(__always)
    private func take(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var pongs: [UInt8] = []
        var code: UInt16?
        let isGood = frames.take(bytes) { frame in
            switch frame {
            case .message(let message): body(message)
            case .ping(let payload):
                pongs += ClientFrame.bytes(payload, opcode: ClientFrame.pong, mask: UInt32.random(in: 1...UInt32.max))
            case .close(let received): code = received
            }
        }
        extra += pongs
        if let code { closeCode = code }
        if !isGood { closeCode = 1002 }
    }

    /// Whether pongs or requests wait to be sent.
    var hasExtra: Bool { !extra.isEmpty }
}
