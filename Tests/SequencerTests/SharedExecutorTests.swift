import Engine
import Foundation
import SeededRandom
import Synchronization
import Testing

@testable import Sequencer

/// The executor passes from thread to thread, and one at a time has it.
@Suite struct SharedExecutorTests {
    /// Sequences of each thread's batches.
    private final class Admitted: Sendable {
        let all: Mutex<[[UInt64]]>

        init(_ threads: Int) { all = Mutex([[UInt64]](repeating: [], count: threads)) }
    }

    private final class Counter: Sendable {
        private let value = Atomic<Int>(0)

        var count: Int { value.load(ordering: .relaxed) }
        func add() { value.add(1, ordering: .relaxed) }
    }

    /// As a thread of the gateway: steps itself if the executor's thread sleeps, or wakes it.
    private static func commit(_ port: ExecutorPort, _ sequencer: Sequencer, _ envelope: [UInt8], stepping: Bool) -> Bool {
        let isWritten = port.toExecutor.tryWrite(
            kind: RingRecord.ToExecutor.commands, session: UInt32(port.thread) << 28 | 1 << 16, tag: 1, bodyBytes: envelope.count
        ) { body in
            envelope.withUnsafeBytes { body.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        }
        precondition(isWritten)
        port.toExecutor.commit()
        if stepping, sequencer.stepInPlace(makeRoom: {}) { return true }
        sequencer.wakeExecutor()
        return false
    }

    /// Steps until it was this thread that did the work: the executor's thread goes to sleep some time.
    private func executeInPlace(_ node: TestNode, nonce: inout UInt64) throws {
        let order = TestMarket.place(.buy, mantissa: 50_000, lots: 1)
        var isInPlace = false
        while !isInPlace {
            nonce += 1
            isInPlace = Self.commit(
                node.sequencer.ports[0], node.sequencer, TestMarket.envelope(TestMarket.trader(0), nonce: nonce, [order]), stepping: true)
            #expect(!isInPlace || !node.sequencer.ports[0].fromExecutor.isEmpty)
            _ = try node.awaitResult()
        }
    }

    @Test func whoStepsHasTheAnswerAtOnce() throws {
        let directory = try TestDirectory()
        let node = try TestNode(try TestMarket.configuration(directory))
        node.pushInbox()
        var nonce = SystemClock.nowMs()
        try executeInPlace(node, nonce: &nonce)
        try node.stop()
    }

    @Test func withFsyncNobodyElseStepsIn() throws {
        let directory = try TestDirectory()
        var configuration = try TestMarket.configuration(directory)
        configuration.durability = .fsync
        let node = try TestNode(configuration)
        node.pushInbox()
        for _ in 0..<1000 { #expect(!node.sequencer.stepInPlace(makeRoom: {})) }
        try node.stop()
    }

    /// A thread of the gateway that writes to a disk on which others wait would wait, too, and with it all of its clients.
    @Test func whileTheDiskIsSlowOnlyTheExecutorsThreadStepsIn() throws {
        let harness = try ExecutorHarness()
        try harness.fund()
        let shared = SharedExecutor(harness.executor, isLent: true, clockMs: { TestMarket.startMs })
        let node = harness.shared
        let ended = DispatchSemaphore(value: 0)
        Thread {
            shared.begin()
            while !node.isStopping { _ = shared.sleep(timeoutMs: 3_600_000) }
            ended.signal()
        }.start()
        // Until the thread sleeps.
        while !shared.stepInPlace(makeRoom: {}) { sched_yield() }
        harness.journal.writes.whileWriting {
            while !harness.journal.writes.isDiskSlow { usleep(1000) }
            #expect(!(0..<1000).contains { _ in shared.stepInPlace(makeRoom: {}) })
        }
        while !shared.stepInPlace(makeRoom: {}) { sched_yield() }
        node.setStopping()
        ended.wait()
        shared.end()
    }

    /// The executor's thread sleeps for an hour when a step in its place opens a block: it must hear of it to close the block.
    @Test(.timeLimit(.minutes(15))) func aBlockOpenedInPlaceIsClosedInTime() throws {
        let directory = try TestDirectory()
        var configuration = try TestMarket.configuration(directory)
        configuration.executor.blockIntervalMs = 5
        configuration.executor.idleBlockIntervalMs = 3_600_000
        let sealed = try Parker()
        let node = try TestNode(configuration) { _ in sealed.wake() }
        node.pushInbox()
        var nonce = SystemClock.nowMs()
        for _ in 0..<3 {
            try executeInPlace(node, nonce: &nonce)
            let block = node.lastBlock
            while node.sequencer.shared.sealedHead.number < block {
                sealed.park(timeoutMs: 1000) { node.sequencer.shared.sealedHead.number >= block }
            }
        }
        try node.stop()
    }

    /// Several threads step in and wake at random; everybody gets every answer once and in order, and the journal tells the same story.
    @Test func manyThreadsShareIt() throws {
        let threads = 3
        let countOfEach = 400
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        let directory = try TestDirectory()
        var configuration = try TestMarket.configuration(directory)
        configuration.gatewayThreads = threads
        configuration.eventLogBytes = 4 << 20
        configuration.executor.blockIntervalMs = 2
        let sequencer = try Sequencer(configuration, logger: TestMarket.quiet)
        let parkers = try (0..<threads).map { _ in try Parker() }
        sequencer.shared.connect(
            wakeGateway: { for parker in parkers { parker.wake() } }, blockSealed: nil,
            failed: { _ in for parker in parkers { parker.wake() } })
        try sequencer.start()
        #expect(sequencer.inbox.push(TestMarket.inbox, first: 0, l1Block: 1))
        let admitted = Admitted(threads)
        let inPlace = Counter()
        let group = DispatchGroup()
        for thread in 0..<threads {
            group.enter()
            Thread {
                var random = SeededGenerator(seed: seed &+ UInt64(thread))
                let port = sequencer.ports[thread]
                var nonce = SystemClock.nowMs()
                var sequences: [UInt64] = []
                while sequences.count < countOfEach {
                    nonce += 1
                    let envelope = TestMarket.envelope(
                        TestMarket.trader(UInt32(thread)), nonce: nonce, [TestMarket.place(.buy, mantissa: 40_000, lots: 1)])
                    if Self.commit(port, sequencer, envelope, stepping: Int.random(in: 0..<4, using: &random) > 0) {
                        inPlace.add()
                    }
                    var isAnswered = false
                    while !isAnswered {
                        let hasRead = port.fromExecutor.read { record in
                            guard record.kind == RingRecord.ToGateway.result, record.session >> 28 == UInt32(thread) else { return }
                            let result = TestResult(record)
                            guard record.session != 0, result.nonce == nonce else { return }
                            isAnswered = true
                            // Before the deposits there are no accounts.
                            if result.code == .none { sequences.append(result.sequence) }
                        }
                        if !hasRead { parkers[thread].park(timeoutMs: 10_000) { !port.fromExecutor.isEmpty } }
                    }
                }
                admitted.all.withLock { $0[thread] = sequences }
                // Others wait for nobody who no longer reads.
                while admitted.all.withLock({ $0.contains(where: \.isEmpty) }) {
                    while port.fromExecutor.read({ _ in }) {}
                    parkers[thread].park(timeoutMs: 10) { !port.fromExecutor.isEmpty }
                }
                group.leave()
            }.start()
        }
        group.wait()
        sequencer.shared.setGatewayGone()
        try sequencer.stop()
        let all = admitted.all.withLock { $0 }
        for sequences in all { #expect(sequences == sequences.sorted()) }
        #expect(all.flatMap { $0 }.sorted() == (1...UInt64(threads * countOfEach)).map { $0 }, "seed \(seed)")
        print("\(inPlace.count) in place")
        // The threads' last references may keep the files for a moment.
        let copy = try TestDirectory()
        try FileManager.default.copyItem(atPath: directory.path + "/data", toPath: copy.path + "/data")
        let recovered = try Sequencer(try TestMarket.configuration(copy), logger: TestMarket.quiet)
        #expect(recovered.recoveredSequence == UInt64(threads * countOfEach))
    }

    @Test func aSecondThreadIsAFault() async {
        await #expect(processExitsWith: .failure) {
            let harness = try ExecutorHarness()
            let shared = SharedExecutor(harness.executor, isLent: true, clockMs: { 0 })
            shared.begin()
            shared.begin()
        }
    }

    /// Before the executor's thread has it, nobody has.
    @Test func nobodyStepsInBeforeTheStart() throws {
        let harness = try ExecutorHarness()
        let shared = SharedExecutor(harness.executor, isLent: true, clockMs: { TestMarket.startMs })
        #expect(!shared.stepInPlace(makeRoom: {}))
        shared.begin()
        #expect(!shared.stepInPlace(makeRoom: {}))
    }
}
