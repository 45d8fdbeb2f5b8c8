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
        try unloaded(node)
        try saturation(node, reference: reference)
        let knee = try sweep(node, reference: reference)
        try withSubscribers(node, commandsPerSecond: min(2000, knee / 4))
        _ = node.stop()
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

    private func node(durability: String = "process", gatewaySpinUs: UInt64? = nil) throws -> LocalNode {
        var options = LocalNode.Options()
        options.durability = durability
        options.gatewaySpinUs = gatewaySpinUs
        options.gatewayThreads = gatewayThreads
        return try LocalNode(options)
    }

    /// Runs one scenario and keeps its report.
    private mutating func load(
        _ name: String, _ node: LocalNode, commandsPerSecond: Double, change: (inout LoadTarget.Plan) -> Void = { _ in }
    ) throws -> LoadReport {
        var plan = LoadTarget.Plan()
        plan.commandsPerSecond = commandsPerSecond
        plan.seconds = seconds
        change(&plan)
        Progress.line("\(name): \(TextTable.count(commandsPerSecond)) commands/s")
        let report = try node.target.run(plan)
        result.add(name, report)
        return report
    }

    private mutating func unloaded(_ node: LocalNode) throws {
        let report = try load("unloaded", node, commandsPerSecond: 500) { $0.connections = 1 }
        let sleeping = try self.node(gatewaySpinUs: 0)
        _ = try load("unloaded, no busy polling", sleeping, commandsPerSecond: 500) { $0.connections = 1 }
        _ = sleeping.stop()
        result.add(goal: "unloaded ack p50, us", report.ackMicroseconds?.p50, .below(150))
        result.add(goal: "unloaded ack p99, us", report.ackMicroseconds?.p99, .below(1000))
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
        result.add(goal: "ack p99 at half the knee, us", half.ackMicroseconds?.p99, .below(5000))
        return knee
    }

    private mutating func withSubscribers(_ node: LocalNode, commandsPerSecond: Double) throws {
        guard subscribers > 0 else { return }
        let alone = try load("without subscribers", node, commandsPerSecond: commandsPerSecond)
        let subscribers = subscribers
        let crowded = try load("\(subscribers) subscribers", node, commandsPerSecond: commandsPerSecond) {
            $0.crowd.subscribers = subscribers
        }
        guard let before = alone.ackMicroseconds, let after = crowded.ackMicroseconds, before.p99 > 0 else { return }
        result.add(goal: "ack p99 with \(subscribers) subscribers over that without", after.p99 / before.p99, .below(2))
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
