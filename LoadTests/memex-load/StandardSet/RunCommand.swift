import ArgumentParser
import Foundation

/// `memex-load run`: the standard set of measurements on a node of the harness's own.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Starts a node of its own and measures all that is promised of it; prints one table.",
        discussion: """
            Unloaded latency, single commands and batches of 50 at saturation, the knee and half of it, 1,000 subscribers of market data, durability
            fsync, kill -9 in the midst of load, and the WebSocket layer alone. Unloaded, and with and without subscribers, the gateway's threads and the
            sending thread have a core each where there are enough, and a third of the time is measured three times. Nothing fails for being slow: the table says what was
            measured beside what is meant to be reached. Exit status 1: an acknowledged batch was missing after a kill.

            EXAMPLES
              LoadTests/run --seconds 10 --json run.json
              LoadTests/run --seconds 2 --kills 3 --compare run.json
            """)

    @Option(help: "Seconds of each load.") var seconds = 10.0
    @Option(help: "How often the node is killed; 0 leaves it out.") var kills = 10
    @Option(help: "Subscribers of market data; 0 leaves them out.") var subscribers = 1000
    @Option(help: "Threads of the node's gateway.") var gatewayThreads = 1
    @Option(help: "Write the result here as JSON.") var json: String?
    @Option(help: "Print the result beside this saved one.") var compare: String?
    @Flag(help: "No progress on standard error.") var quiet = false

    func validate() throws {
        guard seconds > 0, kills >= 0, (0...10_000).contains(subscribers), (1...16).contains(gatewayThreads) else {
            throw ValidationError(
                "--seconds must be positive, --kills not negative, --subscribers in 0...10000, --gateway-threads in 1...16.")
        }
    }

    func run() throws {
        Progress.isOn = !quiet
        let saved = try compare.map { try Comparison.figures(ofFile: $0) }
        var set = StandardSet(seconds: seconds, kills: kills, subscribers: subscribers, gatewayThreads: gatewayThreads)
        let result = try set.run()
        print(result.table)
        if let saved { print("\n" + Comparison(new: try Comparison.figures(of: result), saved: saved).table) }
        if let json { try JSONFile.write(result, to: json) }
        if let kills = result.kills, kills.missing + kills.twice > 0 { throw ExitCode(1) }
    }
}
