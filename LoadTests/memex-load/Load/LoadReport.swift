import Engine
import Foundation
import Gateway

/// What a run measured. Counts are commands and not messages; times count from when a message was due.
struct LoadReport: Encodable {
    var url = ""
    var connections = 0
    var accounts = 0
    var commandsPerBatch = 1
    /// The mix, or the recording.
    var flow = ""
    var seconds = 0.0
    var offeredPerSecond = 0.0
    var ackedPerSecond = 0.0
    /// Signed messages, each a batch: what the gateway verifies.
    var messagesPerSecond = 0.0
    var ackedMessagesPerSecond = 0.0
    var sent = 0
    var acked = 0
    var placed = 0
    var cancelled = 0
    var modified = 0
    var cancelsTooLate = 0
    var filledLots: UInt64 = 0
    /// Refused alone or with their batch; late cancels are counted apart.
    var rejected = 0
    var rejectedByCode: [String: Int] = [:]
    /// Neither acknowledged nor refused.
    var lost = 0
    var connectionsClosed = 0
    var ackMicroseconds = LatencyHistogram()
    var marketDataMicroseconds = LatencyHistogram()
    /// From when a message was due to when the socket had it: the harness's own part in the times above.
    var sendDelayMicroseconds = LatencyHistogram()
    /// Signatures that one core of this machine verifies in a second with libsecp256k1, measured just before and after the load; the mean.
    var verifyPerSecondReference = 0.0
    /// Gateway threads of the node; nil if the harness was not told.
    var gatewayThreads: Int?
    /// Messages acknowledged a second, over the reference times the gateway's threads.
    var shareOfVerifyReference: Double?
    /// Processor time of the harness's sending thread for each message.
    var clientMicrosecondsPerMessage = 0.0
    /// Processor time of the node for each message, by name of thread, where the node is the harness's own.
    var nodeMicrosecondsPerMessage: [String: Double]?
    var crowd: CrowdReport?
    var attack: AttackReport?

    init(counts: LoadCounts) {
        (acked, placed, cancelled, modified) = (counts.acked, counts.placed, counts.cancelled, counts.modified)
        (cancelsTooLate, filledLots, rejected) = (counts.cancelsTooLate, counts.filledLots, counts.rejected)
        rejectedByCode = Dictionary(uniqueKeysWithValues: counts.rejects.map { (String($0.key), $0.value) })
    }

    var table: String {
        var table = TextTable()
        func row(_ name: String, _ value: Double) { table.add([name, TextTable.count(value)]) }
        row("connections", Double(connections))
        row("commands in a message", Double(commandsPerBatch))
        row("offered commands/s", offeredPerSecond)
        row("acked commands/s", ackedPerSecond)
        row("acked messages/s", ackedMessagesPerSecond)
        table.add(["verifications/s, one core", TextTable.count(verifyPerSecondReference)])
        if let gatewayThreads { row("gateway threads", Double(gatewayThreads)) }
        if let shareOfVerifyReference { table.add(["messages per verification", String(format: "%.2f", shareOfVerifyReference)]) }
        row("sent", Double(sent))
        row("acked", Double(acked))
        row("  placed", Double(placed))
        row("  cancelled", Double(cancelled))
        row("  cancels too late", Double(cancelsTooLate))
        if modified > 0 { row("  modified", Double(modified)) }
        row("rejected", Double(rejected))
        for (code, count) in rejectedByCode.sorted(by: { $0.value > $1.value }) {
            let text = UInt16(code).flatMap { RejectCode(rawValue: $0)?.text }.map { "\($0)" } ?? ""
            table.add(["  code \(code)", "\(TextTable.count(Double(count)))  \(text)"])
        }
        row("lost", Double(lost))
        if connectionsClosed > 0 { row("connections closed", Double(connectionsClosed)) }
        if let crowd { for (name, value) in crowd.rows { row(name, value) } }
        table.add(["harness CPU us/message", String(format: "%.1f", clientMicrosecondsPerMessage)])
        for (thread, microseconds) in (nodeMicrosecondsPerMessage ?? [:]).sorted(by: { $0.value > $1.value }) where microseconds >= 0.05 {
            table.add(["node CPU us/message: \(thread)", String(format: "%.1f", microseconds)])
        }
        var times = TextTable(["microseconds", "p50", "p99", "p99.9", "max"])
        for (name, histogram) in [
            ("due to ack", ackMicroseconds), ("due to market data", marketDataMicroseconds), ("due to sent", sendDelayMicroseconds),
        ] where histogram.count > 0 { times.add([name] + histogram.quantiles.cells) }
        return [table.text, attack?.table, times.text].compactMap { $0 }.joined(separator: "\n\n")
    }
}
