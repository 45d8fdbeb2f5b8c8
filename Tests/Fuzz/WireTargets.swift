import Engine

@testable import Gateway

/// A request's head: what a prefix decides, the whole does not take back.
func fuzzUpgrade(_ bytes: UnsafeRawBufferPointer) {
    let whole = WebSocketUpgrade.decide(bytes)
    for cut in [bytes.count / 3, bytes.count / 2, max(0, bytes.count - 1)] {
        let early = WebSocketUpgrade.decide(UnsafeRawBufferPointer(rebasing: bytes[..<cut]))
        require(early == .incomplete || early == whole, "\(cut) of \(bytes.count) bytes decide \(early), all of them \(whole)")
    }
    if case .accept(_, let headBytes) = whole { require(headBytes <= bytes.count, "a head of \(headBytes) of \(bytes.count) bytes") }
}

/// Frames from a client: however they are cut, the same messages arrive and the same bytes answer. The first byte chooses the cuts.
func fuzzFrames(_ bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.first else { return }
    let frames = UnsafeRawBufferPointer(rebasing: bytes[1...])
    let whole = ReceivedFrames(frames, step: max(1, frames.count))
    let cut = ReceivedFrames(frames, step: 1 + Int(first) % 13)
    require(whole.messages == cut.messages, "\(whole.messages.count) messages at once, \(cut.messages.count) in pieces")
    require(whole.output == cut.output, "\(whole.output) at once, \(cut.output) in pieces")
}

private final class ReceivedFrames: WebSocketEndpointHandler {
    private(set) var messages: [[UInt8]] = []
    private(set) var output: [UInt8] = []

    init(_ bytes: UnsafeRawBufferPointer, step: Int) {
        let endpoint = WebSocketEndpoint(role: .server, messageBytesMax: 1000, handler: self)
        for start in stride(from: 0, to: bytes.count, by: step) {
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + step)])
            let taken = endpoint.receive(part)
            require(taken == part.count, "took \(taken) of \(part.count) bytes without being asked to rest")
        }
        output = Array(endpoint.output.bytes)
    }

    func receivedMessage(_ message: UnsafeRawBufferPointer) -> Bool {
        require(message.count <= 1000, "a message of \(message.count) bytes")
        messages.append(Array(message))
        return true
    }

    func receivedPong() {}
}

/// A client's message, and the commands in it: one content has one coding.
func fuzzMessages(_ bytes: UnsafeRawBufferPointer) {
    guard let message = try? ClientMessage.decode(bytes) else { return }
    guard case .commands(let envelope) = message, let parsed = Envelope(envelope) else { return }
    var offset = 0
    withUnsafeTemporaryAllocation(byteCount: Command.bytesMax, alignment: 8) { room in
        guard let base = room.baseAddress else { return }
        while offset < parsed.payload.count {
            let start = offset
            guard let command = Command.decode(parsed.payload, at: &offset) else { return }
            room.initializeMemory(as: UInt8.self, repeating: 0)
            let count = command.encode(to: base)
            require(
                count == offset - start && room[..<count].elementsEqual(parsed.payload[start..<offset]),
                "\(command) at byte \(start) has another coding")
        }
    }
}

/// A server's message, as the client tools read it.
func fuzzAnswers(_ bytes: UnsafeRawBufferPointer) { _ = try? ServerMessage(decoding: bytes) }
