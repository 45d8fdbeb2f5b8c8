import Foundation
import SeededRandom
import Testing

@testable import Sequencer

/// A journal against a list of rows: random appends, moves, prunings and kills, which are copies of the files at any moment.
@Suite struct JournalTailTests {
    private static let seed = UInt64(ProcessInfo.processInfo.environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max))

    /// What must come back.
    private struct Model {
        var rows: [[UInt8]] = []
        var firstKept = 0
    }

    private static func group(_ closings: Int, _ random: inout SeededGenerator) -> JournalGroup {
        var group = JournalGroup()
        for _ in 0..<closings { group.appendBlockClosed(UInt64.random(in: 0...9, using: &random)) }
        return group
    }

    /// Files as a kill leaves them now.
    private static func copy(_ path: String) throws -> TestDirectory {
        let copy = try TestDirectory()
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try FileManager.default.copyItem(atPath: path + "/" + name, toPath: copy.file(name))
        }
        return copy
    }

    private static func open(_ directory: borrowing TestDirectory, _ durability: Durability) throws -> Journal {
        try Journal(path: directory.file("journal.sqlite"), durability: durability, deployment: .test, tailBytes: 1 << 16)
    }

    private static func rows(_ journal: Journal, from first: Int64 = 1) throws -> [[UInt8]] {
        var rows: [[UInt8]] = []
        try journal.archive.forEachRow(from: first) { _, bytes in rows.append(Array(bytes)) }
        return rows
    }

    /// Opens a copy, which must have every row of the model and nothing else, and can be appended to.
    private static func verify(_ copy: borrowing TestDirectory, _ model: Model, _ durability: Durability, _ comment: String) throws {
        for _ in 0..<2 {
            let journal = try Self.open(copy, durability)
            #expect(journal.archive.lastRow == Int64(model.rows.count), "\(comment)")
            let kept = try Self.rows(journal)
            #expect(kept == Array(model.rows.suffix(kept.count)) && kept.count >= model.rows.count - model.firstKept, "\(comment)")
            #expect(journal.isMoved)
        }
        let journal = try Self.open(copy, durability)
        var group = JournalGroup()
        group.appendBlockClosed(77)
        try journal.append(group, lastBlock: 7)
        #expect(try journal.move() == 1)
        #expect(try Self.rows(journal).last == group.bytes, "\(comment)")
    }

    @Test(.timeLimit(.minutes(10)), arguments: Durability.allCases) func itKeepsWhatAListKeeps(durability: Durability) throws {
        print("journal's tail, \(durability): seed \(Self.seed)")
        var random = SeededGenerator(seed: Self.seed)
        let directory = try TestDirectory()
        var journal: Journal? = try Self.open(directory, durability)
        var model = Model()
        var kills = 0
        for step in 0..<1500 {
            let comment = "step \(step), seed \(Self.seed)"
            let choice = Int.random(in: 0..<100, using: &random)
            if choice == 99 {
                // An end in order, or the process's.
                while Bool.random(using: &random), try journal?.move() ?? 0 > 0 {}
                journal = nil
                journal = try Self.open(directory, durability)
                #expect(journal?.archive.lastRow == Int64(model.rows.count), "\(comment)")
            }
            guard let open = journal else { return }
            switch choice {
            case 0..<70:
                let group = Self.group(Int.random(in: 1...(step % 7 == 0 ? 900 : 30), using: &random), &random)
                guard open.hasRoom(group.bytes.count) else { continue }
                try open.append(group, lastBlock: UInt64(model.rows.count / 4))
                model.rows.append(group.bytes)
                #expect(open.tail.lastRow == Int64(model.rows.count), "\(comment)")
            case 70..<90:
                let wasMoved = open.isMoved
                #expect(try (open.move() > 0) == !wasMoved, "\(comment)")
            case 90..<94:
                let block = UInt64(Int.random(in: 0...max(1, model.rows.count / 4), using: &random))
                _ = try open.archive.prune(throughBlock: block, rowsMax: 20)
                model.firstKept = model.rows.count - (try Self.rows(open).count) - open.unmovedCount
            case 94..<95:
                try Self.verify(Self.copy(directory.path), model, durability, comment)
                kills += 1
            case 95..<97:
                // In the middle of a move: rows are in the transaction, then in the archive, and in the tail as well.
                guard !open.isMoved else { continue }
                let stop = Int.random(in: 0..<4, using: &random)
                var end: Int?
                try open.archive.append { add in
                    var count = 0
                    end = try open.tail.oldestRows {
                        try add($0)
                        count += 1
                        if count == stop { try Self.verify(Self.copy(directory.path), model, durability, comment) }
                    }
                }
                try Self.verify(Self.copy(directory.path), model, durability, comment)
                try open.tail.release(to: #require(end))
                kills += 1
            default:
                try Self.verifyHalfWritten(directory, open, &model, durability, comment, &random)
                kills += 1
            }
        }
        #expect(kills > 10)
    }

    /// A kill while a row is written: some of its bytes are there, and the mark is not.
    private static func verifyHalfWritten(
        _ directory: borrowing TestDirectory, _ journal: Journal, _ model: inout Model, _ durability: Durability, _ comment: String,
        _ random: inout SeededGenerator
    ) throws {
        let group = Self.group(Int.random(in: 1...40, using: &random), &random)
        guard journal.hasRoom(group.bytes.count) else { return }
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.file("journal.tail")))
        let copy = try Self.copy(directory.path)
        try journal.append(group, lastBlock: UInt64(model.rows.count / 4))
        let after = try Data(contentsOf: URL(fileURLWithPath: directory.file("journal.tail")))
        var half = before
        let changed = (JournalTailFile.recordsOffset..<before.count).filter { before[$0] != after[$0] }
        let written = Int.random(in: 0...changed.count, using: &random)
        // From the front, from the back, or whatever came first.
        let order = [changed, changed.reversed(), changed.shuffled(using: &random)].randomElement(using: &random) ?? changed
        for place in order.prefix(written) { half[place] = after[place] }
        try half.write(to: URL(fileURLWithPath: copy.file("journal.tail")))
        var expected = model
        if written == changed.count { expected.rows.append(group.bytes) }
        try Self.verify(copy, expected, durability, comment + ", \(written) of \(changed.count) bytes")
        model.rows.append(group.bytes)
    }

    /// Bytes that look like a row to come, which a client may have chosen, are none.
    @Test func whatAClientWritesIsNoRow() throws {
        let directory = try TestDirectory()
        let other = try TestDirectory()
        // The next two rows of a journal with the same rows so far, as bytes.
        let twin = try Self.open(other, .process)
        var group = JournalGroup()
        group.appendBlockClosed(1)
        for _ in 0..<3 { try twin.append(group, lastBlock: 1) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: other.file("journal.tail")))
        do {
            let journal = try Self.open(directory, .process)
            try journal.append(group, lastBlock: 1)
        }
        let tail = URL(fileURLWithPath: directory.file("journal.tail"))
        var edited = try Data(contentsOf: tail)
        let start = JournalTailFile.recordsOffset + RingRecord.byteCount(bodyBytes: 16 + group.bytes.count)
        edited.replaceSubrange(start..<start + 400, with: bytes[start..<start + 400])
        try edited.write(to: tail)
        #expect(try Self.open(directory, .process).archive.lastRow == 1)
    }

    /// The ring has been round, and behind the last row an old one begins exactly where the next would.
    @Test func whatAnEarlierRoundLeftIsNoRow() throws {
        let directory = try TestDirectory()
        let rowBytes = 256
        var group = JournalGroup()
        [UInt8](repeating: 3, count: rowBytes - 16 - RingRecord.headerBytes - JournalRecord.headerBytes).withUnsafeBytes {
            group.appendCommands($0)
        }
        let count = (1 << 16) / rowBytes + 10
        do {
            let journal = try Self.open(directory, .process)
            for _ in 0..<count {
                try journal.append(group, lastBlock: 1)
                #expect(try journal.move() == 1)
            }
        }
        let journal = try Self.open(directory, .process)
        #expect(journal.archive.lastRow == Int64(count))
        #expect(journal.tail.file.moved == count * rowBytes)
    }

    /// A tail that groups do not fit is made anew, with all rows kept.
    @Test func itGrowsWithTheLargestGroup() throws {
        let directory = try TestDirectory()
        var random = SeededGenerator(seed: Self.seed)
        do {
            let journal = try Self.open(directory, .process)
            for _ in 0..<5 { try journal.append(Self.group(9, &random), lastBlock: 1) }
        }
        let journal = try Journal(
            path: directory.file("journal.sqlite"), durability: .process, deployment: .test, tailBytes: 1 << 16, groupBytesMax: 100_000)
        #expect(journal.archive.lastRow == 5)
        #expect(journal.tail.file.capacity >= 400_000)
        try journal.append(Self.group(100_000 / 16, &random), lastBlock: 1)
        #expect(try journal.move() == 1)
        #expect(try Self.rows(journal).count == 6)
    }

    /// Positions that near the largest that the header can hold begin at 0 again.
    @Test func itBeginsAnewAfterYears() throws {
        let directory = try TestDirectory()
        var group = JournalGroup()
        group.appendBlockClosed(1)
        do {
            let journal = try Self.open(directory, .process)
            try journal.append(group, lastBlock: 1)
            #expect(try journal.move() == 1)
            try journal.tail.release(to: (1 << 50) + 8)
        }
        let journal = try Self.open(directory, .process)
        #expect(journal.tail.file.moved == 0)
        try journal.append(group, lastBlock: 1)
        #expect(try journal.move() == 1)
        #expect(try Self.rows(journal).count == 2)
    }
}

extension Journal {
    /// Rows that only the tail has.
    fileprivate var unmovedCount: Int { Int(tail.lastRow - archive.lastRow) }
}
