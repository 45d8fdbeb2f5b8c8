import Foundation
import SeededRandom
import Testing

@testable import Sequencer

/// Bytes that rot, and files that are cut, anywhere: a node either recovers to everything that it acknowledged, or refuses to start and says which file
/// is to blame. It never crashes, hangs, or starts without something.
@Suite(.serialized) struct CorruptionTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = UInt64(environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max))
    private static let rounds = Int(environment["MEMEX_CORRUPTIONS"] ?? "") ?? 100

    /// What has to come out of a recovery.
    private struct Outcome: Equatable {
        var head: SealedHead
        /// Of the open block, or else of the last one.
        var block: UInt64
        var orders: UInt32
        var consumed: UInt64
        var sequence: UInt64
    }

    /// A copy of the files of a node that was killed while it traded.
    private struct Victim: ~Copyable {
        let directory: TestDirectory

        init(copying path: String) throws {
            let copy = try TestDirectory()
            for name in try FileManager.default.contentsOfDirectory(atPath: path) {
                try FileManager.default.copyItem(atPath: path + "/" + name, toPath: copy.file(name))
            }
            directory = copy
        }

        var files: [String] {
            get throws {
                try FileManager.default.subpathsOfDirectory(atPath: directory.path).filter { name in
                    var isDirectory: ObjCBool = false
                    let path = directory.file(name)
                    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
                }.sorted()
            }
        }

        func recover() throws -> Outcome {
            let node = try Sequencer(CrashVerification.configuration(directory.path), logger: TestMarket.quiet)
            return node.withExchange { exchange in
                let header = exchange.header
                return Outcome(
                    head: node.shared.sealedHead, block: header.blockNumber, orders: header.openOrderCount, consumed: header.inboxCursor,
                    sequence: node.recoveredSequence)
            }
        }

        func edit(_ name: String, _ body: (inout Data) -> Void) throws {
            let url = URL(fileURLWithPath: directory.file(name))
            var bytes = try Data(contentsOf: url)
            body(&bytes)
            try bytes.write(to: url)
        }
    }

    /// Trades until there are folded checkpoints and increments behind them, and kills the node in the middle of it.
    private func makeVictim(_ path: String) throws {
        var client = CrashClient(seed: Self.seed)
        for _ in 0..<2 {
            let node = try CrashedNode(directory: path)
            client.join(node)
            var isAlive = client.trade(node, answers: 200)
            while isAlive, try !CheckpointTests.isFolded(DataDirectory(path: path).checkpoints) {
                isAlive = client.trade(node, answers: 20)
            }
            node.kill()
            let end = node.wait()
            #expect(isAlive, "seed \(Self.seed): status \(end.status), \(end.errors)")
        }
    }

    /// With what the node wrote last in the write-ahead logs, as a kill leaves it, or all of it in the files themselves.
    @Test(.timeLimit(.minutes(15)), arguments: [true, false]) func rottenBytesAreSurvivedOrNamed(inLogs: Bool) throws {
        print("corruption \(inLogs ? "after a kill" : "of files at rest"): seed \(Self.seed), \(Self.rounds) rounds")
        let origin = try TestDirectory()
        try makeVictim(origin.path)
        // Closing moves what the logs hold.
        if !inLogs { _ = try Sequencer(CrashVerification.configuration(origin.path), logger: TestMarket.quiet) }
        let expected = try Victim(copying: origin.path).recover()
        var random = SeededGenerator(seed: Self.seed ^ 3)
        var recovered = 0
        var refusals: [String: Int] = [:]
        for round in 0..<Self.rounds {
            let victim = try Victim(copying: origin.path)
            let files = try victim.files
            let name = files[round % files.count]
            var place = 0
            try victim.edit(name) { bytes in
                guard !bytes.isEmpty else { return }
                place = Int.random(in: 0..<bytes.count, using: &random)
                for offset in place..<min(place + Int.random(in: 1...16, using: &random), bytes.count) {
                    bytes[offset] ^= UInt8.random(in: 1...255, using: &random)
                }
            }
            do {
                let outcome = try victim.recover()
                #expect(outcome == expected, "round \(round), seed \(Self.seed): \(name) at byte \(place)")
                recovered += 1
            } catch {
                let text = "\(error)"
                let isClear = ["journal", "chain.sqlite", "checkpoint"].contains { text.contains($0) }
                #expect(isClear, "round \(round), seed \(Self.seed): \(name) at byte \(place): \(text)")
                refusals[(name as NSString).lastPathComponent, default: 0] += 1
            }
        }
        print("\(Self.rounds) corruptions: \(recovered) recovered to everything, refused: \(refusals)")
    }

    /// The newest checkpoint is cut at every kind of length.
    @Test(.timeLimit(.minutes(15))) func aTornCheckpointIsNotUsed() throws {
        let origin = try TestDirectory()
        try makeVictim(origin.path)
        let expected = try Victim(copying: origin.path).recover()
        let checkpoints = DataDirectory(path: origin.path).checkpoints
        let newest = try #require(try CheckpointList(directory: checkpoints).newestChain.last)
        let name = "checkpoints/" + newest.fileName
        let whole = try #require(try FileManager.default.attributesOfItem(atPath: checkpoints + "/" + newest.fileName)[.size] as? Int)
        let head = CheckpointFormat.pagesOffset
        let lengths = [
            0, 1, 7, 8, head - 1, head, head + CheckpointFormat.trailerBytes, head + 4, head + CheckpointFormat.recordBytes,
            head + CheckpointFormat.recordBytes + 100, whole / 2, whole - CheckpointFormat.trailerBytes, whole - 8, whole - 1, whole + 1,
            whole + 8,
        ]
        for length in lengths {
            let victim = try Victim(copying: origin.path)
            try victim.edit(name) { bytes in
                bytes = length <= bytes.count ? bytes.prefix(length) : bytes + Data(count: length - bytes.count)
            }
            #expect(try victim.recover() == expected, "cut to \(length) of \(whole) bytes")
        }
    }

    @Test(arguments: ["journal.sqlite", "chain.sqlite"]) func anUnknownFormatIsRefusedWithBothVersions(name: String) throws {
        let directory = try TestDirectory()
        do { _ = try Sequencer(CrashVerification.configuration(directory.path), logger: TestMarket.quiet) }
        try tamper(directory.file(name), "PRAGMA user_version = 99")
        let supported = name == "journal.sqlite" ? JournalArchive.formatVersion : ChainStore.formatVersion
        #expect(throws: StoreRefused.unknownFormat(path: directory.file(name), found: 99, supported: supported)) {
            try Sequencer(CrashVerification.configuration(directory.path), logger: TestMarket.quiet)
        }
    }
}
