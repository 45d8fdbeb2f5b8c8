/// What one workload gave.
package struct WorkloadResult {
    package let name: String
    /// Commands of one round.
    package let commandCount: Int
    package let accountCount: Int
    /// Commands a second of the thread's own time; the median over the rounds. The same by the wall clock, which counts what other programs took.
    package var commandsPerSecond = 0.0
    package var commandsPerSecondByWall = 0.0
    package var naiveCommandsPerSecond = 0.0
    /// Engine over naive reference, round by round; the median.
    package var ratio = 0.0
    /// Of one command, in nanoseconds; in a batch, of the batch over its commands.
    package var medianNs = 0.0
    package var p99Ns = 0.0
    package var p999Ns = 0.0
    /// Allocations during all measured rounds; nil where they are not counted.
    package var allocations: UInt64?
    package var fills = 0
    package var rejects = 0
    /// Bit k: events of kind k happened.
    package var kinds: UInt64 = 0
    package var resting = 0
    /// Sum over all that happened, the same for engine and reference.
    package var digest: UInt64 = 0
    package var trades = TradeDigest()
    /// Whether the trades are those that the maker of the flow has published; nil if nothing was.
    package var matchesPublished: Bool?

    init(name: String, commandCount: Int, accountCount: Int) {
        self.name = name
        self.commandCount = commandCount
        self.accountCount = accountCount
    }

    mutating func setRates(engine: [Duration], naive: [Duration], commandCounts: [Int]) {
        func rates(_ durations: [Duration], _ time: (Duration) -> UInt64) -> [Double] {
            zip(durations, commandCounts).map { Double($1) * 1e9 / Double(max(1, time($0))) }
        }
        commandsPerSecond = rates(engine) { $0.threadNs }.median
        commandsPerSecondByWall = rates(engine) { $0.wallNs }.median
        naiveCommandsPerSecond = rates(naive) { $0.threadNs }.median
        ratio = zip(naive, engine).map { Double($0.threadNs) / Double(max(1, $1.threadNs)) }.median
    }

    mutating func setLatencies(_ nanoseconds: [Double]) {
        let sorted = nanoseconds.sorted()
        medianNs = sorted.quantile(0.5)
        p99Ns = sorted.quantile(0.99)
        p999Ns = sorted.quantile(0.999)
    }

    /// For machines.
    package var figures: [String: Any] {
        var figures: [String: Any] = [
            "name": name, "commands": commandCount, "accounts": accountCount, "commandsPerSecond": commandsPerSecond.rounded(),
            "commandsPerSecondByWall": commandsPerSecondByWall.rounded(), "naiveCommandsPerSecond": naiveCommandsPerSecond.rounded(),
            "ratioToNaive": (ratio * 100).rounded() / 100, "medianNs": medianNs.rounded(), "p99Ns": p99Ns.rounded(),
            "p999Ns": p999Ns.rounded(),
            "fills": fills, "rejects": rejects, "resting": resting, "digest": String(digest, radix: 16), "trades": trades.trades,
            "tradeHash": String(trades.hash, radix: 16),
        ]
        if let allocations { figures["allocations"] = allocations }
        if let matchesPublished { figures["matchesPublished"] = matchesPublished }
        return figures
    }
}

/// A benchmark whose result must not be believed.
package enum BenchmarkError: Error, CustomStringConvertible {
    case bookReplayFailed(workload: String, status: Int32)
    case differs(workload: String, part: Int)
    case notAsPublished(workload: String, trades: TradeDigest, published: TradeDigest)

    package var description: String {
        switch self {
        case .bookReplayFailed(let workload, let status):
            "\(workload): the replay of the book ended with status \(status) (1: it traded otherwise than the naive book)"
        case .differs(let workload, let part): "\(workload): engine and naive reference did different things in part \(part)"
        case .notAsPublished(let workload, let trades, let published):
            "\(workload): \(trades.trades) trades with hash \(String(trades.hash, radix: 16)) where \(published.trades) with "
                + "\(String(published.hash, radix: 16)) were published"
        }
    }
}
