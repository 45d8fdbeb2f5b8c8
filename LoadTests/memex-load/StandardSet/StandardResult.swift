import Foundation

/// What `memex-load run` measured.
struct StandardResult: Encodable {
    var cores = ProcessInfo.processInfo.activeProcessorCount
    var gatewayThreads = 1
    var scenarios: [String: LoadReport] = [:]
    var sweep: SweepResult?
    var kills: KillResult?
    var echo: EchoResult?
    private(set) var goals: [Goal] = []
    /// Names of the scenarios, in the order in which they ran.
    private var order: [String] = []

    private enum CodingKeys: String, CodingKey { case cores, gatewayThreads, scenarios, sweep, kills, echo, goals }

    mutating func add(_ name: String, _ report: LoadReport) {
        order.append(name)
        scenarios[name] = report
    }

    mutating func add(goal name: String, _ value: Double?, _ bound: Goal.Bound) {
        if let value { goals.append(Goal(name: name, value: value, bound: bound)) }
    }

    var table: String {
        var loads = TextTable(["", "offered/s", "acked/s", "p50 us", "p99 us", "p99.9 us", "max us", "refused", "lost"])
        for name in order {
            guard let report = scenarios[name] else { continue }
            let cells = [report.offeredPerSecond, report.ackedPerSecond].map { TextTable.count($0) }
            let times = report.ackMicroseconds.quantiles.cells
            loads.add([name] + cells + times + [report.rejected, report.lost].map { TextTable.count(Double($0)) })
        }
        return [loads.text, sweep.map { "sweep of single commands\n" + $0.table }, kills?.table, echo?.table, Goal.table(goals)]
            .compactMap { $0 }.joined(separator: "\n\n")
    }
}
