import CLinux
import Foundation
import Gateway

/// The measurements of `memex-load run`, one after the other, each on a node of the harness's own.
struct StandardSet {
    let seconds: Double
    let kills: Int
    let subscribers: Int
    let gatewayThreads: Int
    private var result = StandardResult()

    /// p99 of the ack time that marks the knee, in microseconds.
    private static let kneeBound = 10_000.0
    /// Short runs of which one figure is made where the noise of a second, or where the system puts a thread, would decide otherwise.
    private static let rounds = 3

    init(seconds: Double, kills: Int, subscribers: Int, gatewayThreads: Int) {
        self.seconds = seconds
        self.kills = kills
        self.subscribers = subscribers
        self.gatewayThreads = gatewayThreads
        result.gatewayThreads = gatewayThreads
    }

    mutating func run() throws -> StandardResult {
        let node = try node()
        let reference = VerificationReference().measure()
        Progress.line("one core of this machine verifies \(TextTable.count(reference)) signatures/s")
        try unloaded()
        try saturation(node, reference: reference)
        let knee = try sweep(node, reference: reference)
        _ = node.stop()
        try withSubscribers(commandsPerSecond: min(2000, knee / 4))
        try underAttack(commandsPerSecond: min(2000, knee / 4))
        try onDisk()
        if kills > 0 {
            Progress.line("kill -9, \(kills) times")
            let result = try KillLoop(node: self.node(), kills: kills, commandsPerSecond: 2000).run()
            self.result.kills = result
            self.result.add(goal: "acknowledged batches missing after kill -9", Double(result.missing + result.twice), .below(1))
            self.result.add(goal: "stream messages missing or wrong after kill -9", Double(result.streamFaults), .below(1))
        }
        try echo()
        return result
    }

    /// Cores for the gateway's threads and for the harness's sending thread where each can have one of its own; else none, and -1. On one machine the system
    /// takes a client and its server for a pair and puts them on one core, where they wait for each other; a client in the field is on another machine.
    private var cores: (gateway: [Int], harness: Int) {
        let allowed = linux_allowed_cores()
        let numbers = (0..<MemoryLayout.size(ofValue: allowed) * 8).filter { linux_has_core(allowed, Int32($0)) != 0 }
        return gatewayThreads < numbers.count ? (numbers.suffix(gatewayThreads), numbers[0]) : ([], -1)
    }

    private func node(durability: String = "process", gatewaySpinUs: UInt64? = nil, gatewayCores: [Int] = [], keepsLimits: Bool = false)
        throws -> LocalNode
    {
        var options = LocalNode.Options()
        options.gatewayCores = gatewayCores
        options.durability = durability
        options.gatewaySpinUs = gatewaySpinUs
        options.gatewayThreads = gatewayThreads
        options.keepsLimits = keepsLimits
        return try LocalNode(options)
    }

    /// Runs one scenario and keeps its report.
    private mutating func load(
        _ name: String, _ node: LocalNode, commandsPerSecond: Double, change: (inout LoadTarget.Plan) -> Void = { _ in }
    ) throws -> LoadReport {
        let report = try measure(name, node, commandsPerSecond: commandsPerSecond, seconds: seconds, change)
        result.add(name, report)
        return report
    }

    private func measure(
        _ name: String, _ node: LocalNode, commandsPerSecond: Double, seconds: Double, _ change: (inout LoadTarget.Plan) -> Void
    ) throws -> LoadReport {
        var plan = LoadTarget.Plan()
        plan.commandsPerSecond = commandsPerSecond
        plan.seconds = seconds
        change(&plan)
        Progress.line("\(name): \(TextTable.count(commandsPerSecond)) commands/s")
        return try node.target.run(plan)
    }

    /// One round of a scenario for which the threads keep to cores of their own.
    private func round(
        _ name: String, _ node: LocalNode, commandsPerSecond: Double, _ change: (inout LoadTarget.Plan) -> Void
    ) throws -> LoadReport {
        try measure(name, node, commandsPerSecond: commandsPerSecond, seconds: seconds / Double(Self.rounds)) {
            $0.run.core = cores.harness
            change(&$0)
        }
    }

    /// Each round on a new node: what a thread finds in the processor's caches also depends on where its memory happens to lie.
    private mutating func unloaded() throws {
        let names = ["unloaded", "unloaded, no busy polling"]
        var rounds: [String: [LoadReport]] = [:]
        for _ in 0..<Self.rounds {
            for (name, spinUs) in zip(names, [UInt64?.none, 0]) {
                let node = try node(gatewaySpinUs: spinUs, gatewayCores: cores.gateway)
                rounds[name, default: []].append(try round(name, node, commandsPerSecond: 500) { $0.connections = 1 })
                _ = node.stop()
            }
        }
        for name in names { result.add(name, LoadReport(rounds: rounds[name] ?? [])) }
        let times = LoadReport(rounds: rounds[names[0]] ?? []).ackMicroseconds.quantiles
        result.add(goal: "unloaded ack p50, us", times.p50, .below(150))
        result.add(goal: "unloaded ack p99, us", times.p99, .below(1000))
    }

    private mutating func saturation(_ node: LocalNode, reference: Double) throws {
        // More than the cores can do, but not more than must be.
        let threads = min(gatewayThreads, ProcessInfo.processInfo.activeProcessorCount)
        let singles = try load("single commands, saturated", node, commandsPerSecond: 1.3 * reference * Double(threads))
        result.add(goal: "single commands per verification", singles.shareOfVerifyReference, .atLeast(0.8))
        let batches = try load("batches of 50, saturated", node, commandsPerSecond: 400_000) { $0.commandsPerBatch = 50 }
        result.add(goal: "commands/s in batches of 50", batches.ackedPerSecond, .atLeast(300_000))
    }

    /// Finds the knee and measures at half of it. Returns the knee, or the lowest rate tried if none was sustained.
    private mutating func sweep(_ node: LocalNode, reference: Double) throws -> Double {
        var plan = LoadTarget.Plan()
        plan.followsMarketData = false
        let sweep = Sweep(target: node.target, plan: plan, seconds: max(1, seconds / 4), boundMicroseconds: Self.kneeBound)
        let found = try sweep.run(from: reference * 0.15, refinements: 3)
        result.sweep = found
        let knee = found.knee?.offeredPerSecond ?? found.points.first?.offeredPerSecond ?? 1000
        let half = try load("half the knee", node, commandsPerSecond: knee / 2)
        result.add(goal: "ack p99 at half the knee, us", half.ackMicroseconds.quantiles.p99, .below(5000))
        return knee
    }

    private mutating func withSubscribers(commandsPerSecond: Double) throws {
        guard subscribers > 0 else { return }
        let node = try node(gatewayCores: cores.gateway)
        let subscribers = subscribers
        let ratio = try compare("without subscribers", "\(subscribers) subscribers", node, commandsPerSecond: commandsPerSecond) {
            $0.crowd.subscribers = subscribers
        }
        result.add(goal: "ack p99 with \(subscribers) subscribers over that without", ratio, .below(2))
    }

    private mutating func underAttack(commandsPerSecond: Double) throws {
        let node = try node(gatewayCores: cores.gateway, keepsLimits: true)
        let ratio = try compare("without attackers", "under attack", node, commandsPerSecond: commandsPerSecond) {
            $0.attack = AttackPlan.standard
        }
        result.add(goal: "ack p99 under attack over that without", ratio, .below(2))
    }

    /// Measures without and with something in turn, so that both have the same share of what else the machine does. Returns the ratio of the p99s of the ack
    /// times, nil if there is none, and stops the node.
    private mutating func compare(
        _ without: String, _ with: String, _ node: LocalNode, commandsPerSecond: Double, _ change: (inout LoadTarget.Plan) -> Void
    ) throws -> Double? {
        var rounds: [[LoadReport]] = [[], []]
        for _ in 0..<Self.rounds {
            rounds[0].append(try round(without, node, commandsPerSecond: commandsPerSecond) { _ in })
            rounds[1].append(try round(with, node, commandsPerSecond: commandsPerSecond, change))
        }
        _ = node.stop()
        let reports = rounds.map { LoadReport(rounds: $0) }
        for (name, report) in zip([without, with], reports) { result.add(name, report) }
        let p99s = reports.map(\.ackMicroseconds.quantiles.p99)
        return p99s[0] > 0 ? p99s[1] / p99s[0] : nil
    }

    private mutating func onDisk() throws {
        let node = try node(durability: "fsync")
        _ = try load("durability fsync", node, commandsPerSecond: 500)
        _ = node.stop()
    }

    private mutating func echo() throws {
        Progress.line("WebSocket echo")
        var command = try EchoCommand.parse([])
        command.rounds = 5
        command.seconds = 0.5
        let echo = try command.measure()
        result.echo = echo
        result.add(goal: "WebSocket echo over wslay in C, unpipelined", echo.unpipelined.ratio, .atLeast(0.8))
        result.add(goal: "WebSocket echo over wslay in C, pipelined", echo.pipelined.ratio, .atLeast(0.8))
    }
}
