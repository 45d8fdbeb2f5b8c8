import Engine
import Foundation
import Testing

@testable import Sequencer

/// What a start makes of a damaged or outdated log of events, and says about it.
@Suite struct DamagedLogTests {
    private let logged = LogCapture()

    private func configuration(_ directory: borrowing TestDirectory, run: UInt64 = 0) throws -> SequencerConfiguration {
        var configuration = try TestMarket.configuration(directory)
        let timeMs = TestMarket.startMs + run * 60_000
        configuration.clockMs = { timeMs }
        return configuration
    }

    /// Runs a node for 20 batches, and returns what its log told of them.
    private func trade(_ directory: borrowing TestDirectory) throws -> [LogRefillTests.Told] {
        let node = try TestNode(try configuration(directory))
        node.pushInbox()
        for count in UInt64(0)..<20 { #expect(try node.execute(LogRefillTests.envelope(count)).code == .none) }
        try node.stop()
        return try #require(LogRefillTests.results(in: node.sequencer.log, after: LogRefillTests.start))
    }

    private func recovered(_ directory: borrowing TestDirectory) throws -> EventLog {
        try Sequencer(try configuration(directory, run: 9), logger: logged.logger).log
    }

    private func forgetCheckpoints(_ directory: borrowing TestDirectory) throws {
        let checkpoints = directory.path + "/data/checkpoints"
        for file in try FileManager.default.contentsOfDirectory(atPath: checkpoints) {
            try FileManager.default.removeItem(atPath: checkpoints + "/" + file)
        }
    }

    private func change(_ directory: borrowing TestDirectory, _ body: (inout Data) throws -> Void) throws {
        let path = URL(fileURLWithPath: directory.path + "/data/events.log")
        var bytes = try Data(contentsOf: path)
        try body(&bytes)
        try bytes.write(to: path)
    }

    /// A byte of what the log tells of one of its results.
    private func rot(_ directory: borrowing TestDirectory, _ told: LogRefillTests.Told) throws {
        try change(directory) { bytes in
            let found = try #require(bytes.range(of: Data(told.events)))
            bytes[found.lowerBound + 9] ^= 0x10
        }
    }

    /// All of it is in the journal.
    @Test func whatFollowsARottenByteIsWrittenFromTheJournal() throws {
        let directory = try TestDirectory()
        let whole = try trade(directory)
        try forgetCheckpoints(directory)
        try rot(directory, whole[10])
        let log = try recovered(directory)
        #expect(LogRefillTests.results(in: log, after: LogRefillTests.start) == whole)
        #expect(log.openedAt?.position == whole[9].position)
        #expect(logged.lines.contains { $0.hasPrefix("error a record in events.log is not as it was written") && $0.contains("offset=") })
    }

    /// What comes before the checkpoint is not executed again, so what follows the rotten byte cannot be told.
    @Test func aLogWhoseLossTheJournalDoesNotCoverIsBegunAnew() throws {
        let directory = try TestDirectory()
        let whole = try trade(directory)
        try rot(directory, whole[10])
        let log = try recovered(directory)
        let end = try #require(whole.last).position
        #expect(log.oldestPosition == StreamPosition(before: end.block + 1))
        #expect(LogRefillTests.results(in: log, after: whole[3].position) == nil)
        #expect(logged.lines.contains { $0.hasPrefix("error a record in events.log is not as it was written") })
        #expect(logged.lines.contains { $0.hasPrefix("error the log of events does not fit the journal and is begun anew") })
    }

    @Test(arguments: [2, 9] as [UInt8]) func aLogOfAnotherFormatIsWrittenFromTheJournal(format: UInt8) throws {
        let directory = try TestDirectory()
        let whole = try trade(directory)
        try forgetCheckpoints(directory)
        try change(directory) { $0[8] = format }
        let log = try recovered(directory)
        #expect(log.openedAt == nil && LogRefillTests.results(in: log, after: LogRefillTests.start) == whole)
        let reason = "reason=it has format \(format), this version writes format 3"
        #expect(logged.lines.contains { $0.hasPrefix("warning events.log is begun anew") && $0.contains(reason) })
    }

    /// While the node runs: no replay goes over it, and the operator is told once.
    @Test func whatRotsWhileTheNodeRunsIsNotTold() throws {
        let directory = try TestDirectory()
        let whole = try trade(directory)
        let sequencer = try Sequencer(try configuration(directory, run: 1), logger: logged.logger)
        let log = sequencer.log
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: directory.path + "/data/events.log"))
        let bytes = try #require(try file.readToEnd())
        let found = try #require(bytes.range(of: Data(whole[10].events)))
        try file.seek(toOffset: UInt64(found.lowerBound))
        try file.write(contentsOf: [bytes[found.lowerBound] ^ 1])
        #expect(LogRefillTests.results(in: log, after: LogRefillTests.start) == nil)
        #expect(LogRefillTests.results(in: log, after: whole[2].position) == nil)
        #expect(sequencer.shared.statistics.eventRecordsDamaged.value == 1)
        #expect(logged.lines.filter { $0.hasPrefix("error a record in events.log is no longer as it was written") }.count == 1)
        #expect(log.oldestPosition > whole[10].position)
    }
}
