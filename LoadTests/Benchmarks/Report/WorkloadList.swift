import Foundation

/// The fixed list of workloads.
package struct WorkloadList {
    /// A name and what to do for it; nil when its input is not there.
    package struct Entry: Sendable {
        package let name: String
        package let summary: String
        let run: @Sendable (Options, Clock.Ticks) throws -> WorkloadResult?
    }

    /// How long and on what.
    package struct Options {
        package var rounds: Int
        /// Commands of a round.
        package var commands: Int
        /// Folder of the recorded flow.
        package var dataFolder: String
        /// The program that `LoadTests/run-ops --build` makes.
        package var bookReplay: String

        package init(rounds: Int, commands: Int, dataFolder: String, bookReplay: String) {
            self.rounds = rounds
            self.commands = commands
            self.dataFolder = dataFolder
            self.bookReplay = bookReplay
        }

        /// Operations of the warm-up, the rounds and the part whose commands are timed one by one.
        var total: Int { commands * (rounds + 2) }
    }

    /// Accounts over which flow is spread.
    package static let accountCount = 100
    /// Commands under one signature in the workloads whose name ends so.
    private static let batch = 20

    package static let entries: [Entry] =
        [
            generated("transition-ops", .ops, batch: 1, "generated: 10,000 live orders, a third of the adds cross"),
            generated("transition-ops-20", .ops, batch: batch, "the same in batches of 20"),
            generated("transition-quote", .quote, batch: 1, "generated: 10,000 live orders, quotes come and go"),
            Entry(name: "transition-orders", summary: "generated: every kind of order, self-trades, triggers, timers, modifications") {
                options, ticks in
                let (stream, prefill) = try OrderMixGenerator.stream(seed: 20_240_604, count: options.total, accountCount: accountCount)
                return try TransitionBenchmark(
                    name: "transition-orders", stream: stream, warmUp: prefill + options.commands, rounds: options.rounds
                ).run(ticks: ticks)
            },
            generated("transition-deep", .deep, batch: 1, "generated: 200,000 live orders"),
        ]
        + [(1, ""), (batch, "-20")].flatMap { batch, suffix in
            [
                recorded(
                    "transition-aapl" + suffix, "aapl-2012-06-21-0930-1030.csv.xz", .lobster, batch: batch, "recorded: an hour of one stock"
                ),
                recorded("transition-btc" + suffix, "btcusd-2015-05-01.csv.xz", .bitstamp, batch: batch, "recorded: five hours of BTC/USD"),
            ]
        } + [
            book("book-ops", .ops, "the book alone, without accounts, balances and events: flow as in transition-ops"),
            book("book-quote", .quote, "the same as in transition-quote"),
            book("book-deep", .deep, "the same as in transition-deep"),
        ]

    private static func book(_ name: String, _ shape: OperationGenerator.Shape, _ summary: String) -> Entry {
        Entry(name: name, summary: summary) { options, _ in
            guard FileManager.default.isExecutableFile(atPath: options.bookReplay) else { return nil }
            let stream = OperationGenerator.stream(shape, count: options.commands * 4, accountCount: 2, burst: 1)
            return try BookBenchmark(name: name, stream: stream, rounds: options.rounds).run(program: options.bookReplay)
        }
    }

    /// Runs an entry; nil when its input is not there.
    package static func run(_ entry: Entry, _ options: Options, _ ticks: Clock.Ticks) throws -> WorkloadResult? {
        try entry.run(options, ticks)
    }

    /// The whole transition over an op file: see ``OperationStream/read(file:)``.
    package static func file(_ path: String) -> Entry {
        Entry(name: "transition:" + (path as NSString).lastPathComponent, summary: path) { options, ticks in
            let stream = try OperationStream.read(file: path)
            return try benchmark(
                "transition:" + (path as NSString).lastPathComponent, stream, batch: 1, warmUp: stream.prefillCount, options, ticks)
        }
    }

    private static func generated(_ name: String, _ shape: OperationGenerator.Shape, batch: Int, _ summary: String) -> Entry {
        Entry(name: name, summary: summary) { options, ticks in
            let stream = OperationGenerator.stream(shape, count: options.total, accountCount: accountCount, burst: batch)
            return try benchmark(name, stream, batch: batch, warmUp: stream.prefillCount + options.commands, options, ticks)
        }
    }

    private static func recorded(_ name: String, _ file: String, _ format: RecordedFlow.Format, batch: Int, _ summary: String) -> Entry {
        Entry(name: name, summary: summary) { options, ticks in
            let path = options.dataFolder + "/" + file
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            var stream = try RecordedFlow(xzFile: path, format: format).stream(count: options.total)
            if batch > 1 { stream = stream.inBursts(of: batch, accountCount: accountCount) }
            return try benchmark(name, stream, batch: batch, warmUp: options.commands, options, ticks)
        }
    }

    private static func benchmark(
        _ name: String, _ stream: OperationStream, batch: Int, warmUp: Int, _ options: Options, _ ticks: Clock.Ticks
    ) throws -> WorkloadResult {
        let envelopes = EnvelopeStream(stream, accountCount: accountCount, batch: batch)
        return try TransitionBenchmark(
            name: name, stream: envelopes, warmUp: warmUp, rounds: options.rounds, published: stream.expected
        ).run(ticks: ticks)
    }
}
