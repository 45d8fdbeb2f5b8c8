import ArgumentParser
import Foundation

/// `memex-load gateway`, the default: offers commands to a gateway at a steady rate, whether or not it keeps up, and measures what comes back.
struct GatewayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Open-loop load on a gateway: pre-signed commands at a fixed rate, time from when they were due to acknowledgement.",
        discussion: """
            Everything is signed before the load begins. Times count from when a message was due, not from when it was sent: a stall is not
            hidden by the silence that follows it. Accounts with an even place in the key file buy, the others sell, so orders meet but nobody
            trades with itself; fund them with both tokens of the market. What they have resting on it is cancelled first.
            Cancels name orders by client order id, so that they too can be signed in advance; one that comes after its order was filled is
            counted apart. Exit status 1: some messages were answered neither with an ack nor with a refusal.

            EXAMPLES
              memex-load --url wss://localhost:9443 --ca server.pem --deployment deployment.json --keys keys.txt --rate 20000
              memex-load --local --rate 20000 --seconds 10 --json load.json
              memex-load --local --rate 300000 --batch 50 --mix place:50,cancel:40,modify:10 --compare load.json
              memex-load --local --rate 5000 --subscribers 1000 --slow-readers 10 --idle 100
              memex-load --local --rate 2000 --attack standard
              memex-load --local --rate 20000 --replay ../shared/data/btcusd-2015-05-01.csv.xz
            """)

    @OptionGroup var options: LoadOptions
    @Option(help: "Commands a second, all connections together.") var rate = 10_000.0
    @Option(help: "Seconds of load.") var seconds = 10.0
    @Option(help: "Write the result here as JSON.") var json: String?
    @Option(help: "Print the result beside this saved one.") var compare: String?

    func validate() throws {
        guard rate > 0, seconds > 0 else { throw ValidationError("--rate and --seconds must be positive.") }
    }

    func run() throws {
        let saved = try compare.map { try Comparison.figures(ofFile: $0) }
        let (target, node) = try options.open()
        var plan = options.plan
        plan.commandsPerSecond = rate
        plan.seconds = seconds
        let report = try target.run(plan)
        _ = node?.stop()
        print(report.table)
        if let saved { print("\n" + Comparison(new: try Comparison.figures(of: report), saved: saved).table) }
        if let json { try JSONFile.write(report, to: json) }
        // What was lost was promised an answer.
        if report.lost > 0 { throw ExitCode(1) }
    }
}
