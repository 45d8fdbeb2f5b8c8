import Foundation
import Testing

@testable import Sequencer

/// What a loss of power leaves of a tail that nobody waited for (durability = process): some pages are of a later moment than others.
extension JournalOpeningTests {
    /// The second of three rows is lost, and so is the mark of the last two: the journal goes on behind the first. The next second row is as long as the
    /// lost one, so that the old third lies just where the next third will.
    @Test(arguments: [true, false]) func rowsBehindALostOneStayLost(isMoved: Bool) throws {
        let directory = try TestDirectory()
        let path = directory.file("journal.tail")
        do { try append(open(directory), rows: 3) }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let record = RingRecord.byteCount(bodyBytes: 16 + 16)
        let second = JournalTailFile.recordsOffset + record
        bytes.replaceSubrange(second..<second + record, with: Data(count: record))
        // Of another start of the machine.
        bytes[104] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        try JournalTailFile(existing: path, byteCount: bytes.count, deployment: .test).setMark(1)
        do {
            let journal = try open(directory)
            #expect(journal.archive.lastRow == 1)
            try append(journal, rows: 1)
            if isMoved { #expect(try journal.move() == 1) }
        }
        #expect(try open(directory).archive.lastRow == 2)
    }
}
