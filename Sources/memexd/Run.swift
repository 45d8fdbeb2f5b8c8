import ArgumentParser
import Foundation
import Gateway
import Logging
import Sequencer
import Settlement

/// `memexd run`
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Recovers the state, then serves traders and settles on L1 until SIGTERM or SIGINT.",
        discussion: """
            When it serves, it prints one line of JSON on stdout: {"event":"ready","address":"wss://127.0.0.1:9443/",...}. Logs go to stderr.

            EXAMPLES
              A node for a local devnet (README.md has the steps before it):
                memexd run --data local/data --deployment local/deployment.json \\
                  --l1 http://127.0.0.1:8545 --sequencer-key local/operator.key \\
                  --certificate local/tls.pem --key local/tls.key
              Commits that survive power loss, on all interfaces:
                memexd run ... --durability fsync --listen 0.0.0.0:443
              Everything from a file, one thing otherwise (Deploy/memexd.toml is one with all keys explained):
                memexd run --config memexd.toml --listen 127.0.0.1:9444
              Batches in blobs where those cost less than calldata:
                memexd run ... --beacon http://127.0.0.1:5052
              Without TLS, for a proxy on the same machine that has it:
                memexd run ... --listen 127.0.0.1:9080 --insecure-ws

            \(ExitStatus.help)
            """)

    @Option(
        help: ArgumentHelp(
            "TOML file with any of these options by their long names; what the command line says prevails.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Directory of journal, chain and checkpoints; made if missing.", valueName: "dir"))
    var data: String

    @Option(help: ArgumentHelp("Deployment file that Deploy/deploy wrote.", valueName: "file"))
    var deployment: String

    @Option(help: ArgumentHelp("JSON-RPC of an L1 node.", valueName: "url"))
    var l1: String

    @Option(help: ArgumentHelp("Consensus node, from which blobs can be read back; without one batches go as calldata.", valueName: "url"))
    var beacon: String?

    @Option(
        help: ArgumentHelp(
            "How batches go to L1: price (blob or calldata, whatever costs less at the time), calldata or blob.",
            valueName: "way"))
    var carrier = BatchCarrier.price

    @Option(
        help: ArgumentHelp(
            "c-kzg's library, which makes blobs; by default MEMEX_KZG_LIBRARY, then the one that Deploy/setup made.", valueName: "file"))
    var kzgLibrary: String?

    @Option(help: ArgumentHelp("Key that signs blocks and posts batches; `memex keys new` makes one.", valueName: "file"))
    var sequencerKey: String

    @Option(help: ArgumentHelp("Address and port for WebSockets; port 0 takes any free one.", valueName: "host:port"))
    var listen = "127.0.0.1:9443"

    @Option(help: ArgumentHelp("TLS certificate chain, PEM.", valueName: "file"))
    var certificate: String?

    @Option(help: ArgumentHelp("Private key of the certificate, PEM.", valueName: "file"))
    var key: String?

    @Flag(help: "Serve ws:// without TLS. Orders and signatures travel in the clear.")
    var insecureWs = false

    @OptionGroup(title: "Traders")
    var gateway: GatewayOptions

    @Option(help: "Milliseconds after its opening at which a block closes.")
    var blockIntervalMs: UInt64 = 250

    @Option(help: "Milliseconds of silence after which an empty block is made.")
    var idleBlockIntervalMs: UInt64 = 10_000

    @Option(help: "Milliseconds of block time that a batch spans at most.")
    var batchAgeMsMax: UInt64 = 30_000

    @Option(
        help:
            "Microseconds that the executor looks for more work before it sleeps: answers sooner, for a core of its own. 3000 where there are 4 cores or more."
    )
    var executorSpinUs: UInt64 = 0

    @Option(help: "What an acknowledgement survives: process (kill -9) or fsync (power loss).")
    var durability = Durability.process

    @Option(help: "Seconds between checkpoints.")
    var checkpointIntervalS: UInt64 = 60

    @Option(help: "L1 blocks that must lie above a deposit before it is credited.")
    var confirmations: UInt64 = 2

    @Option(
        help:
            "Seconds that the oldest block not on L1 may be old; above it no new orders are taken. By default half of the contract's time drift."
    )
    var backlogAgeSMax: UInt64?

    @Option(
        help:
            "Days for which batches are kept in the data directory once they are final on L1, up to 36500. L1 itself forgets blobs after 18 days."
    )
    var batchKeepDays: UInt64 = 30

    @Option(help: "MiB of batches that may wait for L1; above it no new orders are taken.")
    var backlogMibMax = BacklogLimits.bytesDefault >> 20

    @Option(help: "Seconds between looks at the L1 inbox.")
    var l1PollS = 1.0

    @Option(
        help: ArgumentHelp(
            "Address and port for /metrics (Prometheus) and /healthz in plain HTTP; none unless given.", valueName: "host:port"))
    var metricsListen: String?

    @Flag(help: "Print a line of JSON with counters on stdout every --stats-interval-s.")
    var statsJson = false

    @Option(help: "Seconds between lines of statistics, on stderr unless --stats-json; 0 for none.")
    var statsIntervalS: UInt64?

    @Option(help: "Least severe messages to log: trace, debug, info, notice, warning, error, critical.")
    var logLevel = Logger.Level.info

    func validate() throws {
        try OptionRange.check("--block-interval-ms", blockIntervalMs, 1...Self.dayMs)
        try OptionRange.check("--idle-block-interval-ms", idleBlockIntervalMs, 1...Self.dayMs)
        try OptionRange.check("--batch-age-ms-max", batchAgeMsMax, 0...Self.dayMs)
        try OptionRange.check("--executor-spin-us", executorSpinUs, 0...1_000_000)
        try OptionRange.check("--checkpoint-interval-s", checkpointIntervalS, 1...Self.yearS)
        try OptionRange.check("--confirmations", confirmations, 0...1_000_000)
        try OptionRange.check("--backlog-age-s-max", backlogAgeSMax ?? 1, 1...Self.yearS)
        try OptionRange.check("--backlog-mib-max", backlogMibMax, 1...1 << 20)
        try OptionRange.check("--batch-keep-days", batchKeepDays, 0...36_500)
        try OptionRange.check("--stats-interval-s", statsIntervalS ?? 0, 0...Self.yearS)
        guard l1PollS > 0, l1PollS <= 86_400 else { throw ValidationError("--l1-poll-s must be above 0 and 86400 at most, not \(l1PollS)") }
        guard idleBlockIntervalMs >= blockIntervalMs else {
            throw ValidationError("--idle-block-interval-ms \(idleBlockIntervalMs) is below --block-interval-ms \(blockIntervalMs)")
        }
        guard (certificate == nil) == (key == nil) else { throw ValidationError("--certificate goes with --key: give both or neither") }
        guard insecureWs || certificate != nil else {
            throw ValidationError("give --certificate and --key for wss://, or --insecure-ws to serve without TLS")
        }
        guard !insecureWs || certificate == nil else { throw ValidationError("--insecure-ws contradicts --certificate") }
        for (option, path) in [("--data", data), ("--deployment", deployment), ("--sequencer-key", sequencerKey)] where path.isEmpty {
            throw ValidationError("\(option) names a file or directory, and is empty")
        }
        guard ListenAddress(listen) != nil else {
            throw ValidationError("--listen takes host:port, for example 127.0.0.1:9443 or [::1]:9443")
        }
        guard ListenAddress(listen)?.isNumeric == true else {
            throw ValidationError("--listen takes an address, not a name: 127.0.0.1:9443, [::1]:9443, or 0.0.0.0:9443 for all interfaces")
        }
        guard metricsListen.map({ ListenAddress($0)?.isNumeric == true }) ?? true else {
            throw ValidationError("--metrics-listen takes an address and a port, for example 127.0.0.1:9464")
        }
        for (option, text) in [("--l1", l1), ("--beacon", beacon ?? l1)] {
            guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host() != nil else {
                throw ValidationError("\(option) takes an http:// or https:// URL, for example http://127.0.0.1:8545")
            }
        }
    }

    /// Nil without TLS.
    var tlsFiles: GatewayConfiguration.TLSFiles? {
        guard let certificate, let key else { return nil }
        return GatewayConfiguration.TLSFiles(certificatePath: certificate, keyPath: key)
    }

    private static let dayMs = 86_400_000
    private static let yearS = 31_536_000

    func run() async throws {
        let logLevel = logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = logLevel
            return handler
        }
        do {
            try await NodeRunner(options: self).run()
        } catch {
            ExitStatus.end(error)
        }
        ExitStatus.stopped.end()
    }
}

extension BatchCarrier: ExpressibleByArgument {}
extension Durability: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
