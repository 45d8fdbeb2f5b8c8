import Foundation
import Testing

@testable import Sequencer

/// A disk that is really full, below a node that is really running.
@Suite(.serialized, .enabled(if: SmallDisk.isAvailable, "only root can mount a small disk")) struct DiskFullTests {
    private static let seed = UInt64(ProcessInfo.processInfo.environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max))

    /// Journal or chain cannot grow: the node says so and ends; with room again it starts and has everything that it acknowledged.
    @Test(.timeLimit(.minutes(15)), arguments: Durability.allCases) func aFullDiskEndsTheNodeAndLosesNothing(durability: Durability) throws
    {
        print("disk full, \(durability): seed \(Self.seed)")
        let directory = try TestDirectory()
        let disk = try SmallDisk(over: directory.path, kibibytes: 6 << 10)
        var client = CrashClient(seed: Self.seed)
        for attempt in 0..<3 {
            let node = try CrashedNode(directory: directory.path, durability: durability)
            client.join(node)
            let isAlive = client.trade(node, answers: .max)
            #expect(!isAlive)
            let end = node.wait()
            // While it runs, or already when it starts.
            #expect(end.status == 4 || attempt > 0 && end.status == 3, "\(end.errors)")
            let saysWhat = end.errors.contains("the disk is full") || end.errors.contains("No space left on device")
            #expect(saysWhat, "\(end.errors)")
        }
        try disk.grow(toKibibytes: 512 << 10)
        let node = try CrashedNode(directory: directory.path, durability: durability)
        client.join(node)
        var isAlive = client.trade(node, answers: 100)
        while isAlive && !client.unanswered.isEmpty { isAlive = client.receive(node) }
        #expect(isAlive)
        try node.finish()
        let end = node.wait()
        #expect(end.status == 0, "\(end.errors)")
        #expect(try CrashVerification.verify(directory.path, client, seed: Self.seed) == 0)
    }

    /// Checkpoints alone have no room: the node goes on, and checkpoints again once there is some.
    @Test(.timeLimit(.minutes(15))) func aFullDiskForCheckpointsStopsOnlyThem() throws {
        print("checkpoints without room: seed \(Self.seed)")
        let directory = try TestDirectory()
        let checkpoints = try DataDirectory(creating: directory.path).checkpoints
        let disk = try SmallDisk(over: checkpoints, kibibytes: 16)
        var client = CrashClient(seed: Self.seed)
        let node = try CrashedNode(directory: directory.path)
        client.join(node)
        var isAlive = client.trade(node, answers: 500)
        while isAlive, !node.errors.contains("checkpoint failed") { isAlive = client.trade(node, answers: 50) }
        #expect(isAlive)
        #expect(try CheckpointList(directory: checkpoints).names.isEmpty)
        try disk.grow(toKibibytes: 512 << 10)
        while isAlive, try !CheckpointTests.isFolded(checkpoints) { isAlive = client.trade(node, answers: 50) }
        while isAlive && !client.unanswered.isEmpty { isAlive = client.receive(node) }
        #expect(isAlive)
        try node.finish()
        let end = node.wait()
        #expect(end.status == 0)
        #expect(end.errors.contains("No space left on device"))
        #expect(try CrashVerification.verify(directory.path, client, seed: Self.seed) == 0)
        // What was made after the failures is good: it loads, and to the state that the chain has.
        let configuration = try CrashVerification.configuration(directory.path)
        let recovered = try Sequencer(configuration, logger: TestMarket.quiet)
        #expect(recovered.recoveredFromCheckpoint == recovered.shared.sealedHead.number)
    }
}
