import Engine
import Foundation
import SeededRandom
import Testing

@testable import Sequencer

/// Kills a node with SIGKILL at random instants, many times, and looks whether it kept its promises.
@Suite(.serialized) struct CrashTests {
    /// What the node was at when it was killed, as far as that can be told from what it left.
    private struct Instants {
        var startUp = 0
        var trading = 0
        var writingIncrement = 0
        var foldingOrWritingWhole = 0

        mutating func note(hadAnswered: Bool, checkpoints: String) throws {
            if hadAnswered { trading += 1 } else { startUp += 1 }
            let files = try FileManager.default.contentsOfDirectory(atPath: checkpoints)
            for file in files where file.hasSuffix(CheckpointFormat.temporarySuffix) {
                if file.hasPrefix("increment") { writingIncrement += 1 } else { foldingOrWritingWhole += 1 }
            }
        }
    }

    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = UInt64(environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max))
    /// Of each durability.
    private static let crashes = Int(environment["MEMEX_CRASHES"] ?? "") ?? 150

    @Test(.timeLimit(.minutes(15)), arguments: Durability.allCases)
    func everyAcknowledgedCommandSurvivesAndNoneTwice(durability: Durability) throws {
        let seed = Self.seed
        print("\(durability): seed \(seed), \(Self.crashes) kills")
        let directory = try TestDirectory()
        let files = DataDirectory(path: directory.path)
        var random = SeededGenerator(seed: seed ^ 1)
        var client = CrashClient(seed: seed, l1GoesOn: true)
        // A small log is overwritten between two kills, many times over.
        let eventLogBytes = durability == .process ? 1 << 20 : 1 << 16
        var history = CrashHistory(seed: seed, eventLogBytes: eventLogBytes)
        var instants = Instants()
        // From the start of the process to its first answer.
        var startUp = Duration.milliseconds(100)
        for crash in 0..<Self.crashes {
            let answered = client.answers
            // Some go on from what a graceful end left.
            let isOrderly = crash % 12 == 4
            let started = ContinuousClock.now
            let node = try CrashedNode(directory: directory.path, durability: durability, eventLogBytes: eventLogBytes)
            if crash % 3 == 2 {
                // Some instant of start-up and recovery, or soon after: the kernel's timer picks it.
                let delay = UInt32(Double.random(in: 0..<1.5, using: &random) * (startUp / .microseconds(1)))
                let processId = node.process.processIdentifier
                let killer = Thread {
                    usleep(delay)
                    kill(processId, SIGKILL)
                }
                killer.start()
                var isAlive = history.catchUp(node, client, seed: seed)
                client.join(node)
                isAlive = isAlive && client.trade(node, answers: .max)
                #expect(!isAlive)
            } else {
                var isAlive = history.catchUp(node, client, seed: seed)
                // Now and then nothing at all happens between two starts but what the node does by itself.
                if crash % 12 != 1 {
                    client.join(node)
                    isAlive = isAlive && client.trade(node, answers: 1)
                    startUp = started.duration(to: .now)
                    isAlive = isAlive && client.trade(node, answers: Int.random(in: 0...400, using: &random))
                }
                if crash % 12 == 0 {
                    // Nothing comes for a while, so that blocks without any batch are the last.
                    while isAlive && !client.unanswered.isEmpty { isAlive = client.receive(node) }
                    usleep(UInt32.random(in: 0...200_000, using: &random))
                }
                if !isAlive { Issue.record("kill \(crash), seed \(seed): the node died by itself") }
                if isOrderly { try node.finish() } else { node.kill() }
                // What was written before the kill is still in the pipe and counts as acknowledged.
                while client.receive(node) {}
            }
            let end = node.wait()
            if end.status != (isOrderly ? 0 : SIGKILL) { Issue.record("kill \(crash), seed \(seed): status \(end.status), \(end.errors)") }
            if !end.errors.isEmpty { print(end.errors) }
            if FileManager.default.fileExists(atPath: files.checkpoints) {
                try instants.note(hadAnswered: client.answers > answered, checkpoints: files.checkpoints)
            }
        }
        // The last runs end gracefully. Folding yields to all others: on a busy machine the kills, and the end of such a run, may come before
        // it is done and its rows are gone.
        client.l1GoesOn = false
        repeat {
            let node = try CrashedNode(directory: directory.path, durability: durability, eventLogBytes: eventLogBytes)
            client.join(node)
            var isAlive = client.trade(node, answers: 50)
            while isAlive, try !CheckpointTests.isFolded(files.checkpoints) { isAlive = client.trade(node, answers: 50) }
            isAlive = isAlive && client.trade(node, answers: 400)
            while isAlive && !client.unanswered.isEmpty { isAlive = client.receive(node) }
            #expect(isAlive)
            try node.finish()
            let end = node.wait()
            try #require(end.status == 0, "\(end.errors), seed \(seed)")
        } while try !Self.hasLetGoOfRows(files) || Self.consumedMessages(files) < client.inboxCount
        let lost = try CrashVerification.verify(directory.path, client, eventLogBytes: eventLogBytes, seed: seed)
        print(
            "\(durability): \(Self.crashes) kills (\(instants.startUp) before the first answer, \(instants.trading) while trading; of all "
                + "\(instants.writingIncrement) while an increment, \(instants.foldingOrWritingWhole) while a whole checkpoint was written), \(lost) losses"
        )
        print("\(durability): caught up \(history.asked) times on \(history.batches) batches, \(client.answersAgain) answers given again")
        if Self.crashes >= 100 { #expect(history.asked > Self.crashes / 3 && client.answersAgain > 0) }
        let store = try ChainStore(
            path: DataDirectory(path: directory.path).chain, durability: .process, deployment: CrashVerification.deployment)
        #expect(try store.lastBatch() != nil)
    }

    /// Whether checkpoints were folded, and the rows before them left the journal.
    private static func hasLetGoOfRows(_ files: DataDirectory) throws -> Bool {
        let journal = try Journal(path: files.journal, durability: .process, deployment: CrashVerification.deployment)
        return try CheckpointTests.isFolded(files.checkpoints) && journal.archive.firstRow(reaching: 1) > 1
    }

    /// Messages from L1 that sealed blocks have consumed.
    private static func consumedMessages(_ files: DataDirectory) throws -> UInt64 {
        let store = try ChainStore(path: files.chain, durability: .process, deployment: CrashVerification.deployment)
        return try store.block(store.lastBlockNumber())?.block.header.inboxCursor ?? 0
    }

    /// SIGTERM while orders pour in: everything that was acknowledged is sealed, and the exit status is 0.
    @Test(.timeLimit(.minutes(15)), arguments: Durability.allCases) func aTerminatedNodeSealsEverything(durability: Durability) throws {
        let seed = Self.seed
        print("SIGTERM, \(durability): seed \(seed)")
        let directory = try TestDirectory()
        var random = SeededGenerator(seed: seed ^ 2)
        var client = CrashClient(seed: seed)
        for _ in 0..<5 {
            let node = try CrashedNode(directory: directory.path, durability: durability)
            client.join(node)
            let isAlive = client.trade(node, answers: Int.random(in: 1...500, using: &random))
            #expect(isAlive)
            kill(node.process.processIdentifier, SIGTERM)
            while client.receive(node) { client.sendFresh(node) }
            let end = node.wait()
            #expect(end.status == 0, "\(end.errors)")
            try CrashVerification.verify(directory.path, client, seed: seed)
        }
    }
}
