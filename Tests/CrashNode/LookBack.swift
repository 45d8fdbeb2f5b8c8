import Foundation
import Sequencer

/// Frames on stdout: the first 30 bytes of a result record and a note, u16.
enum Note {
    /// The answer to an envelope.
    static let answer: UInt16 = 0
    /// A batch that was admitted before.
    static let history: UInt16 = 1
    /// The end of the history asked for; nothing else in the frame.
    static let historyEnds: UInt16 = 2
    /// Some of the history asked for is no longer kept; nothing else in the frame.
    static let historyGone: UInt16 = 3
    /// The answer that an envelope had before, when it was sent again.
    static let answerAgain: UInt16 = 4
}

/// Tells from the log what a client missed. Used by the thread that reads the port.
final class LookBack {
    /// Stream positions after which somebody asked for everything.
    static let requests = Guarded<[StreamPosition]>([])

    private let port: ExecutorPort
    private let history: EventHistory

    init(_ port: ExecutorPort) {
        self.port = port
        history = port.fromExecutor.log.makeHistory()
    }

    func answerRequests() {
        let positions = Self.requests.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
        for position in positions { tell(after: position) }
    }

    private func tell(after position: StreamPosition) {
        guard var cursor = history.cursor(after: position) else { return Self.write(nil, Note.historyGone) }
        while true {
            let step = history.read(&cursor, until: port.fromExecutor.offset) { record, _ in
                if record.kind == RingRecord.ToGateway.result { Self.writeLast(record, Note.history) }
                return true
            }
            switch step {
            case .more: continue
            case .done: return Self.write(nil, Note.historyEnds)
            case .gone: return Self.write(nil, Note.historyGone)
            }
        }
    }

    /// Passes an answer on; of a batch sent again the one that it had, if that is known.
    func answer(_ record: RingRecord) {
        let sequence = record.body.load(fromByteOffset: ResultLayout.sequence, as: UInt64.self)
        let code = record.body.load(fromByteOffset: ResultLayout.rejectCode, as: UInt16.self)
        guard code != 0, sequence > 0 else { return Self.writeLast(record, Note.answer) }
        let key = record.body.load(fromByteOffset: ResultLayout.envelopeKey, as: UInt64.self)
        var cursor = history.cursor(at: Int(sequence) - 1)
        var isKnown = false
        _ = history.read(&cursor, until: port.fromExecutor.offset) { before, _ in
            isKnown = before.body.load(fromByteOffset: ResultLayout.envelopeKey, as: UInt64.self) == key
            if isKnown { Self.write(before, Note.answerAgain) }
            return false
        }
        if !isKnown { Self.write(record, Note.answer) }
    }

    /// Writes a frame for the last record of a result.
    private static func writeLast(_ record: RingRecord, _ note: UInt16) {
        if record.flags & RingRecord.Flags.continues == 0 { write(record, note) }
    }

    private static func write(_ record: RingRecord?, _ note: UInt16) {
        var frame = record.map { [UInt8]($0.body[..<30]) } ?? [UInt8](repeating: 0, count: 30)
        withUnsafeBytes(of: note) { frame.append(contentsOf: $0) }
        // The reader may have gone, and so does this.
        if Foundation.write(1, frame, 32) != 32 { _exit(5) }
    }
}
