import Engine
import Foundation
import Gateway
import Signing

/// What the bots did, for people and for machines.
struct TradeReport {
    private let totals: Scoreboard.Totals
    private let elapsedSeconds: Double

    init(_ totals: Scoreboard.Totals, elapsedSeconds: Double) {
        self.totals = totals
        self.elapsedSeconds = elapsedSeconds
    }

    private var ordersPerSecond: Double { elapsedSeconds > 0 ? Double(totals.orders) / elapsedSeconds : 0 }

    private var figures: [String: Any] {
        [
            "orders": totals.orders, "cancels": totals.cancels, "fills": totals.fills, "rejects": totals.rejects,
            "signedBatches": totals.batches, "elapsedSeconds": elapsedSeconds, "ordersPerSecond": ordersPerSecond,
            "ackMicrosecondsP50": totals.ackMicroseconds(percentile: 50), "ackMicrosecondsP99": totals.ackMicroseconds(percentile: 99),
        ]
    }

    /// One JSON object with the figures, on one line.
    var progressLine: String {
        (try? JSONSerialization.data(withJSONObject: figures, options: [.sortedKeys])).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    var progressText: String {
        "\(Int(elapsedSeconds)) s  \(totals.orders) orders (\(Int(ordersPerSecond))/s)  \(totals.fills) fills  "
            + "\(totals.rejects) rejects  ack p50 \(Int(totals.ackMicroseconds(percentile: 50))) us "
            + "p99 \(Int(totals.ackMicroseconds(percentile: 99))) us   "
    }

    var text: String {
        var lines = [progressText]
        for (code, count) in totals.rejectCodes.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(count) rejected: \(RejectCode(rawValue: code).map { "\($0)" } ?? "code \(code)")")
        }
        for (owner, ledger) in totals.ledgers.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let changes = ledger.atoms.sorted { $0.key < $1.key }.map { "token \($0.key): \($0.value)" }.joined(separator: ", ")
            lines.append("  \(owner): \(ledger.fillCount) fills, atoms \(changes)")
        }
        return lines.joined(separator: "\n")
    }

    /// The figures, and for every trader the change of each token's atoms that its fills should have caused.
    func json() throws -> Data {
        var object = figures
        object["rejectCodes"] = Dictionary(uniqueKeysWithValues: totals.rejectCodes.map { ("\($0.key)", $0.value) })
        object["traders"] = Dictionary(
            uniqueKeysWithValues: totals.ledgers.map { owner, ledger in
                let changes = Dictionary(uniqueKeysWithValues: ledger.atoms.map { ("\($0.key)", $0.value) })
                let traded = Dictionary(uniqueKeysWithValues: ledger.tradedQuoteAtoms.map { ("\($0.key)", $0.value) })
                return ("\(owner)", ["fills": ledger.fillCount, "atoms": changes, "tradedQuoteAtoms": traded] as [String: Any])
            })
        return try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
    }
}
