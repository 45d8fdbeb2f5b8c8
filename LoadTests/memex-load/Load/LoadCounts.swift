import Engine
import Gateway

/// What became of the commands of a run.
struct LoadCounts {
    var ackedBatches = 0
    var refusedBatches = 0
    var acked = 0
    var placed = 0
    var cancelled = 0
    var modified = 0
    /// The order was filled before its cancel came.
    var cancelsTooLate = 0
    var filledLots: UInt64 = 0
    /// Refused alone or with their batch, by code; late cancels are not among them.
    var rejects: [UInt16: Int] = [:]

    var rejected: Int { rejects.values.reduce(0, +) }

    mutating func add(_ ack: AckView) {
        ackedBatches += 1
        acked += ack.commandCount
        for index in 0..<ack.commandCount {
            switch ack.kind(index) {
            case Event.Kind.placed:
                placed += 1
                filledLots &+= ack.lots(index)
            case Event.Kind.cancelled: cancelled += 1
            case Event.Kind.modified: modified += 1
            default:
                let code = ack.code(index)
                if code == RejectCode.unknownOrder.rawValue { cancelsTooLate += 1 } else { rejects[code, default: 0] += 1 }
            }
        }
    }

    mutating func add(_ reject: ServerMessage.Reject, commandCount: Int) {
        refusedBatches += 1
        rejects[reject.code, default: 0] += commandCount
    }
}
