import Engine
import Foundation
import Logging
import Proof
import Synchronization
import Testing

@testable import Sequencer

/// What recovery does with whole, damaged, missing and foreign files.
@Suite struct RecoveryTests {
    /// A directory in which a node ran and stopped gracefully `runs` times, a checkpoint after each. Returns the last head.
    private func populated(_ directory: borrowing TestDirectory, from first: Int = 0, runs: Int = 3) throws -> SealedHead {
        var head = SealedHead()
        for run in first..<first + runs {
            var configuration = try TestMarket.configuration(directory)
            let timeMs = TestMarket.startMs + UInt64(run) * 60_000
            configuration.clockMs = { timeMs }
            let node = try TestNode(configuration)
            node.pushInbox()
            for count in 0..<20 {
                let nonce = timeMs + UInt64(count)
                let order = TestMarket.place(count % 2 == 0 ? .buy : .sell, mantissa: 50_000, lots: UInt64(count + 1))
                let result = try node.execute(TestMarket.envelope(TestMarket.trader(UInt32(count % 4)), nonce: nonce, [order]))
                #expect(result.code == .none)
            }
            try node.stop()
            head = node.sequencer.shared.sealedHead
        }
        return head
    }

    private func recovered(_ directory: borrowing TestDirectory) throws -> Sequencer {
        try Sequencer(try TestMarket.configuration(directory), logger: TestMarket.quiet)
    }

    @Test func aGracefulStopSealsEverything() throws {
        let directory = try TestDirectory()
        let head = try populated(directory)
        let node = try recovered(directory)
        #expect(head.number == 3)
        #expect(node.shared.sealedHead == head)
        #expect(node.recoveredFromCheckpoint == head.number)
        #expect(node.inbox.nextIndex == 11)
    }

    @Test func withoutCheckpointsTheWholeJournalGivesTheSameRoot() throws {
        let directory = try TestDirectory()
        let head = try populated(directory, runs: 2)
        try FileManager.default.removeItem(atPath: directory.path + "/data/checkpoints")
        let node = try recovered(directory)
        #expect(node.recoveredFromCheckpoint == 0)
        #expect(node.shared.sealedHead == head)
    }

    /// A newest checkpoint that is damaged in any way is passed over with an error in the log.
    @Test(arguments: ["truncated", "flipped", "empty", "header", "foreign", "longer"]) func aBadCheckpointFallsBack(damage: String) throws {
        let directory = try TestDirectory()
        let head = try populated(directory)
        let checkpoints = directory.path + "/data/checkpoints"
        let newest = checkpoints + "/" + CheckpointName(block: 3, previousBlock: 2).fileName
        var bytes = try Data(contentsOf: URL(fileURLWithPath: newest))
        switch damage {
        case "truncated": bytes.removeLast(bytes.count / 2)
        case "flipped": bytes[bytes.count / 2] ^= 1
        case "empty": bytes = Data()
        case "header": bytes[80] ^= 1
        case "foreign": bytes.replaceSubrange(0..<4, with: Data("what".utf8))
        default: bytes.append(0)
        }
        try bytes.write(to: URL(fileURLWithPath: newest))
        let log = LogCapture()
        let node = try Sequencer(try TestMarket.configuration(directory), logger: log.logger)
        #expect(node.recoveredFromCheckpoint == 2)
        #expect(node.shared.sealedHead == head)
        #expect(log.lines.contains { $0.contains("checkpoint is not usable") && $0.contains(newest) })
    }

    @Test func aHalfWrittenCheckpointIsIgnoredAndRemoved() throws {
        let directory = try TestDirectory()
        let head = try populated(directory, runs: 1)
        let half = directory.path + "/data/checkpoints/" + CheckpointName(block: 99).fileName + ".tmp"
        _ = FileManager.default.createFile(atPath: half, contents: Data(repeating: 1, count: 100))
        #expect(try recovered(directory).shared.sealedHead == head)
        _ = try populated(directory, from: 1, runs: 1)
        #expect(!FileManager.default.fileExists(atPath: half))
    }

    @Test func aSealedBlockThatReExecutesDifferentlyIsNamed() throws {
        let directory = try TestDirectory()
        _ = try populated(directory, runs: 2)
        try FileManager.default.removeItem(atPath: directory.path + "/data/checkpoints")
        // Swap a stored header for one with another root, checksum included.
        let configuration = try TestMarket.configuration(directory)
        let path = configuration.directory.chain
        do {
            let store = try ChainStore(path: path, durability: .process, deployment: .test)
            var stored = try #require(try store.block(2))
            stored.block.header.stateRoot = .numbered(1)
            try store.database.execute("DELETE FROM blocks WHERE number = 2")
            try store.append(stored.block, sequence: stored.sequence)
        }
        let refusal = #expect(throws: RecoveryRefused.self) { try recovered(directory) }
        #expect(refusal?.description.contains("block 2 does not re-execute") == true)
    }

    @Test func aJournalThatLostItsEndIsRefused() throws {
        let directory = try TestDirectory()
        _ = try populated(directory, runs: 2)
        try FileManager.default.removeItem(atPath: directory.path + "/data/checkpoints")
        try tamper(directory.path + "/data/journal.sqlite", "DELETE FROM groups WHERE last_block = 2")
        let refusal = #expect(throws: StoreRefused.self) { try recovered(directory) }
        #expect(refusal?.description.contains("was acknowledged") == true)
        // Without the tail's mark the sealed blocks still tell.
        try Data().write(to: URL(fileURLWithPath: directory.path + "/data/journal.tail"))
        #expect(throws: RecoveryRefused.journalEndsEarly(last: 1, needed: 2)) { try recovered(directory) }
    }

    @Test func aMissingJournalIsRefused() throws {
        let directory = try TestDirectory()
        _ = try populated(directory, runs: 2)
        try FileManager.default.removeItem(atPath: directory.path + "/data/journal.sqlite")
        #expect(throws: StoreRefused.self) { try recovered(directory) }
        try Data().write(to: URL(fileURLWithPath: directory.path + "/data/journal.tail"))
        #expect(throws: RecoveryRefused.journalEndsEarly(last: 0, needed: 2)) { try recovered(directory) }
    }

    @Test func aJournalWhoseStartWasPrunedNeedsItsCheckpoint() throws {
        let directory = try TestDirectory()
        _ = try populated(directory, runs: 4)
        try tamper(directory.path + "/data/journal.sqlite", "DELETE FROM groups WHERE last_block <= 3")
        #expect(try recovered(directory).recoveredFromCheckpoint == 4)
        try FileManager.default.removeItem(atPath: directory.path + "/data/checkpoints")
        #expect(throws: RecoveryRefused.journalStartsLate(needed: 1, found: 4)) { try recovered(directory) }
    }

    /// The last row is in no sealed block, and nothing but the tail's mark knows of it.
    @Test func aJournalThatLostOnlyItsLastRowIsRefused() throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.sqlite")
        var group = JournalGroup()
        do {
            let journal = try Journal(path: path, durability: .process, deployment: .test)
            for block: UInt64 in 1...3 {
                group.removeAll()
                group.appendBlockClosed(block)
                try journal.append(group, lastBlock: block)
            }
        }
        #expect(try Journal(path: path, durability: .process, deployment: .test).archive.lastRow == 3)
        try tamper(path, "DELETE FROM groups WHERE id = 3")
        let tail = directory.file("journal.tail")
        for _ in 0..<2 {
            #expect(throws: StoreRefused.rowsLost(path: path, last: 2, marked: 3, tailPath: tail)) {
                try Journal(path: path, durability: .process, deployment: .test)
            }
        }
        // The operator's word that it is to be done without.
        try Data().write(to: URL(fileURLWithPath: tail))
        let journal = try Journal(path: path, durability: .process, deployment: .test)
        #expect(journal.archive.lastRow == 2)
        #expect(journal.tail.file.mark == 2)
    }

    @Test func aMissingChainIsRefusedOnceBlocksAreOnlyThere() throws {
        let directory = try TestDirectory()
        _ = try populated(directory, runs: 2)
        try FileManager.default.removeItem(atPath: directory.path + "/data/chain.sqlite")
        let refusal = #expect(throws: RecoveryRefused.self) { try recovered(directory) }
        #expect(refusal?.description.contains("lacks block 1") == true)
        // Without checkpoints everything is sealed anew from the journal.
        try FileManager.default.removeItem(atPath: directory.path + "/data/checkpoints")
        #expect(try recovered(directory).shared.sealedHead.number == 2)
    }

    @Test func anotherDeploymentIsRefused() throws {
        let directory = try TestDirectory()
        _ = try populated(directory, runs: 1)
        var configuration = try TestMarket.configuration(directory)
        configuration.deployment.genesis = .numbered(99)
        #expect(throws: StoreRefused.self) { try Sequencer(configuration, logger: TestMarket.quiet) }
    }

    @Test func anOpenBlockIsContinued() throws {
        let directory = try TestDirectory()
        let configuration = try TestMarket.configuration(directory)
        var group = JournalGroup()
        do {
            let journal = try Journal(path: configuration.directory.journal, durability: .process, deployment: .test)
            group.appendBlockOpened(BlockOpening(number: 1, timeMs: TestMarket.startMs, l1Origin: 3), messages: TestMarket.inbox[...])
            let envelope = TestMarket.envelope(
                TestMarket.trader(0), nonce: TestMarket.startMs, [TestMarket.place(.buy, mantissa: 50_000, lots: 1)])
            envelope.withUnsafeBytes { group.appendCommands($0) }
            try journal.append(group, lastBlock: 1)
        }
        var later = configuration
        later.clockMs = { TestMarket.startMs + 5000 }
        let node = try TestNode(later)
        #expect(node.sequencer.shared.sealedHead.number == 0)
        try node.stop()
        let store = try ChainStore(path: configuration.directory.chain, durability: .process, deployment: .test)
        let block = try #require(try store.block(1))
        #expect(block.block.header.timeMs == TestMarket.startMs)
        #expect(block.block.envelopes.count == 1)
        #expect(block.block.messageCount == 11)
    }

    @Test func aJournaledBatchThatTheEngineRefusesIsNamed() throws {
        let directory = try TestDirectory()
        let configuration = try TestMarket.configuration(directory)
        do {
            let journal = try Journal(path: configuration.directory.journal, durability: .process, deployment: .test)
            var group = JournalGroup()
            group.appendBlockOpened(BlockOpening(number: 1, timeMs: TestMarket.startMs, l1Origin: 3), messages: [])
            let envelope = TestMarket.envelope(
                TestMarket.trader(0), nonce: TestMarket.startMs, [TestMarket.place(.buy, mantissa: 50_000, lots: 1)])
            envelope.withUnsafeBytes { group.appendCommands($0) }
            try journal.append(group, lastBlock: 1)
        }
        #expect(throws: RecoveryRefused.journaledBatchRefused(row: 1, block: 1, code: RejectCode.unknownSigner.rawValue)) {
            try recovered(directory)
        }
    }
}
