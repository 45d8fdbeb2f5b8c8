import ArgumentParser
import CLinux
import Foundation
import Gateway
import Sequencer

/// `memex-load node`: an exchange without L1 in a process of its own, for load, tests and trying things out.
struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Runs an exchange without L1, with one market and funded accounts, until it gets SIGTERM.",
        discussion: """
            Sequencer and gateway are those of memexd; messages that the market needs from L1 are made up. The folder gets certificate, keys and \
            data; started again over it, the exchange goes on. When it serves, it prints one line of JSON on standard output: \
            {"event":"ready","address":"wss://127.0.0.1:4711/","port":4711,"certificate":PATH,"keys":PATH,...}. `keys` has a private key on each line.

            EXAMPLES
              memex-load node
              memex-load node --listen 127.0.0.1:9443 --data local/node --accounts 100 --threads 2 --durability fsync
            """)

    @Option(help: "Address and port to listen on; port 0 lets the system choose.") var listen = "127.0.0.1:0"
    @Flag(help: "ws instead of wss.") var insecureWs = false
    @Option(help: "Folder for its data, keys and certificate; without it one under the temporary folder, which is removed at the end.")
    var data: String?
    @Option(help: "Accounts with funds; counts only when the folder is new.") var accounts = 64
    @Option(help: "Market id; counts only when the folder is new.") var market: UInt16 = 1
    @Option(help: "Threads of the gateway, 1...16.") var threads = 1
    @Option(help: "What an ack promises: process or fsync.") var durability = "process"
    @Option(help: "Microseconds that the executor looks for more work before it sleeps.") var executorSpinUs: UInt64 = 0
    @Option(help: "Microseconds that a thread of the gateway looks for more input before it sleeps; by default as memexd.")
    var gatewaySpinUs: UInt64?
    @Option(help: "Cores to keep the threads of the gateway on, as 2,3; by default the system chooses.") var gatewayCores: String?
    @Flag(help: "Always wake the executor: no thread of the gateway does its work, for comparison.") var noStepsInPlace = false
    @Option(help: "Milliseconds between two rounds of market data, at least.") var marketDataIntervalMs = GatewayLimits()
        .marketDataIntervalMs
    @Flag(help: "Limit addresses and accounts as memexd does by default; without this, one address may load it as it can.")
    var limits = false
    @Flag(help: "End with the process that started this one, however that ends.") var withParent = false

    func validate() throws {
        guard ListenAddress(listen) != nil else { throw ValidationError("--listen wants ADDRESS:PORT.") }
        guard ["process", "fsync"].contains(durability) else { throw ValidationError("--durability is process or fsync.") }
        guard gatewayCores.map({ GatewayConfiguration.cores($0) != nil }) ?? true else {
            throw ValidationError("--gateway-cores wants numbers with commas between them: 2,3.")
        }
        guard accounts > 1, (1...16).contains(threads), market > 0 else {
            throw ValidationError("--accounts must be at least 2, --threads lie in 1...16, --market be positive.")
        }
    }

    func run() throws {
        if withParent { linux_die_with_parent() }
        // Before any thread starts, so that all of them leave the signals to sigwait.
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGTERM, SIGINT] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        let folder = data ?? FileManager.default.temporaryDirectory.appendingPathComponent("memex-node-\(getpid())").path
        defer { if data == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let exchange = try LocalExchange(folder: folder, options: options)
        let ready = Ready(
            address: exchange.url + "/", port: exchange.port, certificate: insecureWs ? nil : exchange.certificatePath,
            keys: exchange.keysPath,
            chainId: exchange.deployment.chainId, rollup: "\(exchange.deployment.rollup)", pid: getpid())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        ChildProcess.announce(String(decoding: try encoder.encode(ready), as: UTF8.self))
        var signal: Int32 = 0
        sigwait(&signals, &signal)
        try exchange.stop()
    }

    private var options: LocalExchange.Options {
        var options = LocalExchange.Options()
        options.accountCount = accounts
        options.market = market
        if let address = ListenAddress(listen) { (options.host, options.port) = (address.host, address.port) }
        options.isPlain = insecureWs
        options.gatewayThreads = threads
        options.executorSpinUs = executorSpinUs
        options.gatewaySpinUs = gatewaySpinUs
        options.gatewayCores = gatewayCores.flatMap { GatewayConfiguration.cores($0) } ?? []
        options.stepsInPlace = !noStepsInPlace
        options.keepsLimits = limits
        options.marketDataIntervalMs = marketDataIntervalMs
        options.durability = durability == "fsync" ? .fsync : .process
        return options
    }

    /// The line that says the node serves.
    struct Ready: Codable {
        var event = "ready"
        var address: String
        var port: UInt16
        /// Nil without TLS.
        var certificate: String?
        var keys: String
        var chainId: UInt64
        var rollup: String
        var pid: Int32
    }
}
