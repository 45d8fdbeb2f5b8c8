import ArgumentParser
import Benchmarks
import Foundation

/// `memex-load bench`: the engine on a fixed list of workloads, beside a naive exchange.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the engine on a fixed list of workloads, beside a naive reference.",
        discussion: """
            Transition workloads execute whole command batches: decode, nonce, balances, fees, matching, events, dirty marks; signatures apart. Engine and \
            reference take turns, and the benchmark fails unless both did the same. Commands/s are of the thread's own time, medians over the \
            rounds; times are of single commands, in nanoseconds, less what the clock costs. Book workloads match the same flow in the bare book.

            EXAMPLES
              memex-load bench --json bench.json
              memex-load bench --only transition-aapl --rounds 9
              memex-load bench --only none ops.bin          an op file (PEEROPS1) through the whole transition
            """)

    @Argument(help: "Op files to put through the transition, too.")
    var files: [String] = []
    @Option(help: "Only the workload of this name, or those whose names start so. May be repeated.")
    var only: [String] = []
    @Option(help: "Rounds of each workload.")
    var rounds = 5
    @Option(help: "Commands in a round.")
    var commands = 500_000
    @Option(help: "Folder with recorded flow; workloads whose file is not there are skipped.")
    var data = "../shared/data"
    @Option(help: "What `LoadTests/run-ops --build` printed; workloads of the book alone are skipped if it is not there.")
    var bookReplay = ".build/run-ops/run-ops"
    @Option(help: "Where to write the result as JSON.")
    var json: String?
    @Flag(help: "List the workloads and end.")
    var list = false

    func validate() throws {
        guard rounds > 0, commands >= 1_000 else { throw ValidationError("--rounds must be above 0, --commands at least 1000.") }
    }

    func run() throws {
        let entries = WorkloadList.entries + files.map { WorkloadList.file($0) }
        if list {
            for entry in entries { print(BenchTable.pad(entry.name, 22) + entry.summary) }
            print(BenchTable.pad("memory", 22) + "bytes for each of eight million resting orders")
            return
        }
        let options = WorkloadList.Options(rounds: rounds, commands: commands, dataFolder: data, bookReplay: bookReplay)
        let ticks = Clock.Ticks()
        var table = BenchTable(ticks)
        for entry in entries where isWanted(entry.name) {
            if let result = try WorkloadList.run(entry, options, ticks) {
                table.add(result)
            } else {
                print(
                    "\(BenchTable.pad(entry.name, 22)) skipped: \(entry.name.hasPrefix("book") ? "no \(bookReplay)" : "no recorded flow in \(data)")"
                )
            }
        }
        if isWanted("memory") { table.add(try MemoryPerOrder()) }
        if let json { try table.write(to: json) }
    }

    /// Whether `--only` names it: in full, or by its beginning if there is no workload of that very name.
    private func isWanted(_ name: String) -> Bool {
        only.isEmpty || name.hasPrefix("transition:")
            || only.contains { wanted in
                name == wanted || name.hasPrefix(wanted) && !WorkloadList.entries.contains { $0.name == wanted }
            }
    }
}
