import Foundation

/// The book alone, without accounts, balances and events, in the program that LoadTests/run-ops builds with Engine's sources in one module: only
/// so the book is specialised for what meets it there, as it is in the exchange. That program times the shipped and the naive book in turns.
struct BookBenchmark {
    let name: String
    let stream: OperationStream
    let rounds: Int

    private struct Figures: Decodable {
        var commands: Int
        var commandsPerSecond: Double
        var naiveCommandsPerSecond: Double
        var ratioToNaive: Double
        var medianNs: Double
        var p99Ns: Double
        var p999Ns: Double
        var trades: UInt64
        var tradeHash: String
    }

    func run(program: String) throws -> WorkloadResult {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("memex-\(name)-\(getpid()).bin")
        defer { try? FileManager.default.removeItem(at: file) }
        try stream.data.write(to: file)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--compare", file.path, "\(rounds)"]
        process.standardOutput = output
        try process.run()
        let line = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchmarkError.bookReplayFailed(workload: name, status: process.terminationStatus)
        }
        let figures = try JSONDecoder().decode(Figures.self, from: line)
        var result = WorkloadResult(name: name, commandCount: figures.commands, accountCount: 0)
        result.commandsPerSecond = figures.commandsPerSecond
        result.naiveCommandsPerSecond = figures.naiveCommandsPerSecond
        result.ratio = figures.ratioToNaive
        result.medianNs = figures.medianNs
        result.p99Ns = figures.p99Ns
        result.p999Ns = figures.p999Ns
        result.fills = Int(figures.trades)
        result.trades = TradeDigest(trades: figures.trades, hash: UInt64(figures.tradeHash, radix: 16) ?? 0)
        result.digest = result.trades.hash
        return result
    }
}

extension OperationStream {
    /// The stream as an op file.
    var data: Data {
        let ticks = operations.lazy.filter { $0.kind != Operation.Kind.cancel }.map(\.tick)
        var data = Data("PEEROPS1".utf8)
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) } }
        append(UInt32(1))
        append(UInt32(24))
        append(UInt64(operations.count))
        append(UInt64(prefillCount))
        append(UInt64(0))
        append(ticks.min() ?? 0)
        append(ticks.max() ?? 0)
        append(idMax)
        append(UInt64(0))
        var records = operations
        for index in records.indices { records[index].account = 0 }
        records.withUnsafeBytes { data.append(contentsOf: $0) }
        return data
    }
}
