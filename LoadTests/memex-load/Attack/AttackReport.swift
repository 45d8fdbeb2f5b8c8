/// What became of the attackers of one kind.
struct AttackTally: Encodable {
    var connections = 0
    /// Connections begun, the first ones and those after being thrown out.
    var connects = 0
    /// Pieces that the sockets took whole, and bytes.
    var pieces = 0
    var bytes = 0
    /// Messages that were refused.
    var refusals = 0
    /// How connections ended: HTTP status, close code, or hung up.
    var ends: [String: Int] = [:]

    mutating func add(_ other: AttackTally) {
        connects += other.connects
        pieces += other.pieces
        bytes += other.bytes
        refusals += other.refusals
        ends.merge(other.ends, uniquingKeysWith: +)
    }
}

/// What became of an attack.
struct AttackReport: Encodable {
    var seconds = 0.0
    /// By kind.
    var kinds: [String: AttackTally] = [:]
    /// Bad signatures that were handed to sockets.
    var badSignatures = 0
    /// Of the attackers' thread.
    var cpuSeconds = 0.0

    /// Adds what became of the same attack in another round.
    mutating func add(_ other: AttackReport) {
        seconds += other.seconds
        for (kind, tally) in other.kinds { kinds[kind, default: AttackTally()].add(tally) }
        badSignatures += other.badSignatures
        cpuSeconds += other.cpuSeconds
    }

    var table: String {
        var table = TextTable(["attackers", "at once", "connections", "pieces", "bytes", "refused", "ended by"])
        for (kind, tally) in kinds.sorted(by: { $0.key < $1.key }) {
            let ends = tally.ends.sorted { $0.value > $1.value }.map { "\($0.key): \(TextTable.count(Double($0.value)))" }
            let counts = [tally.connections, tally.connects, tally.pieces, tally.bytes, tally.refusals].map { TextTable.count(Double($0)) }
            table.add([kind] + counts + [ends.joined(separator: ", ")])
        }
        return table.text
    }
}
