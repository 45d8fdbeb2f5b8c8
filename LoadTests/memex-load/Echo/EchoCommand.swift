import ArgumentParser
import CEcho
import CLinux
import Foundation

/// `memex-load echo`: the gateway's WebSocket layer beside bare wslay on libuv in C.
struct EchoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo",
        abstract: "WebSocket echo, ours beside bare wslay on libuv in C.",
        discussion: """
            Both servers echo binary messages without TLS, each in a process of its own; one client drives them in turns, so that whatever \
            else the machine does hits both. Unpipelined, each connection has one message under way; pipelined, many. Every byte is checked.
            Prints messages a second and the median of the ratios of neighbouring runs.

            EXAMPLES
              LoadTests/echo                      servers on core 0, client on core 1
              LoadTests/echo --rounds 15 --json echo.json
            """)

    @Option(help: "Messages of so many bytes, 126...65535.") var bytes = 150
    @Option(help: "Connections.") var connections = 32
    @Option(help: "Messages under way on each connection when pipelined.") var depth = 128
    @Option(help: "Turns of each server in each mode.") var rounds = 7
    @Option(help: "Seconds of a turn.") var seconds = 1.0
    @Option(help: "Core of the servers; -1 for any.") var serverCore = 0
    @Option(help: "Core of the client; -1 for any.") var clientCore = 1
    @Option(help: "Write the result here as JSON.") var json: String?

    func validate() throws {
        guard (126...65_535).contains(bytes) else { throw ValidationError("--bytes must lie in 126...65535.") }
        guard connections > 0, depth > 1, rounds > 0, seconds > 0 else {
            throw ValidationError("--connections, --rounds and --seconds must be positive, --depth at least 2.")
        }
    }

    func run() throws {
        let result = try measure()
        print(result.table)
        if let json { try JSONFile.write(result, to: json) }
    }

    /// The comparison itself; also part of `memex-load run`.
    func measure() throws -> EchoResult {
        if clientCore >= 0 { _ = linux_stay_on_core(Int32(clientCore)) }
        var result = EchoResult(messageBytes: bytes, connections: connections, depth: depth)
        let core = ["--core", "\(serverCore)"]
        let baseline = try ChildProcess(["echo-server", "--baseline"] + core)
        let ours = try ChildProcess(["echo-server"] + core)
        for _ in 0..<rounds {
            result.unpipelined.add(ours: try turn(ours, depth: 1), baseline: try turn(baseline, depth: 1))
            result.pipelined.add(ours: try turn(ours, depth: depth), baseline: try turn(baseline, depth: depth))
        }
        return result
    }

    private func turn(_ server: ChildProcess, depth: Int) throws -> EchoResult.Turn {
        guard let port = UInt16(server.readyLine) else { throw LoadFailure("the echo server names no port: \(server.readyLine)") }
        let client = try EchoClient(port: port, connections: connections, depth: depth, messageBytes: bytes)
        let before = server.cpuSeconds
        let (count, elapsed) = try client.measure(seconds: seconds)
        return EchoResult.Turn(
            perSecond: (Double(count) / elapsed).rounded(), perCPUSecond: (Double(count) / max(0.01, server.cpuSeconds - before)).rounded())
    }
}

/// `memex-load echo-server`: one of the two servers.
struct EchoServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo-server", abstract: "Serves WebSocket echo on 127.0.0.1 and prints the port.", shouldDisplay: false)

    @Flag(help: "The server in C instead of ours.") var baseline = false
    @Option(help: "Port; 0 lets the system choose.") var port: UInt16 = 0
    @Option(help: "Core to stay on; -1 for any.") var core: Int32 = -1

    func run() throws {
        linux_die_with_parent()
        if core >= 0 { _ = linux_stay_on_core(core) }
        let result =
            baseline
            ? echo_serve(port) { ChildProcess.announce("\($0)") } : EchoServer().serve(port: port) { ChildProcess.announce("\($0)") }
        throw LoadFailure("the echo server ended: \(result)")
    }
}

/// What both servers did, turn by turn.
struct EchoResult: Encodable {
    struct Turn: Encodable {
        /// Messages that came back in a second.
        let perSecond: Double
        /// The same in a second of the server's own processor time: steadier where other programs take turns.
        let perCPUSecond: Double
    }

    struct Mode: Encodable {
        private(set) var ours: [Turn] = []
        private(set) var baseline: [Turn] = []
        /// Ours to C, median over the turns.
        private(set) var ratio = 0.0
        private(set) var ratioPerCPU = 0.0

        mutating func add(ours: Turn, baseline: Turn) {
            self.ours.append(ours)
            self.baseline.append(baseline)
            ratio = zip(self.ours, self.baseline).map { $0.perSecond / $1.perSecond }.middle
            ratioPerCPU = zip(self.ours, self.baseline).map { $0.perCPUSecond / $1.perCPUSecond }.middle
        }
    }

    let messageBytes: Int
    let connections: Int
    let depth: Int
    var unpipelined = Mode()
    var pipelined = Mode()

    var table: String {
        var table = TextTable(["echo of \(messageBytes) bytes", "ours/s", "C/s", "ratio", "ours/CPU s", "C/CPU s", "ratio"])
        for (name, mode) in [("1 under way on each of \(connections)", unpipelined), ("\(depth) under way on each", pipelined)] {
            table.add([
                name, TextTable.count(mode.ours.map(\.perSecond).middle), TextTable.count(mode.baseline.map(\.perSecond).middle),
                String(format: "%.2f", mode.ratio), TextTable.count(mode.ours.map(\.perCPUSecond).middle),
                TextTable.count(mode.baseline.map(\.perCPUSecond).middle), String(format: "%.2f", mode.ratioPerCPU),
            ])
        }
        return table.text
    }
}
