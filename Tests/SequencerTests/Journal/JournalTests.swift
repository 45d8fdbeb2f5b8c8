import Engine
import Foundation
import Testing

@testable import Sequencer

@Suite struct JournalTests {
    /// What `replay` gives, as text.
    private func contents(_ journal: Journal) throws -> [String] {
        var lines: [String] = []
        while try journal.move() > 0 {}
        try journal.archive.replay { row, record in
            switch record {
            case .blockOpened(let opening, let messages):
                lines.append("\(row) open \(opening.number) \(opening.timeMs) \(opening.l1Origin) \(Array(messages))")
            case .commands(let envelope): lines.append("\(row) commands \(Array(envelope))")
            case .blockClosed(let number): lines.append("\(row) close \(number)")
            }
        }
        return lines
    }

    /// Four rows: two blocks, the second open.
    private func fill(_ journal: Journal) throws {
        var group = JournalGroup()
        group.appendBlockOpened(
            BlockOpening(number: 1, timeMs: 1000, l1Origin: 5), messages: [.deposit(owner: .numbered(1), token: 1, atoms: 9)])
        try journal.append(group, lastBlock: 1)
        group.removeAll()
        for count in 0..<9 { [UInt8](repeating: 3, count: 92 + count).withUnsafeBytes { group.appendCommands($0) } }
        try journal.append(group, lastBlock: 1)
        group.removeAll()
        group.appendBlockClosed(1)
        try journal.append(group, lastBlock: 1)
        group.removeAll()
        group.appendBlockOpened(BlockOpening(number: 2, timeMs: 1250, l1Origin: 6), messages: [])
        try journal.append(group, lastBlock: 2)
    }

    @Test(arguments: Durability.allCases) func whatIsAppendedIsReplayed(durability: Durability) throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.sqlite")
        var before: [String] = []
        do {
            let journal = try Journal(path: path, durability: durability, deployment: .test)
            try fill(journal)
            before = try contents(journal)
        }
        #expect(before.count == 12)
        #expect(before.first?.hasPrefix("1 open 1 1000 5 [0, ") == true)
        #expect(before.last == "4 open 2 1250 6 []")
        let journal = try Journal(path: path, durability: durability, deployment: .test)
        #expect(try contents(journal) == before)
        #expect(journal.archive.lastRow == 4)
    }

    @Test func aSecondProcessIsRefused() throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.sqlite")
        let journal = try Journal(path: path, durability: .process, deployment: .test)
        let refusal = #expect(throws: SQLiteFailed.self) { try Journal(path: path, durability: .process, deployment: .test) }
        #expect(refusal?.isBusy == true)
        #expect(refusal?.description.contains("in use by another process") == true)
        #expect(journal.archive.lastRow == 0)
    }

    @Test func anotherDeploymentIsRefused() throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.sqlite")
        do { _ = try Journal(path: path, durability: .process, deployment: .test) }
        var other = DeploymentIdentity.test
        other.chainId = 1
        let refusal = #expect(throws: StoreRefused.self) { try Journal(path: path, durability: .process, deployment: other) }
        #expect(refusal?.description.contains("chain 31337") == true)
        #expect(refusal?.description.contains("chain 1,") == true)
        for change in 0..<2 {
            var other = DeploymentIdentity.test
            if change == 0 { other.rollup = .numbered(1) } else { other.genesis = .numbered(8) }
            #expect(throws: StoreRefused.self) { try Journal(path: path, durability: .process, deployment: other) }
        }
    }

    @Test func anUnknownFormatIsRefused() throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.sqlite")
        do { _ = try Journal(path: path, durability: .process, deployment: .test) }
        try tamper(path, "PRAGMA user_version = 77")
        #expect(throws: StoreRefused.unknownFormat(path: path, found: 77, supported: JournalArchive.formatVersion)) {
            try Journal(path: path, durability: .process, deployment: .test)
        }
    }

    @Test func aForeignFileIsRefused() throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.sqlite")
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        try tamper(path, "CREATE TABLE someone (whatever)")
        #expect(throws: StoreRefused.notOurs(path: path, applicationId: 0)) {
            try Journal(path: path, durability: .process, deployment: .test)
        }
        let noDatabase = directory.file("text.sqlite")
        _ = FileManager.default.createFile(atPath: noDatabase, contents: Data(repeating: 0x41, count: 5000))
        #expect(throws: SQLiteFailed.self) { try Journal(path: noDatabase, durability: .process, deployment: .test) }
    }

    /// Every single-byte change of every row, and every kind of loss, is noticed and named.
    @Test func aCorruptedRowIsNamed() throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.sqlite")
        do {
            let journal = try Journal(path: path, durability: .process, deployment: .test)
            try fill(journal)
            #expect(try journal.move() == 4)
        }
        let damages: [(sql: String, row: Int64)] = [
            ("UPDATE groups SET records = substr(records, 1, 40) || x'FF' || substr(records, 42) WHERE id = 1", 1),
            ("UPDATE groups SET records = substr(records, 1, length(records) - 8) WHERE id = 2", 2),
            ("UPDATE groups SET records = records || zeroblob(8) WHERE id = 3", 3),
            ("UPDATE groups SET records = x'' WHERE id = 3", 3),
            ("UPDATE groups SET checksum = checksum + 1 WHERE id = 4", 4),
            ("UPDATE groups SET last_block = 1 WHERE id = 4", 4),
            ("DELETE FROM groups WHERE id = 2", 2),
            (
                "UPDATE groups SET records = (SELECT records FROM groups WHERE id = 3), checksum = (SELECT checksum FROM groups WHERE id = 3) WHERE id = 2",
                2
            ),
        ]
        for damage in damages {
            let copy = directory.file("damaged.sqlite")
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            try? FileManager.default.removeItem(atPath: directory.file("damaged.tail"))
            try FileManager.default.copyItem(atPath: directory.file("journal.tail"), toPath: directory.file("damaged.tail"))
            try tamper(copy, damage.sql)
            let journal = try Journal(path: copy, durability: .process, deployment: .test)
            let refusal = #expect(throws: StoreRefused.self, "\(damage.sql)") { try contents(journal) }
            #expect(refusal?.description.contains("row \(damage.row) ") == true, "\(damage.sql): \(refusal?.description ?? "")")
        }
    }

    @Test func malformedEntriesAreRefused() throws {
        let rows: [[UInt8]] = [
            [1, 0, 0, 0],
            [9, 0, 0, 0, 0, 0, 0, 0],
            [2, 0, 0, 0, 255, 255, 255, 255],
            [2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [3, 0, 0, 0, 0, 0, 0, 0],
            [1, 0, 0, 0, 25, 0, 0, 0] + [UInt8](repeating: 0, count: 32),
        ]
        for row in rows {
            _ = row.withUnsafeBytes { bytes in
                #expect(throws: MalformedRow.self) {
                    var reader = JournalRowReader(bytes)
                    while try reader.next() != nil {}
                }
            }
        }
    }

    @Test func pruningRemovesOnlyWholeBlocksFromTheFront() throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.sqlite")
        do {
            let journal = try Journal(path: path, durability: .process, deployment: .test)
            try fill(journal)
            #expect(try !journal.archive.prune(throughBlock: 0, rowsMax: 10))
            #expect(try contents(journal).count == 12)
            #expect(try journal.archive.prune(throughBlock: 1, rowsMax: 1))
            #expect(try contents(journal).first?.hasPrefix("2 commands") == true)
            #expect(try !journal.archive.prune(throughBlock: 9, rowsMax: 10))
            #expect(try contents(journal) == ["4 open 2 1250 6 []"], "the last row always stays")
        }
        let journal = try Journal(path: path, durability: .process, deployment: .test)
        #expect(try contents(journal) == ["4 open 2 1250 6 []"])
        var group = JournalGroup()
        group.appendBlockClosed(2)
        try journal.append(group, lastBlock: 2)
        #expect(try contents(journal).last == "5 close 2")
    }
}
