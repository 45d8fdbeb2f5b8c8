import ArgumentParser
import Engine
import Foundation
import Gateway
import Settlement
import Signing

/// `memex-load gateway`: offers orders to a gateway at a steady rate, whether or not it keeps up, and measures what comes back.
struct GatewayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Open-loop load on a gateway: pre-signed orders at a fixed rate, time from planned sending to acknowledgement.",
        discussion: """
            Half of the commands place orders around the middle of the market, half cancel earlier ones. Accounts with an even place in the
            key file buy, the others sell, so orders meet but nobody trades with itself; fund them with both tokens of the market.
            Times count from when a batch was due, not from when it was sent: a stall is not hidden by the silence that follows it.

            EXAMPLES
              memex-load --url wss://localhost:9443 --ca server.pem --deployment deployment.json --keys keys.txt --rate 20000
              memex-load --local --rate 20000 --seconds 10 --json load.json
            """)

    @Option(help: "Gateway to load.") var url: String?
    @Flag(help: "Start an exchange of its own in this process, without L1, and load that.") var local = false
    @Option(help: "Deployment file: signs for this chain and contract only.") var deployment: String?
    @Option(help: "File with a private key of a funded account on each line (not with --local).") var keys: String?
    @Option(help: "WebSocket connections; accounts are dealt out to them.") var connections = 4
    @Option(help: "Commands a second, all connections together.") var rate = 10_000
    @Option(help: "Seconds of load.") var seconds = 10.0
    @Option(help: "Commands under one signature, 1...512.") var batch = 1
    @Option(help: "Market id.") var market: UInt16 = 1
    @Option(help: "Lots of each order.") var lots: UInt64 = 1
    @Option(help: "Accounts with --local.") var accounts = 8
    @Option(help: "Trust the certificates in this PEM file.") var ca: String?
    @Flag(help: "Trust any certificate.") var insecure = false
    @Option(help: "Write the result here as JSON.") var json: String?
    @Flag(help: "No progress on standard error.") var quiet = false

    func validate() throws {
        guard local != (url != nil) else { throw ValidationError("Give either --url or --local.") }
        guard local != (keys != nil) else { throw ValidationError("--url needs --keys; --local makes its own.") }
        guard (1...Layout.commandsPerPayloadMax).contains(batch) else { throw ValidationError("--batch must lie in 1...512.") }
        guard rate > 0, seconds > 0, connections > 0, lots > 0, accounts > 1 else {
            throw ValidationError("--rate, --seconds, --connections and --lots must be positive, --accounts at least 2.")
        }
    }

    func run() throws {
        let exchange = local ? try LocalExchange(accountCount: accounts, market: market) : nil
        defer { exchange?.stop() }
        let signers = try exchange?.keys ?? readKeys()
        let target = exchange?.url ?? url ?? ""
        let trust: TLSContext.Trust =
            if let exchange { .file(exchange.certificatePath) } else if insecure { .insecure } else { ca.map { .file($0) } ?? .system }

        let first = try GatewayClient(url: target, trust: trust)
        if let deployment {
            let expected = try Deployment(path: deployment)
            guard first.hello.chainId == expected.chainId, first.hello.rollup == expected.rollup else {
                throw ValidationError("\(target) serves chain \(first.hello.chainId), contract \(first.hello.rollup): not this deployment.")
            }
        }
        let plan = Workload.Plan(
            market: market, lots: lots, middle: try Workload.middle(of: market, first), commandsPerBatch: batch,
            batchCount: max(1, Int(Double(rate) * seconds / Double(batch))))
        note("signing \(plan.batchCount) batches of \(batch)")
        let workload = Workload(plan, keys: signers, domain: first.domain, firstNonce: first.nextNonce())
        var clients = [first.connection]
        for _ in 1..<max(1, connections) { clients.append(try GatewayClient(url: target, trust: trust).connection) }
        note("sending \(rate) commands/s over \(clients.count) connections for \(seconds) s")
        let run = LoadRun(workload, connections: clients, batchesPerSecond: Double(rate) / Double(batch), showsProgress: !quiet)
        let report = try run.run()
        print(report.table)
        if let json { try report.json.write(toFile: json, atomically: true, encoding: .utf8) }
        for client in clients { client.close() }
        // What was lost was promised an answer.
        if report.lost > 0 { throw ExitCode(1) }
    }

    private func readKeys() throws -> [PrivateKey] {
        let text = try String(contentsOfFile: keys ?? "", encoding: .utf8)
        let signers = try text.split(whereSeparator: \.isNewline).map { try PrivateKey(hex: $0.trimmingCharacters(in: .whitespaces)) }
        guard signers.count > 1 else { throw ValidationError("\(keys ?? "") must hold at least two keys, one on each line.") }
        return signers
    }

    private func note(_ text: String) {
        if !quiet { FileHandle.standardError.write(Data("memex-load: \(text)\n".utf8)) }
    }
}
