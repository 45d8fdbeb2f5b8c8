import Engine
import Foundation
import Testing

@testable import Sequencer

/// Sessions that end, and what the executor makes of it.
@Suite struct SessionTests {
    static let trader = TestMarket.trader(0)

    /// A harness with an order of each of two traders, of whom only the first asked for cancel-on-disconnect.
    private func harness(_ configure: (inout ExecutorConfiguration) -> Void = { _ in }) throws -> ExecutorHarness {
        let harness = try ExecutorHarness(configure)
        try harness.fund()
        for index in UInt32(0)...1 {
            let order = TestMarket.place(.buy, mantissa: 40_000 + index, lots: 5)
            let commands = index == 0 ? [.cancelOnDisconnect(true), order] : [order]
            harness.send(TestMarket.envelope(TestMarket.trader(index), nonce: harness.nowMs + UInt64(index), commands), tag: 1)
        }
        try harness.run()
        #expect(harness.results.allSatisfy { $0.code == .none })
        #expect(harness.executor.producer.exchange.header.openOrderCount == 2)
        return harness
    }

    private func end(_ signer: Address, _ harness: ExecutorHarness) throws {
        #expect(
            harness.input.tryWrite(
                kind: RingRecord.ToExecutor.disconnected, session: 0, tag: 0, bodyBytes: MemoryLayout<Address>.size
            ) { $0.storeBytes(of: signer, as: Address.self) })
        harness.input.commit()
        try harness.run()
    }

    @Test func anEndedSessionTakesTheOrdersOff() throws {
        let harness = try harness()
        let sequence = harness.executor.producer.sequence
        try end(Self.trader, harness)
        let results = harness.results
        #expect(results.map(\.eventKinds) == [[Event.Kind.reduced, Event.Kind.accountCancelled]])
        #expect(results.first?.sequence == sequence + 1 && results.first?.nonce == 0)
        #expect(harness.executor.producer.exchange.header.openOrderCount == 1)
        #expect(try harness.journaled().suffix(3) == ["C", "C", "C"])
        #expect(harness.shared.statistics.sessionsEnded.value == 1 && harness.shared.statistics.reductions.value == 1)
        #expect(harness.executor.producer.job.envelopeCount == 3)
    }

    @Test func whatNobodyAskedForLeavesNoTrace() throws {
        let harness = try harness()
        let before = try harness.journaled()
        for signer in [TestMarket.trader(1), .numbered(77_777)] { try end(signer, harness) }
        #expect(harness.results.isEmpty)
        #expect(harness.executor.producer.exchange.header.openOrderCount == 2)
        #expect(try harness.journaled() == before)
        #expect(harness.shared.statistics.sessionsEnded.value == 0)
    }

    /// Thousands of expiries of one trader put off another's dead-man's switch by a block, not by an idle interval.
    @Test func aSweepThatIsNotDoneGoesOnInTheNextBlock() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        guard case .place(let order) = TestMarket.place(.buy, mantissa: 40_000, lots: 1) else { return }
        let expiring = [Command](repeating: .placeUntil(order, expiryMs: harness.nowMs + 1000), count: 500)
        for index in UInt64(0)..<9 { harness.send(TestMarket.envelope(Self.trader, nonce: harness.nowMs + index, expiring), tag: 1) }
        let cautious: [Command] = [.place(order), .scheduleCancel(timeMs: harness.nowMs + 1001)]
        harness.send(TestMarket.envelope(TestMarket.trader(1), nonce: harness.nowMs, cautious), tag: 1)
        func pass(_ milliseconds: UInt64) throws {
            harness.nowMs += milliseconds
            try harness.run()
            _ = harness.drain()
            while let job = harness.sealing.pop() { harness.sealing.recycle(job) }
        }
        try pass(0)
        #expect(harness.executor.producer.exchange.header.openOrderCount == 4501)
        try pass(250)
        try pass(10_000)
        #expect(harness.executor.producer.exchange.header.openOrderCount > 0)
        // Moving a timer to a finer bucket is work, too.
        for _ in 0..<5 { try pass(250) }
        #expect(harness.executor.producer.exchange.header.openOrderCount == 0)
    }

    @Test func anOrderlyEndEndsAllSessions() throws {
        let harness = try harness()
        harness.executor.endAllSessions()
        #expect(try harness.executor.finish(nowMs: harness.nowMs))
        #expect(harness.executor.producer.exchange.header.openOrderCount == 1)
        #expect(try harness.journaled().suffix(2) == ["C", "X2"])
    }

    /// Room runs out in the middle of many: blocks are closed, and the rest follows once the sealer has caught up.
    @Test func manySessionsEndInAsManyBlocksAsTheyTake() throws {
        let harness = try ExecutorHarness { $0.blockBytesMax = 150 }
        try harness.fund()
        for index in 0..<TestMarket.traderCount {
            let commands = [Command.cancelOnDisconnect(true), TestMarket.place(.buy, mantissa: 40_000 + index, lots: 5)]
            harness.send(TestMarket.envelope(TestMarket.trader(index), nonce: harness.nowMs + UInt64(index), commands), tag: 1)
        }
        try harness.run()
        while let job = harness.sealing.pop() { harness.sealing.recycle(job) }
        let blocks = harness.executor.producer.blockNumber
        harness.executor.endAllSessions()
        var turns = 0
        while try !harness.executor.finish(nowMs: harness.nowMs), turns < 100 {
            while let job = harness.sealing.pop() { harness.sealing.recycle(job) }
            turns += 1
        }
        #expect(harness.executor.producer.exchange.header.openOrderCount == 0)
        #expect(harness.executor.producer.blockNumber > blocks && harness.executor.producer.open == nil)
    }

    /// After a crash nobody is connected: before anything else is taken in, those who asked are taken for disconnected.
    @Test func aStartEndsTheSessionsThatACrashLeft() throws {
        let directory = try TestDirectory()
        let node = try TestNode(try TestMarket.configuration(directory))
        node.pushInbox()
        let nonce = UInt64(Date().timeIntervalSince1970 * 1000)
        for index in UInt32(0)...1 {
            let order = TestMarket.place(.buy, mantissa: 40_000 + index, lots: 5)
            let commands = index == 0 ? [.cancelOnDisconnect(true), order] : [order]
            #expect(try node.execute(TestMarket.envelope(TestMarket.trader(index), nonce: nonce, commands)).code == .none)
        }
        // What a crash would leave: the files as they are now.
        let copy = try TestDirectory()
        try FileManager.default.copyItem(atPath: directory.path + "/data", toPath: copy.path + "/data")
        try node.stop()

        do {
            let crashed = try Sequencer(try TestMarket.configuration(copy), logger: TestMarket.quiet)
            #expect(crashed.withExchange { $0.header.openOrderCount } == 2)
        }
        do {
            let again = try TestNode(try TestMarket.configuration(copy))
            let order = TestMarket.place(.buy, mantissa: 30_000, lots: 5)
            let first = try again.execute(TestMarket.envelope(TestMarket.trader(2), nonce: nonce, [order]))
            #expect(first.sequence == 3 && first.nonce == 0, "the end of the session comes before the new order")
            #expect(first.eventKinds == [Event.Kind.reduced, Event.Kind.accountCancelled])
            try again.stop()
        }
        let restarted = try Sequencer(try TestMarket.configuration(copy), logger: TestMarket.quiet)
        #expect(restarted.withExchange { $0.header.openOrderCount } == 2)
        #expect(restarted.withExchange { $0.account(owner: Self.trader)?.openOrderCount } == 0)
    }
}
