import ArgumentParser
import Engine
import Foundation
import Gateway
import Settlement
import Signing

/// What all commands that load a gateway have in common: which exchange, which flow, who else is connected.
struct LoadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Gateway to load: wss://HOST:PORT, or ws:// without TLS.", valueName: "url")) var url: String?
    @Flag(help: "Start a node of the harness's own in another process, without L1, and load that.") var local = false
    @Option(help: "Deployment file: signs for this chain and contract only.") var deployment: String?
    @Option(help: "File with a private key of a funded account on each line (not with --local).") var keys: String?
    @Option(help: "Trust the certificates in this PEM file.") var ca: String?
    @Flag(help: "Trust any certificate.") var insecure = false
    @Option(help: "WebSocket connections; accounts are dealt out to them.") var connections = 4
    @Option(help: "Commands in a message, all under one signature, 1...512.") var batch = 1
    @Option(help: "Shares of commands: place, cancel, modify.") var mix = "place:60,cancel:40"
    @Option(help: "Send this flow instead: a recording (.csv, .csv.xz) or an op file.") var replay: String?
    @Option(help: "Market id.") var market: UInt16 = 1
    @Option(help: "Lots of each order.") var lots: UInt64 = 1
    @Option(help: "Seed of the generated flow.") var seed: UInt64 = 1
    @Option(help: "Connections that follow book and trades.") var subscribers = 0
    @Option(help: "Connections that follow book and trades and never read.") var slowReaders = 0
    @Option(help: "Connections that do nothing.") var idle = 0
    @Option(help: ArgumentHelp("Clients that mean harm: KIND:CONNECTIONS,… (see LoadTests/load.md), or standard.", valueName: "kinds"))
    var attack: String?
    @Option(help: "Addresses that attackers of each kind come from, 1...65536.") var attackAddresses = 256
    @Option(help: "Factor to what attackers do in a second.") var attackPace = 1.0
    @Option(help: "Microseconds that the sending thread sleeps at least between sends; what falls due meanwhile leaves together.")
    var sendInterval = 200
    @Flag(help: "The sending thread never sleeps: for times of an exchange without load, where a core is free for it.") var spin = false
    @Option(help: "Core of the sending thread, and of subscribers and other onlookers.") var core: Int?
    @Option(help: "Threads of the gateway: of the node that --local starts, or told for --url.") var gatewayThreads: Int?
    @Option(help: "Durability of the node that --local starts: process or fsync.") var durability = "process"
    @Flag(help: "No TLS on the node that --local starts.") var plain = false
    @Option(help: "Accounts of the node that --local starts.") var accounts = 64
    @Flag(help: "No progress on standard error.") var quiet = false

    func validate() throws {
        guard local != (url != nil) else { throw ValidationError("Give either --url or --local.") }
        guard local != (keys != nil) else { throw ValidationError("--url needs --keys; --local makes its own.") }
        guard (1...Layout.commandsPerPayloadMax).contains(batch) else { throw ValidationError("--batch must lie in 1...512.") }
        guard CommandMix(mix) != nil else { throw ValidationError("--mix wants weights of place, cancel and modify: place:60,cancel:40.") }
        guard connections > 0, lots > 0, accounts > 1, subscribers >= 0, slowReaders >= 0, idle >= 0 else {
            throw ValidationError("--connections and --lots must be positive, --accounts at least 2, other counts not negative.")
        }
        guard attack.map({ AttackPlan($0) != nil }) ?? true else {
            let kinds = AttackKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--attack wants numbers of connections: pings:10,hellos:5, or standard. Kinds: \(kinds).")
        }
        guard (1...AttackPlan.addressesMax).contains(attackAddresses), attackPace > 0 else {
            throw ValidationError("--attack-addresses must lie in 1...65536, --attack-pace be positive.")
        }
    }

    /// The exchange; the node lives as long as what is returned.
    func open() throws -> (LoadTarget, LocalNode?) {
        Progress.isOn = !quiet
        if local {
            var options = LocalNode.Options()
            options.accounts = max(accounts, connections)
            options.durability = durability
            options.gatewayThreads = gatewayThreads ?? 1
            options.isPlain = plain
            // They are what protects it.
            options.keepsLimits = attack != nil
            let node = try LocalNode(options)
            return (node.target, node)
        }
        let trust: TLSContext.Trust = insecure ? .insecure : ca.map { .file($0) } ?? .system
        let target = LoadTarget(url: url ?? "", trust: trust, keys: try KeyList.read(keys ?? ""), gatewayThreads: gatewayThreads)
        if let deployment {
            let expected = try Deployment(path: deployment)
            let client = try GatewayClient(url: target.url, trust: trust)
            guard client.hello.chainId == expected.chainId, client.hello.rollup == expected.rollup else {
                throw LoadFailure(
                    "\(target.url) serves chain \(client.hello.chainId), contract \(client.hello.rollup): not this deployment")
            }
            client.close()
        }
        return (target, nil)
    }

    /// What a run is to do, but for its rate and its length.
    var plan: LoadTarget.Plan {
        var plan = LoadTarget.Plan()
        plan.market = market
        plan.lots = lots
        plan.connections = connections
        plan.commandsPerBatch = batch
        plan.mix = CommandMix(mix) ?? plan.mix
        plan.replay = replay
        plan.seed = seed
        plan.crowd = Crowd.Size(subscribers: subscribers, slowReaders: slowReaders, idle: idle)
        plan.attack = attack.flatMap { AttackPlan($0) } ?? plan.attack
        plan.attack.addresses = attackAddresses
        plan.attack.pace = attackPace
        plan.run.sendIntervalNs = UInt64(max(0, sendInterval)) * 1000
        plan.run.spins = spin
        plan.run.core = core ?? -1
        plan.run.showsProgress = !quiet
        return plan
    }
}
