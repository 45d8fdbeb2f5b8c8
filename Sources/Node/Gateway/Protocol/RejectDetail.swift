import Engine
import Sequencer

/// What follows the sentence of a reject, where there are figures that explain it: a sentence with what came, what is allowed, and when to try again. Pure.
enum RejectDetail {
    /// A nonce beside what the gateway has for the block's time, which it is at most a block old.
    static func nonce(_ code: RejectCode, _ nonce: UInt64, nowMs: UInt64) -> String {
        switch code {
        case .nonceTooOld, .nonceTooNew, .nonceBelowRemembered: "It is \(nonce), and the time is \(nowMs)."
        case .nonceRepeated: "It is \(nonce)."
        default: ""
        }
    }

    static func quota(_ count: UInt64, remaining: UInt32, _ rate: Rate) -> String {
        guard count <= rate.burst else { return "The batch has \(count) commands that count, and \(rate.burst) may come at once." }
        let missing = count > remaining ? count - UInt64(remaining) : 0
        let milliseconds = (rate.nanoseconds(for: missing) + 999_999) / 1_000_000
        return
            "The batch has \(count) commands that count, \(remaining) are left, and \(rate.perSecond) a second come in: enough in \(milliseconds) ms."
    }

    static func addressRate(_ rate: Rate) -> String { "It may send \(rate.perSecond) messages a second." }

    static func oldest(_ position: StreamPosition) -> String {
        "Kept is what came after \(position.rawValue): block \(position.block), place \(position.place)."
    }

    /// Nobody waits for more than `allowed` of `what`.
    static func waiting(_ what: StaticString, allowed: Int) -> String { "\(allowed) \(what) are waiting, and no more may." }

    /// Where a payload that its signer has signed is not a run of commands; nil if it is.
    static func malformed(payload: UnsafeRawBufferPointer) -> String? {
        var offset = 0
        var index = 0
        while offset < payload.count {
            let start = offset
            guard let command = Command.decode(payload, at: &offset), command != .disconnected else {
                let size = Command.byteCount(type: payload[start])
                let fault =
                    if size == 0 {
                        "no command has the type \(payload[start])"
                    } else if payload.count - start < size {
                        "a command of the type \(payload[start]) has \(size) bytes, here are \(payload.count - start)"
                    } else {
                        "its bits or numbers are not those of a command of the type \(payload[start])"
                    }
                return "Command \(index), at byte \(start) of the payload: \(fault)."
            }
            index += 1
        }
        return nil
    }

    /// What about a message that could not be read is wrong.
    static func malformed(_ code: RejectCode, _ message: UnsafeRawBufferPointer) -> String {
        switch code {
        case .malformedMessage, .messageTooLarge:
            guard let type = message.first, let size = size(ofType: type) else { return "It has \(message.count) bytes." }
            return "It has \(message.count) bytes; one of type \(type) has \(size)."
        case .unknownMessageType: return "It begins with \(message[0])."
        case .unknownChannel: return "The channel is \(message[1])."
        case .unknownQuery: return "The query is \(message[8])."
        default: return ""
        }
    }

    private static func size(ofType type: UInt8) -> String? {
        switch type {
        case Wire.ToServer.commands: "\(Wire.commandsHeaderBytes + 1) to \(Wire.clientMessageBytesMax), then zeros at 2 and 3"
        case Wire.ToServer.subscribe: "4, or 24 or \(Wire.replayBytes) for an account"
        case Wire.ToServer.unsubscribe: "4, or 24 for an account"
        case Wire.ToServer.query: "36, with zeros at 1 to 3, 9, 14 and 15"
        case Wire.ToServer.time: "16, with zeros at 1 to 7"
        default: nil
        }
    }
}
