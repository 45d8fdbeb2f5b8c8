import Engine
import Foundation
import Gateway
import Signing

/// The exchange to be loaded, and the accounts to do it with.
struct LoadTarget: Sendable {
    var url: String
    var trust: TLSContext.Trust
    var keys: [PrivateKey]
    /// Threads of the gateway, nil if unknown.
    var gatewayThreads: Int?
    /// Processor seconds that the node's threads have used, by name, where it is the harness's own.
    var nodeCPUSeconds: (@Sendable () -> [String: Double])?

    /// What a run does; see the options of `memex-load`.
    struct Plan {
        var market: UInt16 = 1
        var lots: UInt64 = 1
        var connections = 4
        var commandsPerSecond = 10_000.0
        var seconds = 10.0
        var commandsPerBatch = 1
        var mix = CommandMix("place:60,cancel:40")!
        var replay: String?
        var followsMarketData = true
        var crowd = Crowd.Size()
        var attack = AttackPlan()
        var seed: UInt64 = 1
        var run = LoadRun.Options()

        var runOptions: LoadRun.Options {
            var options = run
            options.batchesPerSecond = commandsPerSecond / Double(commandsPerBatch)
            return options
        }
    }

    /// Prepares, signs, sends and measures.
    func run(_ plan: Plan) throws -> LoadReport {
        let prepared = try prepare(plan)
        let workload = prepared.workload
        let tls = try LoadTLS(trust: trust)
        let crowd =
            plan.crowd.count == 0
            ? nil : try Crowd(plan.crowd, url: GatewayURL(url), tls: tls, market: plan.market)
        let attack = plan.attack.isNone ? nil : try Attack(plan.attack, url: GatewayURL(url), badMessages: prepared.badMessages)
        let connections = try workload.lanes.map { try connect($0, tls) }
        let marketData = plan.followsMarketData ? try connect(Lane(), tls) : nil
        marketData?.enqueue(SubscribeMessage.bytes(.trades, market: plan.market))
        _ = marketData?.send(dueBefore: 0)

        let reference = VerificationReference()
        let before = reference.measure()
        crowd?.start(core: plan.run.core)
        attack?.start(core: plan.run.core)
        if plan.run.showsProgress {
            Progress.line("sending \(Int(plan.commandsPerSecond)) commands/s over \(connections.count) connections for \(plan.seconds) s")
        }
        let nodeBefore = nodeCPUSeconds?() ?? [:]
        var report = try LoadRun(workload, connections: connections, marketData: marketData, options: plan.runOptions).run()
        report.nodeMicrosecondsPerMessage = nodeCPUSeconds?().compactMapValues { $0 * 1e6 / Double(max(1, workload.batchCount)) }
        for (thread, seconds) in nodeBefore {
            report.nodeMicrosecondsPerMessage?[thread]? -= seconds * 1e6 / Double(max(1, workload.batchCount))
        }
        report.crowd = crowd?.stop()
        report.attack = attack?.stop()
        report.verifyPerSecondReference = (before + reference.measure()) / 2
        report.url = url
        report.accounts = keys.count
        report.commandsPerBatch = plan.commandsPerBatch
        report.flow = plan.replay ?? plan.mix.description
        report.gatewayThreads = gatewayThreads
        report.shareOfVerifyReference = gatewayThreads.map {
            report.ackedMessagesPerSecond / (report.verifyPerSecondReference * Double($0))
        }
        return report
    }

    /// Everything that a run sends, signed.
    func prepare(_ plan: Plan) throws -> (workload: Workload, badMessages: [[UInt8]]) {
        let client = try GatewayClient(url: url, trust: trust)
        defer { client.close() }
        var setup = try LoadSetup(client, keys: keys, plan: plan)
        let workload = try setup.workload()
        if plan.run.showsProgress { Progress.line("signing \(workload.batchCount) messages") }
        workload.sign(keys: keys, domain: client.domain) { share in
            if plan.run.showsProgress { Progress.line("signed \(Int(share * 100)) %") }
        }
        return (workload, setup.badMessages())
    }

    /// A connection that sends the frames of a lane.
    func connect(_ lane: Lane, _ tls: borrowing LoadTLS) throws -> LoadConnection {
        let connection = LoadConnection(try LoadSocket(GatewayURL(url), tls: tls), lane: lane)
        connection.receiveEarly { _ in }
        return connection
    }
}
