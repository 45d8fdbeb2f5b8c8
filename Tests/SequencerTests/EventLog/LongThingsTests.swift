import Engine
import Foundation
import Synchronization
import Testing

@testable import Sequencer

/// What causes more events than one record holds, when the node is killed while the log has some of its records only.
@Suite struct LongThingsTests {
    private static let orderCount: UInt64 = 4500

    /// The opening of a block: a dead-man's switch goes off. A batch: all orders are cancelled by a command.
    @Test(.timeLimit(.minutes(5)), arguments: [true, false]) func whatIsCutOffInItsMiddleIsToldWhole(isOpening: Bool) throws {
        let directory = try TestDirectory()
        var configuration = try TestMarket.configuration(directory)
        let timeMs = Guarded(TestMarket.startMs)
        configuration.clockMs = { timeMs.withLock { $0 } }
        let node = try TestNode(configuration)
        node.pushInbox()
        var nonce = TestMarket.startMs
        func execute(_ commands: [Command], trader: UInt32 = 0) throws {
            nonce += 1
            #expect(try node.execute(TestMarket.envelope(TestMarket.trader(trader), nonce: nonce, commands)).code == .none)
        }
        let orders = [Command](repeating: TestMarket.place(.buy, mantissa: 40_000, lots: 1), count: 500)
        for _ in 0..<Self.orderCount / 500 { try execute(orders) }
        if isOpening {
            try execute([.scheduleCancel(timeMs: TestMarket.startMs + 1000)])
            timeMs.withLock { $0 += 60_000 }
            // The block that is open closes with one of them, and the next opens with another.
            while node.sequencer.shared.statistics.reductions.value < Self.orderCount {
                try execute([TestMarket.place(.buy, mantissa: 30_000, lots: 1)], trader: 1)
            }
        } else {
            try execute([.cancelAll(market: 0, sides: .both)])
            _ = try node.awaitResult()
        }
        try node.stop()
        for file in try FileManager.default.contentsOfDirectory(atPath: configuration.directory.checkpoints) {
            try FileManager.default.removeItem(atPath: configuration.directory.checkpoints + "/" + file)
        }

        let whole = try CrashStream.told(node.sequencer.log)
        let longest = try #require(whole.max { $0.events.count < $1.events.count })
        #expect((longest.position.place == 0) == isOpening)
        #expect(longest.events.count > ResultLayout.eventsPerRecordMax * MemoryLayout<Event>.stride)
        let ends = try Self.ends(of: longest.position, configuration)
        #expect(ends.count == (isOpening ? 3 : 2))
        for end in ends {
            // The log as a process left it that was killed when it had published so much.
            let file = try EventLogFile(
                path: configuration.directory.events, capacity: configuration.eventLogBytes, deployment: configuration.deployment)
            file.published.pointee.store(end, ordering: .releasing)
            let again = try Sequencer(configuration, logger: TestMarket.quiet)
            #expect(try CrashStream.told(again.log) == whole, "cut at \(end)")
        }
    }

    /// Where the records about `position` end, in a log that was never overwritten.
    private static func ends(of position: StreamPosition, _ configuration: SequencerConfiguration) throws -> [Int] {
        let file = try EventLogFile(
            path: configuration.directory.events, capacity: configuration.eventLogBytes, deployment: configuration.deployment)
        let end = file.published.pointee.load(ordering: .acquiring)
        var place = StreamPlace()
        var offset = 0
        var ends: [Int] = []
        while offset < end {
            let record = RingRecord(at: file.records + offset)
            offset += RingRecord.byteCount(bodyBytes: record.body.count)
            if place.position(of: record) == position { ends.append(offset) }
        }
        return ends
    }
}
