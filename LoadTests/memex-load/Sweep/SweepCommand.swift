import ArgumentParser
import Foundation

/// `memex-load sweep`: how ack times grow with the offered rate, and where the knee is.
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Raises the offered rate until the exchange does not keep up; finds the knee and plots it.",
        discussion: """
            The knee is the highest rate of which at least 99 % was acknowledged, 99 % of that within --bound milliseconds.

            EXAMPLES
              memex-load sweep --local --plot singles.svg
              memex-load sweep --local --batch 50 --from 50000 --seconds 3 --json sweep.json --plot batches.svg
              memex-load sweep --url wss://localhost:9443 --ca server.pem --keys keys.txt --rates 1000,5000,10000,20000
            """)

    @OptionGroup var options: LoadOptions
    @Option(help: "First rate, in commands a second; each next one is 1.6 times as high.") var from = 1000.0
    @Option(help: "These rates and no others, with commas between them.") var rates: String?
    @Option(help: "Seconds of load at each rate.") var seconds = 3.0
    @Option(help: "Bound for p99 of the ack time, in milliseconds.") var bound = 10.0
    @Option(help: "Runs that narrow the knee down.") var refinements = 3
    @Option(help: "Write the points and the knee here as JSON.") var json: String?
    @Option(help: "Write the plot here as SVG.") var plot: String?

    func validate() throws {
        guard from > 0, seconds > 0, bound > 0, refinements >= 0 else {
            throw ValidationError("--from, --seconds and --bound must be positive, --refinements not negative.")
        }
        if let rates { guard !Self.numbers(rates).isEmpty else { throw ValidationError("--rates wants numbers: 1000,2000,5000.") } }
    }

    func run() throws {
        let (target, node) = try options.open()
        let result = try Sweep(target: target, plan: options.plan, seconds: seconds, boundMicroseconds: bound * 1000)
            .run(from: from, refinements: refinements, rates: rates.map(Self.numbers))
        _ = node?.stop()
        print(result.table)
        if let json { try JSONFile.write(result, to: json) }
        if let plot {
            let title =
                "\(target.url), \(options.batch == 1 ? "one command" : "\(options.batch) commands") a message, \(options.connections) connections"
            try LatencyPlot(title: title, points: result.points, knee: result.knee, boundMicroseconds: result.boundMicroseconds).svg
                .write(toFile: plot, atomically: true, encoding: .utf8)
        }
    }

    private static func numbers(_ text: String) -> [Double] { text.split(separator: ",").compactMap { Double($0) }.filter { $0 > 0 } }
}

/// Runs one rate after the other.
struct Sweep {
    let target: LoadTarget
    var plan: LoadTarget.Plan
    let seconds: Double
    let boundMicroseconds: Double

    func run(from: Double, refinements: Int, rates: [Double]? = nil) throws -> SweepResult {
        var search = KneeSearch(firstRate: from, refinements: refinements, boundMicroseconds: boundMicroseconds)
        if let rates {
            for rate in rates { search.add(try point(rate)) }
        } else {
            while let rate = search.nextRate { search.add(try confirmed(rate)) }
        }
        return SweepResult(
            boundMicroseconds: boundMicroseconds, knee: search.knee,
            points: search.points.sorted { $0.offeredPerSecond < $1.offeredPerSecond })
    }

    /// A rate that is not sustained is tried once more: one stall of the machine is not to decide where the knee is.
    private func confirmed(_ rate: Double) throws -> SweepPoint {
        let first = try point(rate)
        if first.isSustained(boundMicroseconds: boundMicroseconds) { return first }
        let second = try point(rate)
        return second.isSustained(boundMicroseconds: boundMicroseconds) ? second : first
    }

    private func point(_ rate: Double) throws -> SweepPoint {
        var plan = plan
        plan.commandsPerSecond = rate
        plan.seconds = seconds
        plan.run.showsProgress = false
        let report = try target.run(plan)
        let times = report.ackMicroseconds.quantiles
        let point = SweepPoint(
            offeredPerSecond: report.offeredPerSecond, ackedPerSecond: report.ackedPerSecond, p50Microseconds: times.p50,
            p99Microseconds: times.p99, p999Microseconds: times.p999, refused: report.rejected, lost: report.lost)
        Progress.line(
            "offered \(TextTable.count(point.offeredPerSecond))/s: acked \(TextTable.count(point.ackedPerSecond))/s, "
                + "p50 \(TextTable.count(point.p50Microseconds)) us, p99 \(TextTable.count(point.p99Microseconds)) us"
                + (point.isSustained(boundMicroseconds: boundMicroseconds) ? "" : ", not sustained"))
        return point
    }
}

/// A sweep's points by rate, and its knee if any rate was sustained.
struct SweepResult: Encodable {
    let boundMicroseconds: Double
    let knee: SweepPoint?
    let points: [SweepPoint]

    var table: String {
        var table = TextTable(["offered/s", "acked/s", "p50 us", "p99 us", "p99.9 us", "refused", "lost", ""])
        for point in points {
            let figures = [
                point.offeredPerSecond, point.ackedPerSecond, point.p50Microseconds, point.p99Microseconds, point.p999Microseconds,
                Double(point.refused), Double(point.lost),
            ]
            table.add(figures.map { TextTable.count($0) } + [point == knee ? "knee" : ""])
        }
        return table.text
    }
}
