import Engine
import Foundation
import SeededRandom
import Testing

@testable import Sequencer

/// What the next process makes of the file.
@Suite struct EventLogFileTests {
    private static let capacity = 1 << 14

    private func open(_ path: String, capacity: Int = capacity, _ deployment: DeploymentIdentity = .test) throws -> EventLog {
        try EventLog(EventLogFile(path: path, capacity: capacity, deployment: deployment))
    }

    /// Everything that is kept, oldest first.
    private func kept(_ log: EventLog) throws -> [ModelRecord] {
        let (records, isWhole) = ModelRecord.told(by: log, after: log.oldestPosition)
        try #require(isWhole)
        return records
    }

    /// A copy of the file is what a process that was killed at this instant leaves: the next one goes on with all that was committed.
    @Test func whatWasCommittedIsThereAfterAKillAtAnyPoint() throws {
        let seed = EventLogTests.seed
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let directory = try TestDirectory()
        var log = try open(directory.file("events.log"))
        var written: [ModelRecord] = []
        /// Of those written: all that are whole, and of them those that were committed.
        var (whole, committed) = (0, 0)
        var isUnfinished = false
        var (block, place): (UInt64, UInt32) = (1, 0)
        for round in 0..<400 {
            for _ in 0..<Int(random.next() % 12) {
                let bytes = Int(random.next() % 300)
                if isUnfinished {
                    let events = ModelRecord.events(block: block, noise: bytes, using: &random)
                    isUnfinished = random.next() % 3 == 0
                    let flags = isUnfinished ? RingRecord.Flags.continues : 0
                    #expect(EventLogTests.write(log, events, flags: flags))
                    written.append(events)
                } else {
                    // What some openings caused follows them.
                    isUnfinished = place == 0 && random.next() % 2 == 0
                    let flags = isUnfinished ? RingRecord.Flags.continues : 0
                    let record = EventLogTests.write(log, block: block, place: place, bytes: bytes, flags: flags, using: &random)
                    written.append(try #require(record))
                }
                if !isUnfinished {
                    whole = written.count
                    (block, place) = random.next() % 10 == 0 ? (block + 1, 0) : (block, place + 1)
                }
                if random.next() % 3 == 0 {
                    log.commit()
                    committed = whole
                }
            }
            guard round % 4 == 3 else { continue }
            // What was not finished is left out, and written again.
            let expected = written[..<committed]
            let before = log.oldestPosition
            log = try open(directory.file("events.log"))
            #expect(log.openedAt?.position == expected.last?.position, "round \(round), seed \(seed)")
            let found = try kept(log)
            #expect(Array(expected.suffix(found.count)) == found, "round \(round), seed \(seed)")
            #expect(found.map(\.position) == expected.suffix(found.count).map(\.position))
            // No more is lost by it than the segment that was being written.
            #expect(log.oldestPosition.rawValue == .max || log.oldestPosition <= before || found.count > 20, "round \(round), seed \(seed)")
            written.removeLast(written.count - expected.count)
            (block, place) = expected.last.map { ($0.block, $0.place + 1) } ?? (1, 0)
            whole = committed
            isUnfinished = false
        }
        #expect(log.end > 10 * Self.capacity)
    }

    private func populated(_ path: String) throws {
        var random = SeededGenerator(seed: 5)
        let log = try open(path)
        for place in UInt32(0)..<20 { _ = EventLogTests.write(log, block: 1, place: place, bytes: 100, using: &random) }
        log.commit()
        #expect(try kept(try open(path)).count == 20)
    }

    /// What is done to the file, and what is then found wrong with it; `isSigned`: the header's checksum is made good again.
    struct Damage: CustomTestStringConvertible, Sendable {
        var name: String
        var flaw: EventLogFile.Flaw
        var isSigned = false
        var damage: @Sendable (inout Data) -> Void

        var testDescription: String { name }

        static let all = [
            Damage(name: "foreign", flaw: .foreign) { $0[0] ^= 1 },
            Damage(name: "header", flaw: .damaged("its header has another checksum")) { $0[30] ^= 1 },
            Damage(name: "another boot", flaw: .restarted, isSigned: true) { $0[30] ^= 1 },
            Damage(name: "another deployment", flaw: .otherDeployment, isSigned: true) { $0[64] ^= 1 },
            Damage(name: "former format", flaw: .otherFormat(2)) { $0[8] = 2 },
            Damage(name: "coming format", flaw: .otherFormat(9), isSigned: true) { $0[8] = 9 },
            Damage(name: "short", flaw: .empty) { $0.removeLast(100) },
            Damage(name: "removed", flaw: .empty) { $0 = Data() },
            Damage(name: "first record", flaw: .damaged("nothing in it is whole")) { $0[$0.count - capacity + 1] ^= 1 },
            Damage(name: "end", flaw: .damaged("it does not say where its records are")) { $0[256] ^= 4 },
            Damage(name: "announced", flaw: .damaged("it does not say where its records are")) { $0[384 + 6] = 1 },
        ]
    }

    @Test(arguments: Damage.all) func whatCannotBeContinuedIsBegunAnew(damage: Damage) throws {
        let directory = try TestDirectory()
        let path = directory.file("events.log")
        try populated(path)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        damage.damage(&bytes)
        if damage.isSigned {
            let checksum = bytes.withUnsafeBytes { Checksum.of(.init(rebasing: $0[..<144]), seed: 0) }
            bytes.replaceSubrange(144..<152, with: withUnsafeBytes(of: checksum) { Data($0) })
        }
        try bytes.write(to: URL(fileURLWithPath: path))
        try expectBegunAnew(open(path), flaw: damage.flaw)
    }

    @Test func aLogOfAnotherCapacityOrDeploymentIsBegunAnew() throws {
        let directory = try TestDirectory()
        let path = directory.file("events.log")
        try populated(path)
        var other = DeploymentIdentity.test
        other.chainId += 1
        try expectBegunAnew(open(path, other), flaw: .otherDeployment)
        try expectBegunAnew(open(path, capacity: 2 * Self.capacity), flaw: .empty)
    }

    private func expectBegunAnew(_ log: EventLog, flaw: EventLogFile.Flaw) throws {
        #expect(log.flaw == flaw)
        #expect(log.openedAt == nil && log.end == 0 && log.oldestPosition.rawValue == 0)
        #expect(try kept(log).isEmpty)
        var random = SeededGenerator(seed: 6)
        #expect(EventLogTests.write(log, block: 1, place: 0, bytes: 0, using: &random) != nil)
    }

    /// The parts of a result that were committed are left out if the last is missing.
    @Test func aResultThatLacksItsEndIsLeftOut() throws {
        let directory = try TestDirectory()
        let path = directory.file("events.log")
        try populated(path)
        var random = SeededGenerator(seed: 7)
        let log = try open(path)
        let body = ModelRecord.result(block: 1, place: 20, noise: 64, using: &random)
        func part(flags: UInt8) {
            #expect(
                log.tryWrite(kind: RingRecord.ToGateway.result, flags: flags, session: 0, tag: 0, bodyBytes: body.count) { target in
                    body.withUnsafeBytes { target.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
                })
            log.commit()
        }
        part(flags: RingRecord.Flags.continues)
        part(flags: RingRecord.Flags.continues)
        #expect(try kept(try open(path)).count == 20)
        part(flags: 0)
        let whole = try open(path)
        #expect(try kept(whole).count == 23)
        #expect(whole.openedAt?.position == StreamPosition(block: 1, batch: 19))
    }

    /// Almost everything that was kept was being overwritten: what the next process writes may begin before what is left.
    @Test func aLogOfWhichNothingWholeIsLeftIsBegunAnew() throws {
        let directory = try TestDirectory()
        var random = SeededGenerator(seed: 8)
        func write(_ log: EventLog, block: UInt64, place: UInt32) {
            #expect(EventLogTests.write(log, block: block, place: place, bytes: 0, using: &random) != nil)
        }
        do {
            let log = try open(directory.file("events.log"))
            for place in UInt32(0)..<400 { write(log, block: 50, place: place) }
            let last = log.end
            write(log, block: 51, place: 0)
            log.commit()
            // The last record is left, of which nobody can tell whether it is the end of something.
            while log.oldestOffset + 152 <= last { write(log, block: 51, place: 1) }
            #expect(log.oldestOffset <= last)
        }
        let log = try open(directory.file("events.log"))
        #expect(log.openedAt == nil)
        for block in UInt64(1)...20 {
            for place in UInt32(0)..<3 { write(log, block: block, place: place) }
        }
        log.commit()
        #expect(try kept(log).map(\.block) == (1...20).flatMap { [$0, $0, $0] })
    }

    /// A folder that cannot be written to costs the history, not the node.
    @Test func aNodeStartsWithoutItsFile() throws {
        let directory = try TestDirectory()
        let configuration = try TestMarket.configuration(directory)
        try FileManager.default.createDirectory(atPath: configuration.directory.events, withIntermediateDirectories: true)
        let logged = LogCapture()
        let sequencer = try Sequencer(configuration, logger: logged.logger)
        #expect(sequencer.log.oldestPosition.rawValue == 0)
        #expect(logged.lines.contains { $0.contains("events are kept in memory only") })
    }
}
