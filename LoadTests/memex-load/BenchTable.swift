import Benchmarks
import Foundation

/// The result of `bench`, for people line by line and for machines at the end.
struct BenchTable {
    private let ticks: Clock.Ticks
    private var workloads: [WorkloadResult] = []
    private var memory: MemoryPerOrder?
    private var hasHead = false

    init(_ ticks: Clock.Ticks) { self.ticks = ticks }

    mutating func add(_ result: WorkloadResult) {
        if !hasHead {
            print("one core; single commands timed less \(Self.text(ticks.overheadNanoseconds, 1)) ns for the clock")
            print(
                Self.pad("workload", 22) + Self.left("commands/s") + Self.left("median ns") + Self.left("p99 ns") + Self.left("naive/s")
                    + Self.left("ratio") + Self.left("allocations") + "  same as naive")
            hasHead = true
        }
        workloads.append(result)
        print(
            Self.pad(result.name, 22) + Self.left(Self.text(result.commandsPerSecond, 0)) + Self.left(Self.text(result.medianNs, 0))
                + Self.left(Self.text(result.p99Ns, 0)) + Self.left(Self.text(result.naiveCommandsPerSecond, 0))
                + Self.left(Self.text(result.ratio, 2)) + Self.left(result.allocations.map { "\($0)" } ?? "-")
                + "  yes, \(String(result.digest, radix: 16)); \(result.fills) fills, \(result.rejects) refused, \(result.resting) resting"
                + (result.matchesPublished == true ? ", trades as published" : ""))
    }

    mutating func add(_ result: MemoryPerOrder) {
        memory = result
        print(
            Self.pad("memory", 22) + "\(Self.text(result.residentBytes, 1)) bytes resident for each of \(result.orderCount) orders of "
                + "\(result.accountCount) accounts at \(result.levelCount) prices, \(Self.text(result.residentIndexBytes, 1)) "
                + "of them in the index of client ids (\(Self.text(result.cellBytes, 1)) in cells written)")
    }

    func write(to path: String) throws {
        var object: [String: Any] = [
            "workloads": workloads.map(\.figures), "clockOverheadNs": ticks.overheadNanoseconds,
            "processors": ProcessInfo.processInfo.activeProcessorCount,
        ]
        if let memory { object["memory"] = memory.figures }
        try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .prettyPrinted]).write(to: URL(fileURLWithPath: path))
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text.padding(toLength: max(width, text.count + 1), withPad: " ", startingAt: 0)
    }
    private static func left(_ text: String) -> String { String(repeating: " ", count: max(1, 13 - text.count)) + text }
    private static func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
