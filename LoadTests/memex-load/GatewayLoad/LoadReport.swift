import Engine
import Foundation
import Gateway

/// What a run measured. Counts are commands, not batches; times are microseconds from when a batch was due to its ack.
struct LoadReport {
    var connections: Int
    var accounts: Int
    var commandsPerBatch: Int
    var seconds: Double
    var offeredPerSecond: Double
    var ackedPerSecond: Double
    var sent: Int
    var acked: Int
    /// Refused alone or with their batch; late cancels are not counted.
    var rejected: Int
    /// Neither acknowledged nor refused.
    var lost: Int
    var placed: Int
    var cancelled: Int
    var cancelsTooLate: Int
    var filledLots: UInt64
    /// By code.
    var rejects: [UInt16: Int]
    var p50: UInt64
    var p99: UInt64
    var p999: UInt64
    var max: UInt64

    var table: String {
        var lines = [
            row("connections", "\(connections)"), row("accounts", "\(accounts)"), row("commands in a batch", "\(commandsPerBatch)"),
            row("seconds", String(format: "%.1f", seconds)), row("offered commands/s", String(format: "%.0f", offeredPerSecond)),
            row("acked commands/s", String(format: "%.0f", ackedPerSecond)), row("sent", "\(sent)"), row("acked", "\(acked)"),
            row("  placed", "\(placed)"), row("  cancelled", "\(cancelled)"), row("  cancels too late", "\(cancelsTooLate)"),
            row("  lots filled at once", "\(filledLots)"), row("rejected", "\(rejected)"),
        ]
        for (code, count) in rejects.sorted(by: { $0.value > $1.value }) {
            lines.append(row("  code \(code)", "\(count)") + "  \(RejectCode(rawValue: code).map { "\($0.text)" } ?? "")")
        }
        lines += [
            row("lost", "\(lost)"), row("ack p50 us", "\(p50)"), row("ack p99 us", "\(p99)"), row("ack p99.9 us", "\(p999)"),
            row("ack max us", "\(max)"),
        ]
        return lines.joined(separator: "\n")
    }

    var json: String {
        let codes = rejects.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
        return """
            {
              "connections": \(connections),
              "accounts": \(accounts),
              "commandsPerBatch": \(commandsPerBatch),
              "seconds": \(seconds),
              "offeredPerSecond": \(String(format: "%.1f", offeredPerSecond)),
              "ackedPerSecond": \(String(format: "%.1f", ackedPerSecond)),
              "sent": \(sent),
              "acked": \(acked),
              "placed": \(placed),
              "cancelled": \(cancelled),
              "cancelsTooLate": \(cancelsTooLate),
              "filledLots": \(filledLots),
              "rejected": \(rejected),
              "rejectedByCode": {\(codes)},
              "lost": \(lost),
              "ackMicroseconds": {"p50": \(p50), "p99": \(p99), "p999": \(p999), "max": \(max)}
            }

            """
    }

    private func row(_ name: String, _ value: String) -> String {
        name.padding(toLength: 24, withPad: " ", startingAt: 0) + String(repeating: " ", count: Swift.max(0, 14 - value.count)) + value
    }
}
