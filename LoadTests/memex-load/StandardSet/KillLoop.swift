import Engine
import Foundation
import Gateway
import Sequencer

/// Kills a node in the midst of load, again and again, and looks after every restart whether all that it had acknowledged is there.
///
/// Every batch of a round is sent once more after the restart: one that was acknowledged must get the same answer again, at the same position; one that
/// was not may be new. Meanwhile a client follows one account, resumes after each restart behind what it has, and must in the end have seen what the
/// exchange has to tell of that account since then: nothing left out, nothing twice.
struct KillLoop {
    let node: LocalNode
    let kills: Int
    private let plan: LoadTarget.Plan

    init(node: LocalNode, kills: Int, commandsPerSecond: Double) {
        self.node = node
        self.kills = kills
        var plan = LoadTarget.Plan()
        plan.commandsPerSecond = commandsPerSecond
        plan.seconds = 2
        plan.followsMarketData = false
        plan.run.keepsAnswers = true
        plan.run.silenceNs = 1_000_000_000
        self.plan = plan
    }

    func run() throws -> KillResult {
        var result = KillResult()
        var positions: Set<UInt64> = []
        let follower = try AccountFollower(target: node.target, account: 0)
        for round in 1...kills {
            var plan = plan
            plan.seed = UInt64(round)
            let target = node.target
            let workload = try target.prepare(plan).workload
            let before = try send(workload, target, killAfter: Double.random(in: 0.05...(plan.seconds * 0.9)))
            follower.waitUntilClosed()
            result.restartSeconds.append(try node.restart())
            try follower.resume(node.target)
            let after = try send(workload, node.target, killAfter: nil)
            result.kills += 1
            result.add(before: before, after: after, positions: &positions)
            Progress.line(
                "kill \(round): \(before.count) answered before it, \(result.missing) acknowledged and missing so far, "
                    + String(format: "back after %.2f s", result.restartSeconds.last ?? 0))
        }
        (result.streamMessages, result.streamFaults) = try follower.finish()
        return result
    }

    private func send(_ workload: Workload, _ target: LoadTarget, killAfter seconds: Double?) throws -> [Int: LoadRun.Answer] {
        let tls = try LoadTLS(trust: target.trust)
        let connections = try workload.lanes.map { try target.connect($0, tls) }
        let run = LoadRun(workload, connections: connections, marketData: nil, options: plan.runOptions)
        let killed = DispatchGroup()
        if let seconds {
            let process = node.process
            killed.enter()
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) {
                process.end(with: SIGKILL)
                killed.leave()
            }
        }
        _ = try run.run()
        killed.wait()
        return run.answers
    }
}

/// What the kills did.
struct KillResult: Encodable {
    var kills = 0
    /// Batches acknowledged before a kill.
    var acknowledged = 0
    /// Of those, answered otherwise after it: not there.
    var missing = 0
    /// Of those, known to have been executed, but their answer was not kept.
    var answersForgotten = 0
    /// Positions given to two batches.
    var twice = 0
    /// Messages of the followed account over all connections, and in how many places they are not what the exchange tells afterwards.
    var streamMessages = 0
    var streamFaults = 0
    var restartSeconds: [Double] = []

    mutating func add(before: [Int: LoadRun.Answer], after: [Int: LoadRun.Answer], positions: inout Set<UInt64>) {
        for case (let batch, .acked(let sequence, let position)) in before {
            acknowledged += 1
            switch after[batch] {
            case .acked(sequence, position): break
            case .refused(let code) where Self.forgotten.contains(code): answersForgotten += 1
            default: missing += 1
            }
        }
        for case (_, .acked(_, let position)) in after where !positions.insert(position).inserted { twice += 1 }
    }

    /// Refusals that show that a batch was executed before.
    private static let forgotten: Set<UInt16> = [RejectCode.nonceRepeated.rawValue, RejectCode.nonceBelowRemembered.rawValue]

    var table: String {
        var table = TextTable(["kill -9", ""])
        for (name, value) in [
            ("kills", kills), ("acknowledged before one", acknowledged), ("  of these missing", missing),
            ("  of these answered as executed only", answersForgotten), ("positions given twice", twice),
            ("messages to an account that resumed", streamMessages), ("  of these missing, wrong or twice", streamFaults),
        ] { table.add([name, TextTable.count(Double(value))]) }
        table.add(["seconds to restart, median / longest", String(format: "%.2f / %.2f", restartSeconds.middle, restartSeconds.max() ?? 0)])
        return table.text
    }
}
