import Foundation
import SeededRandom
import Testing

@testable import Sequencer

/// What an opening journal does with a tail that is damaged, missing, older or another's: it refuses and says what to do, or has every row.
@Suite struct JournalOpeningTests {
    private static let seed = UInt64(ProcessInfo.processInfo.environment["MEMEX_SEED"] ?? "") ?? UInt64.random(in: 0...(.max))

    func open(_ directory: borrowing TestDirectory, deployment: DeploymentIdentity = .test) throws -> Journal {
        try Journal(path: directory.file("journal.sqlite"), durability: .process, deployment: deployment, tailBytes: 1 << 16)
    }

    func append(_ journal: Journal, rows: Int) throws {
        var group = JournalGroup()
        for _ in 0..<rows {
            group.removeAll()
            group.appendBlockClosed(UInt64(journal.tail.lastRow))
            try journal.append(group, lastBlock: 1)
        }
    }

    /// A process that moved `moved` rows and died with `left` more in the tail.
    private func fill(_ directory: borrowing TestDirectory, moved: Int = 3, left: Int = 3) throws {
        let journal = try open(directory)
        try append(journal, rows: moved)
        while try journal.move() > 0 {}
        try append(journal, rows: left)
    }

    private func copy(_ directory: borrowing TestDirectory) throws -> TestDirectory {
        let copy = try TestDirectory()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
            try FileManager.default.copyItem(atPath: directory.file(name), toPath: copy.file(name))
        }
        return copy
    }

    private func replace(_ name: String, of directory: borrowing TestDirectory, from source: borrowing TestDirectory) throws {
        for name in [name, name + "-wal"] {
            try? FileManager.default.removeItem(atPath: directory.file(name))
            guard FileManager.default.fileExists(atPath: source.file(name)) else { continue }
            try FileManager.default.copyItem(atPath: source.file(name), toPath: directory.file(name))
        }
    }

    private func edit(_ directory: borrowing TestDirectory, _ body: (inout Data) -> Void) throws {
        let url = URL(fileURLWithPath: directory.file("journal.tail"))
        var bytes = try Data(contentsOf: url)
        body(&bytes)
        try bytes.write(to: url)
    }

    /// The journal is refused, in words that say what to do; with an empty tail in the place of this one it has `rows` rows.
    private func expectRefused(_ directory: borrowing TestDirectory, rowsWithout rows: Int64, _ comment: Comment) throws {
        for _ in 0..<2 {
            let refusal = #expect(throws: StoreRefused.self, comment) { try open(directory) }
            let text = refusal?.description ?? ""
            #expect(text.contains(directory.file("journal.tail")) && text.contains("put an empty file in its place"), comment)
        }
        try Data().write(to: URL(fileURLWithPath: directory.file("journal.tail")))
        #expect(try open(directory).archive.lastRow == rows, comment)
    }

    /// Every byte of the header and of the rows.
    @Test(.timeLimit(.minutes(10))) func everyDamagedByteIsRefusedOrHarmless() throws {
        print("damaged tails: seed \(Self.seed)")
        var random = SeededGenerator(seed: Self.seed)
        let origin = try TestDirectory()
        try fill(origin)
        let record = RingRecord.byteCount(bodyBytes: 16 + 16)
        let left = JournalTailFile.recordsOffset + 3 * record
        /// Nothing is there, or nothing that is read: the start of the machine, then session and flags of the three rows that are left.
        func isHarmless(_ place: Int) -> Bool {
            if place < 104 { return false }
            if place < JournalTailFile.recordsOffset { return ![128, 256, 384].contains(place & ~7) }
            return [5, 8, 9, 10, 11].contains((place - left) % record)
        }
        let places = Array(0..<112) + [128, 256, 384].flatMap { Array($0..<$0 + 8) } + Array(left..<left + 3 * record)
        for place in places {
            let damaged = try copy(origin)
            try edit(damaged) { $0[place] ^= UInt8.random(in: 1...255, using: &random) }
            if isHarmless(place) {
                #expect(try open(damaged).archive.lastRow == 6, "byte \(place), seed \(Self.seed)")
            } else {
                let refusal = #expect(throws: StoreRefused.self, "byte \(place), seed \(Self.seed)") { try open(damaged) }
                #expect(refusal?.description.contains("journal.tail") == true, "byte \(place), seed \(Self.seed)")
            }
        }
    }

    @Test func aTailThatWasCutIsRefused() throws {
        let origin = try TestDirectory()
        try fill(origin)
        for count in [1, 7, 103, 104, 4095, 4096, 4096 + 100, 4096 + 65_535, 4096 + 65_536 + 8] {
            let cut = try copy(origin)
            try edit(cut) { $0 = count <= $0.count ? $0.prefix(count) : $0 + Data(count: count - $0.count) }
            try expectRefused(cut, rowsWithout: 3, "\(count) bytes")
        }
    }

    @Test func aMissingTailIsRefused() throws {
        let directory = try TestDirectory()
        try fill(directory)
        try FileManager.default.removeItem(atPath: directory.file("journal.tail"))
        #expect(throws: StoreRefused.missingTail(path: directory.file("journal.tail"), archive: directory.file("journal.sqlite"))) {
            try open(directory)
        }
        try expectRefused(directory, rowsWithout: 3, "missing")
    }

    @Test func anUnknownFormatAndAnotherDeploymentAreRefused() throws {
        let directory = try TestDirectory()
        try fill(directory)
        let path = directory.file("journal.tail")
        var other = DeploymentIdentity.test
        other.chainId = 1
        let foreign = try TestDirectory()
        _ = try open(foreign, deployment: other)
        let mixed = try copy(directory)
        try replace("journal.tail", of: mixed, from: foreign)
        let refusal = #expect(throws: StoreRefused.self) { try open(mixed) }
        #expect(refusal?.description.contains("chain 31337") == true && refusal?.description.contains("chain 1,") == true)
        try edit(directory) { bytes in
            bytes[8] = 77
            let checksum = bytes.withUnsafeBytes { Checksum.of(.init(rebasing: $0[..<96]), seed: 0) }
            withUnsafeBytes(of: checksum) { bytes.replaceSubrange(96..<104, with: $0) }
        }
        #expect(throws: StoreRefused.unknownFormat(path: path, found: 77, supported: 1)) { try open(directory) }
    }

    @Test func anOlderCopyOfTheTailIsRefused() throws {
        let directory = try TestDirectory()
        try fill(directory)
        let older = try copy(directory)
        // Of an earlier start.
        try append(open(directory), rows: 1)
        let mixed = try copy(directory)
        try replace("journal.tail", of: mixed, from: older)
        #expect(throws: StoreRefused.olderTail(path: mixed.file("journal.tail"), archive: mixed.file("journal.sqlite"))) { try open(mixed) }
        try expectRefused(mixed, rowsWithout: 6, "an earlier start's")
        // Of the same start, when there were fewer rows than the archive has now.
        let journal = try open(directory)
        let before = try copy(directory)
        try append(journal, rows: 4)
        while try journal.move() > 0 {}
        let after = try copy(directory)
        try replace("journal.tail", of: after, from: before)
        try expectRefused(after, rowsWithout: 11, "the same start's")
    }

    /// An older archive with the newer tail: what is between them is gone, or the tail has it still.
    @Test func anOlderCopyOfTheArchiveIsRefusedIfRowsAreMissing() throws {
        let directory = try TestDirectory()
        let journal = try open(directory)
        try append(journal, rows: 2)
        let older = try copy(directory)
        #expect(try journal.move() == 2)
        let joined = try copy(directory)
        try append(journal, rows: 3)
        #expect(try journal.move() == 3)
        try append(journal, rows: 1)
        let mixed = try copy(directory)
        try replace("journal.sqlite", of: mixed, from: older)
        #expect(throws: StoreRefused.rowsLost(path: mixed.file("journal.sqlite"), last: 0, marked: 6, tailPath: mixed.file("journal.tail")))
        {
            try open(mixed)
        }
        let gap = try copy(directory)
        try replace("journal.sqlite", of: gap, from: joined)
        try expectRefused(gap, rowsWithout: 2, "rows 3 to 5 are nowhere")
        try replace("journal.tail", of: joined, from: older)
        #expect(try open(joined).archive.lastRow == 2, "the tail as it was before the move")
    }

    @Test func anotherJournalsTailIsRefused() throws {
        let directory = try TestDirectory()
        let other = try TestDirectory()
        try fill(directory)
        try fill(other)
        try replace("journal.tail", of: directory, from: other)
        #expect(throws: StoreRefused.otherTail(path: directory.file("journal.tail"), archive: directory.file("journal.sqlite"))) {
            try open(directory)
        }
        try expectRefused(directory, rowsWithout: 3, "another's")
    }

    /// Row 3 is in both, as a kill between two stores leaves it, but not the same.
    @Test func aRowThatDiffersFromTheArchivesIsRefused() throws {
        let directory = try TestDirectory()
        try fill(directory, moved: 0, left: 3)
        let older = try copy(directory)
        _ = try open(directory)
        try tamper(
            directory.file("journal.sqlite"), "UPDATE groups SET checksum = checksum + 1 WHERE id = 3; DELETE FROM meta WHERE key = 'tail'")
        try replace("journal.tail", of: directory, from: older)
        let refusal = #expect(throws: StoreRefused.self) { try open(directory) }
        #expect(refusal?.description.contains("row 3 is not the one") == true)
    }

    /// A directory of a version without tails, after its end or a kill.
    @Test func aFormerDirectoryIsTakenOver() throws {
        let origin = try TestDirectory()
        try fill(origin, moved: 4, left: 0)
        try FileManager.default.removeItem(atPath: origin.file("journal.tail"))
        try tamper(origin.file("journal.sqlite"), "DELETE FROM meta WHERE key = 'tail'; PRAGMA user_version = 3")
        for marked: UInt64 in [4, 5] {
            let directory = try copy(origin)
            let word = marked | Checksum.mixed(0x3230_3030_4B4D_784D, marked) << 48
            let mark = Data("MxMK0002".utf8) + withUnsafeBytes(of: word) { Data($0) }
            try mark.write(to: URL(fileURLWithPath: directory.file("journal.mark")))
            if marked == 5 {
                #expect(
                    throws: StoreRefused.rowsLost(
                        path: directory.file("journal.sqlite"), last: 4, marked: 5, tailPath: directory.file("journal.tail"))
                ) { try open(directory) }
                try expectRefused(directory, rowsWithout: 4, "the former mark is ahead")
            }
            #expect(try open(directory).archive.lastRow == 4)
            #expect(!FileManager.default.fileExists(atPath: directory.file("journal.mark")))
            try append(open(directory), rows: 2)
            #expect(try open(directory).archive.lastRow == 6)
        }
        #expect(try open(origin).archive.lastRow == 4, "without a mark")
    }

    /// After the machine ended, the page with the mark may be older than the archive. Rows that are missing are missed all the same.
    @Test func afterAnotherStartOfTheMachine() throws {
        let directory = try TestDirectory()
        let journal = try open(directory)
        try append(journal, rows: 2)
        let older = try copy(directory)
        try append(journal, rows: 2)
        while try journal.move() > 0 {}
        let rebooted = try copy(directory)
        try replace("journal.tail", of: rebooted, from: older)
        try edit(rebooted) { $0[104] ^= 1 }
        #expect(try open(rebooted).archive.lastRow == 4)
        // The archive lost its last pages, the tail only those of its rows.
        try append(journal, rows: 2)
        let torn = try copy(directory)
        try edit(torn) { bytes in
            bytes[104] ^= 1
            bytes.resetBytes(in: JournalTailFile.recordsOffset..<bytes.count)
        }
        try expectRefused(torn, rowsWithout: 4, "rows 5 and 6 are lost")
    }
}
