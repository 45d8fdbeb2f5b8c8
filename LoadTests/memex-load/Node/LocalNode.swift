import Foundation
import Gateway
import Signing

/// A node of the harness's own in a process of its own, over a temporary folder that goes with it.
final class LocalNode {
    struct Options {
        var accounts = 64
        var durability = "process"
        var gatewayThreads = 1
        /// Nil: what a node has by default.
        var gatewaySpinUs: UInt64?
        /// Cores to keep the gateway's threads on; empty: any.
        var gatewayCores: [Int] = []
        var isPlain = false
        /// Whether addresses and accounts are limited as memexd does it by default.
        var keepsLimits = false
    }

    let folder: String
    let keys: [PrivateKey]
    private let options: Options
    private(set) var process: ChildProcess
    private(set) var url: String

    init(_ options: Options) throws {
        self.options = options
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("memex-load-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
            .path
        (process, url) = try Self.launch(options, folder, port: 0)
        keys = try KeyList.read(folder + "/keys.txt")
    }

    deinit {
        if process.isRunning { process.end(with: SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Stops in order.
    func stop() -> Int32 { process.end(with: SIGTERM) }

    /// Kills the process in the midst of whatever it does.
    func kill() { process.end(with: SIGKILL) }

    /// Starts again over the same folder, at the same address. Returns the seconds until it was ready.
    func restart() throws -> Double {
        let start = MonotonicClock.nanoseconds()
        (process, url) = try Self.launch(options, folder, port: GatewayURL(url).port)
        return Double(MonotonicClock.nanoseconds() - start) / 1e9
    }

    var target: LoadTarget {
        LoadTarget(
            url: url, trust: options.isPlain ? .system : .file(folder + "/server.pem"), keys: keys, gatewayThreads: options.gatewayThreads,
            nodeCPUSeconds: { [process] in process.cpuSecondsByThread })
    }

    private static func launch(_ options: Options, _ folder: String, port: UInt16) throws -> (ChildProcess, String) {
        var arguments = [
            "node", "--with-parent", "--data", folder, "--accounts", "\(options.accounts)", "--listen", "127.0.0.1:\(port)", "--durability",
            options.durability, "--threads", "\(options.gatewayThreads)",
        ]
        if let spinUs = options.gatewaySpinUs { arguments += ["--gateway-spin-us", "\(spinUs)"] }
        if !options.gatewayCores.isEmpty { arguments += ["--gateway-cores", options.gatewayCores.map(String.init).joined(separator: ",")] }
        if options.isPlain { arguments.append("--insecure-ws") }
        if options.keepsLimits { arguments.append("--limits") }
        let process = try ChildProcess(arguments)
        let ready = try JSONDecoder().decode(NodeCommand.Ready.self, from: Data(process.readyLine.utf8))
        return (process, ready.address)
    }
}
