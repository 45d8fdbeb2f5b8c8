import Engine
import Testing

@testable import Sequencer

/// What a thread of the gateway does in the executor's place.
@Suite struct BriefStepTests {
    private let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)

    private func send(_ harness: ExecutorHarness, count: Int, firstTag: UInt64 = 0) {
        for tag in firstTag..<firstTag + UInt64(count) {
            harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: harness.nowMs + tag, [order]), tag: tag)
        }
    }

    @Test func whatItTakesInIsJournaledAndAnswered() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        send(harness, count: 3)
        #expect(try harness.executor.stepBriefly(nowMs: harness.nowMs) { Issue.record("there was room") })
        #expect(harness.results.map(\.tag) == [0, 1, 2])
        #expect(try harness.journaled() == ["O1+11", "X1", "O2", "C", "C", "C"])
    }

    @Test func itTakesInALittleOnly() throws {
        let harness = try ExecutorHarness { $0.briefRecordsMax = 4 }
        try harness.fund()
        send(harness, count: 6)
        #expect(try !harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        #expect(harness.results.map(\.tag) == [0, 1, 2, 3])
        #expect(try harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        #expect(harness.results.map(\.tag) == [4, 5])
    }

    @Test func bytesOfTheJournalBoundItToo() throws {
        let harness = try ExecutorHarness { $0.briefBytesMax = 1 }
        try harness.fund()
        send(harness, count: 2)
        #expect(try !harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        #expect(harness.results.map(\.tag) == [0])
    }

    @Test func blocksAreClosedByTheExecutorsThread() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        send(harness, count: 1)
        #expect(try harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        harness.nowMs += 250
        send(harness, count: 1, firstTag: 1)
        #expect(try harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        #expect(harness.results.map(\.block) == [2, 2])
        #expect(harness.executor.isCloseDue(harness.nowMs))
        try harness.run()
        #expect(try harness.journaled().last == "X2")
    }

    @Test func aFullBlockIsLeft() throws {
        let harness = try ExecutorHarness { $0.blockBytesMax = 1 }
        try harness.fund()
        send(harness, count: 2)
        #expect(try !harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        #expect(harness.results.map(\.tag) == [0])
        #expect(try !harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        #expect(harness.results.isEmpty)
        try harness.run()
        #expect(harness.results.map(\.block) == [3])
    }

    @Test func aBlockThatMessagesFromL1LeadIsOpenedByTheExecutorsThread() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        #expect(harness.inbox.push([.deposit(owner: .numbered(9), token: 1, atoms: 5)], first: 11, l1Block: 13))
        send(harness, count: 1)
        #expect(try !harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        #expect(harness.results.isEmpty)
        try harness.run()
        #expect(try harness.journaled() == ["O1+11", "X1", "O2+1", "C"])
    }

    @Test func sessionsBeforeTheStartAreEndedFirst() throws {
        let harness = try ExecutorHarness()
        send(harness, count: 1)
        #expect(try !harness.executor.stepBriefly(nowMs: harness.nowMs) {})
        #expect(harness.results.isEmpty)
    }

    /// The caller is the one who reads the log: it must not wait for itself.
    @Test func whoStepsMakesRoomInTheLog() throws {
        let harness = try ExecutorHarness(outputBytes: 1 << 12) { $0.outputReserveBytes = 1 << 10 }
        #expect(harness.inbox.push(TestMarket.inbox, first: 0, l1Block: 11))
        try harness.run()
        _ = harness.drain()
        // 25 makers whom one taker meets: more events than the log holds.
        for nonce in 0..<25 as Range<UInt64> {
            harness.send(
                TestMarket.envelope(
                    TestMarket.trader(0), nonce: harness.nowMs + nonce, [TestMarket.place(.sell, mantissa: 50_000, lots: 1)]), tag: nonce)
            try harness.run()
            _ = harness.drain()
        }
        harness.send(
            TestMarket.envelope(TestMarket.trader(1), nonce: harness.nowMs, [TestMarket.place(.buy, mantissa: 50_000, lots: 25)]), tag: 99)
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: harness.nowMs + 30, [order]), tag: 100)
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: harness.nowMs + 31, [order]), tag: 101)
        var results: [TestResult] = []
        var fullCount = 0
        var isDone = false
        for _ in 0..<10 where !isDone {
            isDone = try harness.executor.stepBriefly(nowMs: harness.nowMs) {
                fullCount += 1
                results += harness.results
            }
            results += harness.results
        }
        #expect(isDone)
        #expect(results.map(\.tag) == [99, 100, 101])
        #expect(results[0].eventKinds.filter { $0 == Event.Kind.fill }.count == 25)
    }
}
