import Foundation
import Testing

@testable import Sequencer

/// A start that finds the data directory in use.
@Suite struct DirectoryInUseTests {
    private let logged = LogCapture()

    private func journal(_ directory: DataDirectory) throws -> Journal {
        try Journal(path: directory.journal, durability: .process, deployment: .test)
    }

    /// As after `kill -9`: the other lets go soon.
    @Test func waitsUntilTheOtherHasLetGo() throws {
        let temporary = try TestDirectory()
        let directory = try DataDirectory(creating: temporary.path)
        var holder: Journal? = try journal(directory)
        var attempts = 0
        let opened = try directory.waiting(waitMs: 60_000, logger: logged.logger) {
            attempts += 1
            if attempts == 3 { holder = nil }
            return try journal(directory)
        }
        #expect(attempts == 3 && holder == nil && opened.archive.lastRow == 0)
        #expect(logged.lines.count == 1)
        #expect(
            logged.lines[0].hasPrefix("warning another process has the data directory; waiting")
                && logged.lines[0].contains("secondsMax=60.0"))
    }

    @Test func refusesIfTheOtherStays() throws {
        let temporary = try TestDirectory()
        var configuration = try TestMarket.configuration(temporary)
        configuration.directoryWaitMs = 50
        let holder = try journal(configuration.directory)
        let refusal = #expect(throws: SQLiteFailed.self) { try Sequencer(configuration, logger: logged.logger) }
        #expect(refusal?.isBusy == true && refusal?.description.contains("in use by another process") == true)
        #expect(holder.archive.lastRow == 0)
        #expect(logged.lines.contains { $0.contains("secondsMax=0.05") })
    }

    /// What is wrong otherwise is said at once.
    @Test func doesNotWaitForAnythingElse() throws {
        let temporary = try TestDirectory()
        let directory = try DataDirectory(creating: temporary.path)
        try Data(repeating: 0x41, count: 5000).write(to: URL(fileURLWithPath: directory.journal))
        var attempts = 0
        #expect(throws: SQLiteFailed.self) {
            try directory.waiting(waitMs: 60_000, logger: logged.logger) {
                attempts += 1
                return try journal(directory)
            }
        }
        #expect(attempts == 1 && logged.lines.isEmpty)
    }

    /// A killed process may still be taken down while the next one starts: nobody waits for its end here.
    @Test(.timeLimit(.minutes(10))) func startsWhileAKilledProcessIsTakenDown() throws {
        let temporary = try TestDirectory()
        var client = CrashClient(seed: 1)
        for _ in 0..<10 {
            let node = try CrashedNode(directory: temporary.path)
            client.join(node)
            let isAlive = client.trade(node, answers: 1)
            #expect(isAlive)
            node.kill()
            let directory = DataDirectory(path: temporary.path)
            _ = try directory.waiting(waitMs: 60_000, logger: logged.logger) {
                try Journal(path: directory.journal, durability: .process, deployment: CrashVerification.deployment)
            }
            _ = node.wait()
        }
        print("waited \(logged.lines.count) times of 10")
    }
}
