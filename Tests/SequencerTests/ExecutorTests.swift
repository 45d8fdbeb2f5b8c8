import Engine
import Testing

@testable import Sequencer

@Suite struct ExecutorTests {
    @Test func inboxMessagesLeadABlockThatClosesOnTime() throws {
        let harness = try ExecutorHarness()
        #expect(harness.inbox.push(TestMarket.inbox, first: 0, l1Block: 12))
        try harness.run()
        let records = harness.drain()
        #expect(records.map(\.kind) == [RingRecord.ToGateway.blockOpened, RingRecord.ToGateway.events])
        #expect(records[0].body.integer(at: 0) == UInt64(1))
        #expect(records[0].body.integer(at: 8) == TestMarket.startMs)
        #expect(records[1].body.count == TestMarket.inbox.count * 64)
        #expect(try harness.journaled() == ["O1+11"])
        harness.nowMs += 249
        #expect(try harness.executor.step(nowMs: harness.nowMs) == 0)
        harness.nowMs += 1
        try harness.run()
        #expect(try harness.journaled() == ["O1+11", "X1"])
        let job = try #require(harness.sealing.pop())
        #expect(job.opening == BlockOpening(number: 1, timeMs: TestMarket.startMs, l1Origin: 12))
        #expect(job.messageCount == 11)
        #expect(job.inboxCursor == 11)
        #expect(!job.cellIndices.isEmpty)
        #expect(Set(job.cellIndices).count == job.cellIndices.count)
    }

    @Test func messagesThatComeDuringABlockWaitForTheNext() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        harness.send(
            TestMarket.envelope(TestMarket.trader(0), nonce: harness.nowMs, [TestMarket.place(.buy, mantissa: 50_000, lots: 1)]), tag: 1)
        try harness.run()
        #expect(harness.inbox.push([.deposit(owner: .numbered(9), token: 1, atoms: 5)], first: 11, l1Block: 13))
        try harness.run()
        #expect(try harness.journaled() == ["O1+11", "X1", "O2", "C"])
        harness.nowMs += 250
        try harness.run()
        #expect(try harness.journaled() == ["O1+11", "X1", "O2", "C", "X2", "O3+1"])
    }

    /// However fast the inbox fills, a block takes its share and no more: the rest comes at the head of the next ones, in order.
    @Test func messagesBeyondABlocksShareWait() throws {
        let harness = try ExecutorHarness()
        let cancelAll: [UInt8] = [10, 0, 0, 0]
        let forced = cancelAll.withUnsafeBytes { InboxMessage(forced: $0, sender: TestMarket.trader(0)) }
        #expect(harness.inbox.push(TestMarket.inbox + [InboxMessage](repeating: forced, count: 150), first: 0, l1Block: 12))
        for _ in 0..<4 {
            try harness.run()
            harness.nowMs += 250
        }
        #expect(try harness.journaled() == ["O1+64", "X1", "O2+64", "X2", "O3+33", "X3"])
        let kinds = harness.drain().filter { $0.kind == RingRecord.ToGateway.events }.map { record in
            stride(from: 0, to: record.body.count, by: MemoryLayout<Event>.stride).map { record.body[$0] }
        }
        #expect(kinds.map { kinds in kinds.count { $0 == Event.Kind.forced } } == [53, 64, 33])
        #expect(kinds.allSatisfy { kinds in kinds.count { $0 == Event.Kind.forced } == kinds.count { $0 == Event.Kind.cancelledAll } })
        #expect(!harness.inbox.hasMessages)
    }

    @Test func aGapInTheInboxIsRefusedAndRepetitionIsSkipped() throws {
        let harness = try ExecutorHarness()
        #expect(!harness.inbox.push([TestMarket.inbox[3]], first: 3, l1Block: 1))
        #expect(harness.inbox.push(Array(TestMarket.inbox[..<5]), first: 0, l1Block: 1))
        #expect(harness.inbox.push(TestMarket.inbox, first: 0, l1Block: 1))
        #expect(harness.inbox.nextIndex == 11)
        try harness.run()
        #expect(try harness.journaled() == ["O1+11"])
    }

    @Test func resultsNameSequenceBlockAndPosition() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        for count in 0..<3 {
            harness.send(
                TestMarket.envelope(
                    TestMarket.trader(0), nonce: harness.nowMs + UInt64(count), [TestMarket.place(.buy, mantissa: 50_000, lots: 1)]),
                tag: 100 + UInt64(count))
        }
        try harness.run()
        let results = harness.results
        #expect(results.map(\.tag) == [100, 101, 102])
        #expect(results.map(\.sequence) == [1, 2, 3])
        #expect(results.map(\.block) == [2, 2, 2])
        #expect(results.map(\.position) == [0, 1, 2])
        #expect(results.allSatisfy { $0.code == .none && $0.eventKinds == [Event.Kind.placed] })
    }

    @Test func fillsPrecedeTheResultOfTheirCommand() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        let nonce = harness.nowMs
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: nonce, [TestMarket.place(.sell, mantissa: 50_000, lots: 5)]), tag: 1)
        harness.send(TestMarket.envelope(TestMarket.trader(1), nonce: nonce, [TestMarket.place(.buy, mantissa: 50_001, lots: 8)]), tag: 2)
        try harness.run()
        #expect(harness.results.map(\.eventKinds) == [[Event.Kind.placed], [Event.Kind.fill, Event.Kind.placed]])
        #expect(harness.shared.statistics.fills.value == 1)
        #expect(harness.shared.statistics.ordersPlaced.value == 2)
    }

    @Test func refusedBatchesLeaveNoTrace() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        let nonce = harness.nowMs
        let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: nonce, [order]), tag: 1)
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: nonce, [order]), tag: 2)
        harness.send(TestMarket.envelope(.numbered(555), nonce: nonce, [order]), tag: 3)
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: 5, [order]), tag: 4)
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: nonce + 1, []) + [9, 9], tag: 5)
        try harness.run()
        let results = harness.results
        #expect(results.map(\.code) == [.none, .nonceRepeated, .unknownSigner, .nonceTooOld, .malformedPayload])
        #expect(results[1...].allSatisfy { $0.position == .max && $0.eventKinds.isEmpty })
        // Of what was sent again the answer is known; see ``EventLogTests``.
        #expect(results[1...].map { $0.sequence > 0 } == [true, false, false, false])
        #expect(try harness.journaled() == ["O1+11", "X1", "O2", "C"])
        harness.nowMs += 250
        try harness.run()
        _ = harness.sealing.pop()
        #expect(harness.sealing.pop()?.envelopeCount == 1)
    }

    @Test func whileL1IsBehindOnlyNewOrdersAreRefused() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        let nonce = harness.nowMs
        let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)
        let cancel = Command.cancelAll(market: 0, sides: .both)
        func send(_ commands: [Command], _ tag: UInt64) {
            harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: nonce + tag, commands), tag: tag)
        }
        harness.shared.setTakesNewOrders(false)
        send([order], 1)
        send([cancel, order], 2)
        send([.modify(market: 1, orderId: 1, priceCode: 1, lots: 1)], 3)
        send([cancel], 4)
        send([.withdraw(token: 1, atoms: 1)], 5)
        try harness.run()
        #expect(harness.results.map(\.code) == [.settlementBehind, .settlementBehind, .settlementBehind, .none, .none])
        // Nothing of it was applied: the nonce is still free.
        harness.shared.setTakesNewOrders(true)
        send([order], 1)
        try harness.run()
        #expect(harness.results.last?.code == RejectCode.none)
    }

    @Test func silenceMakesEmptyBlocks() throws {
        let harness = try ExecutorHarness { $0.idleBlockIntervalMs = 1000 }
        try harness.run()
        #expect(try harness.journaled().isEmpty)
        for _ in 0..<3 {
            harness.nowMs += 1000
            try harness.run()
        }
        #expect(try harness.journaled() == ["O1", "X1", "O2", "X2", "O3", "X3"])
    }

    /// Nothing else happens: blocks are made when the timer moves through its wheel, and one at its time or as soon after the last as may be.
    @Test func silenceKeepsNoTimerWaiting() throws {
        let harness = try ExecutorHarness { $0.idleBlockIntervalMs = 1_000_000 }
        try harness.fund()
        guard case .place(let order) = TestMarket.place(.buy, mantissa: 50_000, lots: 1) else { preconditionFailure("an order") }
        let expiryMs = harness.nowMs + 100_000
        let latestMs = expiryMs + harness.executor.configuration.blockIntervalMs
        harness.send(
            TestMarket.envelope(TestMarket.trader(0), nonce: TestMarket.startMs, [.placeUntil(order, expiryMs: expiryMs)]), tag: 1)
        try harness.run()
        #expect(harness.results.map(\.code) == [.none])
        let block = harness.executor.producer.blockNumber
        while harness.executor.producer.exchange.nextTimerMs != nil, harness.nowMs < latestMs {
            harness.nowMs += UInt64(harness.executor.sleepMs(nowMs: harness.nowMs))
            try harness.run()
        }
        #expect(harness.executor.producer.exchange.nextTimerMs == nil && (expiryMs...latestMs).contains(harness.nowMs))
        #expect(harness.executor.producer.blockNumber - block <= UInt64(Layout.timerLevels))
    }

    @Test func blockTimeNeverGoesBack() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        harness.nowMs -= 100_000
        harness.send(
            TestMarket.envelope(TestMarket.trader(0), nonce: TestMarket.startMs, [TestMarket.place(.buy, mantissa: 50_000, lots: 1)]),
            tag: 1)
        try harness.run()
        #expect(harness.executor.producer.open?.timeMs == TestMarket.startMs)
    }

    @Test func aClockSetBackDoesNotHoldBlocksOpen() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: TestMarket.startMs, [order]), tag: 1)
        try harness.run()
        harness.nowMs -= 3_600_000
        try harness.run()
        #expect(try harness.journaled() == ["O1+11", "X1", "O2", "C", "X2"])
        harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: TestMarket.startMs + 1, [order]), tag: 2)
        try harness.run()
        harness.nowMs += 249
        try harness.run()
        #expect(try harness.journaled().last == "C")
        harness.nowMs += 1
        try harness.run()
        #expect(try harness.journaled() == ["O1+11", "X1", "O2", "C", "X2", "O3", "C", "X3"])
    }

    /// While the sealer lags, the open block goes on beyond its time; only a block as large as a batch makes the executor stop taking in.
    @Test func aLaggingSealerExtendsTheBlock() throws {
        let harness = try ExecutorHarness { $0.blockBytesMax = 4000 }
        try harness.fund()
        while harness.sealing.hasRoom {
            harness.nowMs += 10_000
            try harness.run()
        }
        let blocks = harness.executor.producer.blockNumber
        let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)
        for count in 0..<100 {
            harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: harness.nowMs + UInt64(count), [order]), tag: UInt64(count))
        }
        try harness.run()
        harness.nowMs += 1000
        try harness.run()
        let first = harness.results
        #expect(first.count == 34, "34 envelopes of 120 bytes in the list reach 4000 bytes")
        #expect(first.allSatisfy { $0.block == blocks + 1 })
        #expect(!harness.input.isEmpty)
        #expect(!harness.executor.hasWork)
        for _ in 0..<8 { harness.sealing.recycle(try #require(harness.sealing.pop())) }
        #expect(harness.executor.hasWork)
        try harness.run()
        let rest = harness.results
        #expect(first.count + rest.count == 100)
        #expect((first + rest).map(\.tag) == (0..<100).map { UInt64($0) })
        #expect(Set(rest.map(\.block)) == [blocks + 2, blocks + 3])
    }

    /// A gateway that reads too slowly stalls the executor; nothing is lost or reordered.
    @Test func aFullOutputRingStallsTheExecutor() throws {
        let harness = try ExecutorHarness(outputBytes: 1 << 12) { $0.outputReserveBytes = 1 << 10 }
        harness.nowMs += 1
        #expect(harness.inbox.push(Array(TestMarket.inbox), first: 0, l1Block: 11))
        try harness.run()
        _ = harness.drain()
        let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)
        for count in 0..<200 {
            harness.send(TestMarket.envelope(TestMarket.trader(0), nonce: harness.nowMs + UInt64(count), [order]), tag: UInt64(count))
        }
        var tags: [UInt64] = []
        while tags.count < 200 {
            try harness.run()
            let results = harness.results
            try #require(!results.isEmpty)
            tags += results.map(\.tag)
        }
        #expect(tags == (0..<200).map { UInt64($0) })
    }
}
