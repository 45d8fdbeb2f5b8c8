import Gateway

/// One connection of an attack, made again whenever it ends. Owned by the attack's thread.
final class Attacker {
    let kind: AttackKind
    private(set) var socket: AttackSocket?
    private var stage = AttackKind.Stage.connected
    private var isRequestSent = false
    /// Pieces begun on this connection.
    private var step = 0
    /// What the socket has not taken yet of a piece, or of the request.
    private var rest: ArraySlice<UInt8> = []
    private var frames = ServerFrames()
    private let request: [UInt8]

    init(_ kind: AttackKind, request: [UInt8]) {
        self.kind = kind
        self.request = request
    }

    /// Begins anew over another socket.
    func connect(_ socket: AttackSocket, _ tally: inout AttackTally) {
        self.socket = socket
        (stage, isRequestSent, step, rest, frames) = (.connected, false, 0, [], ServerFrames())
        tally.connects += 1
    }

    /// Leaves, or was left: `how` is the HTTP status or close code, nil without one.
    func end(_ how: Int?, _ tally: inout AttackTally) {
        socket = nil
        tally.ends[how.map(String.init) ?? "hung up", default: 0] += 1
    }

    /// Goes on as far as it can, and sends the next piece if the one before is gone.
    func goOn(_ pieces: AttackPieces, _ tally: inout AttackTally) {
        guard let socket, advance(socket, &tally) else { return }
        if rest.isEmpty {
            rest = pieces.piece(kind, step: step)
            guard !rest.isEmpty else { return }
            step += 1
        }
        guard flush(socket, isRaw: kind.isRaw, &tally) else { return }
        tally.pieces += 1
    }

    /// Goes through the handshakes that come before the attack; true once they are done.
    private func advance(_ socket: AttackSocket, _ tally: inout AttackTally) -> Bool {
        if stage == .connected, kind.stage > .connected {
            switch socket.secure() {
            case .bytes: stage = .secured
            case .wouldBlock: return false
            case .ended:
                end(nil, &tally)
                return false
            }
        }
        guard stage == .secured, kind.stage == .upgraded else { return true }
        if !isRequestSent {
            rest = request[...]
            isRequestSent = flush(socket, isRaw: false, &tally)
        }
        return false
    }

    /// Whether all of the rest has gone.
    private func flush(_ socket: AttackSocket, isRaw: Bool, _ tally: inout AttackTally) -> Bool {
        while !rest.isEmpty {
            switch socket.send(rest, isRaw: isRaw) {
            case .bytes(let count):
                rest = rest.dropFirst(count)
                tally.bytes += count
            case .wouldBlock: return false
            case .ended:
                end(nil, &tally)
                return false
            }
        }
        return true
    }

    /// Takes in what has come, as much as fits `buffer`, which attackers share. Answers matter only to those who must know that they are being refused.
    func receive(_ buffer: UnsafeMutableRawBufferPointer, _ pieces: AttackPieces, _ tally: inout AttackTally) {
        guard let socket else { return }
        if stage < kind.stage, stage == .connected { return goOn(pieces, &tally) }
        let kept = frames.leftover.count
        frames.leftover.withUnsafeBytes { if let start = $0.baseAddress { buffer.baseAddress!.copyMemory(from: start, byteCount: kept) } }
        switch socket.receive(into: UnsafeMutableRawBufferPointer(rebasing: buffer[kept...]), isRaw: kind.stage == .connected) {
        case .wouldBlock: return
        case .ended: return end(nil, &tally)
        case .bytes(let count):
            // It has seen what it came for.
            if kind == .hellos { return end(nil, &tally) }
            if stage >= .secured { answered(UnsafeRawBufferPointer(rebasing: buffer[..<(kept + count)]), pieces, &tally) }
        }
    }

    private func answered(_ bytes: UnsafeRawBufferPointer, _ pieces: AttackPieces, _ tally: inout AttackTally) {
        if stage == .secured {
            // "HTTP/1.1 101": answers come in one piece, and hello, which may follow, does not matter.
            let status = Int(String(decoding: bytes.dropFirst(9).prefix(3), as: UTF8.self))
            guard status == 101 else { return end(status, &tally) }
            stage = .upgraded
            return goOn(pieces, &tally)
        }
        var code: UInt16?
        let isGood = frames.take(bytes) { frame in
            switch frame {
            case .message(let message) where message.first == Wire.ToClient.reject: tally.refusals += 1
            case .close(let received): code = received
            default: break
            }
        }
        if let code { return end(Int(code), &tally) }
        if !isGood { end(nil, &tally) }
    }
}
