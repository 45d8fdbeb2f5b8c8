import Engine
import Proof
import Testing

@testable import Sequencer

/// An executor without threads, stepped by the test's own clock.
final class ExecutorHarness {
    let directory: TestDirectory
    let executor: Executor
    let journal: Journal
    let shared: NodeShared
    let inbox: InboxQueue
    let sealing: SealQueue
    let input: ByteRing
    let log: EventLog
    let output: EventLogReader
    var nowMs = TestMarket.startMs

    /// Nobody moves rows out of the journal's tail but ``journaled()``.
    init(
        inputBytes: Int = 1 << 20, outputBytes: Int = 1 << 20, journalTailBytes: Int = 1 << 20,
        _ configure: (inout ExecutorConfiguration) -> Void = { _ in }
    ) throws {
        directory = try TestDirectory()
        var configuration = ExecutorConfiguration()
        configure(&configuration)
        let parker = try Parker()
        input = try ByteRing(capacity: inputBytes)
        log = try EventLog(capacity: outputBytes)
        output = log.makeReader()
        journal = try Journal(
            path: directory.file("journal.sqlite"), durability: .process, deployment: .test, tailBytes: journalTailBytes,
            groupBytesMax: configuration.groupBytesBound)
        shared = NodeShared(
            executorParker: parker, sealerParker: try Parker(), journalParker: journal.parker, statistics: NodeStatistics(),
            head: SealedHead())
        inbox = InboxQueue(nextIndex: 0, l1Block: 10, parker: parker)
        sealing = SealQueue(executor: parker, sealer: shared.sealerParker)
        executor = Executor(
            producer: BlockProducer(try HostedExchange(), sequence: 0),
            journal: journal, inputs: [input], log: log, answers: try AnswerTable(), inbox: inbox, sealing: sealing, shared: shared,
            configuration: configuration, l1Origin: 0)
    }

    /// Steps at the present time until nothing is left to do.
    func run() throws {
        while try executor.step(nowMs: nowMs) > 0 {}
    }

    /// Feeds the listings and deposits and closes their block.
    func fund() throws {
        #expect(inbox.push(TestMarket.inbox, first: 0, l1Block: 11))
        try run()
        nowMs += 250
        try run()
        _ = drain()
    }

    func send(_ envelope: [UInt8], tag: UInt64) {
        let isWritten = input.tryWrite(kind: RingRecord.ToExecutor.commands, session: 7, tag: tag, bodyBytes: envelope.count) { body in
            envelope.withUnsafeBytes { body.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        }
        #expect(isWritten)
        input.commit()
    }

    func query(_ kind: QueryKind, market: UInt16 = 0, depth: UInt16 = 0, address: Address = .zero) throws -> [UInt8] {
        _ = input.tryWrite(kind: RingRecord.ToExecutor.query, session: 7, tag: 1, bodyBytes: QueryLayout.bytes) { body in
            body.initializeMemory(as: UInt8.self, repeating: 0, count: QueryLayout.bytes)
            body.storeBytes(of: kind.rawValue, as: UInt8.self)
            body.storeBytes(of: market, toByteOffset: QueryLayout.market, as: UInt16.self)
            body.storeBytes(of: depth, toByteOffset: QueryLayout.depth, as: UInt16.self)
            body.storeBytes(of: address, toByteOffset: QueryLayout.address, as: Address.self)
        }
        input.commit()
        try run()
        return try #require(drain().last { $0.kind == RingRecord.ToGateway.queryReply }).body
    }

    struct Output {
        var kind: UInt8
        var flags: UInt8
        var session: UInt32
        var body: [UInt8]
        var result: TestResult?
    }

    /// Everything that the gateway could read now.
    func drain() -> [Output] {
        var records: [Output] = []
        while output.read({ record in
            let result = record.kind == RingRecord.ToGateway.result ? TestResult(record) : nil
            records.append(
                Output(kind: record.kind, flags: record.flags, session: record.session, body: Array(record.body), result: result))
        }) {}
        return records
    }

    var results: [TestResult] { drain().compactMap(\.result) }

    /// The journal's entries as kinds: "O1" block 1 opened, "C" commands, "X1" block 1 closed.
    func journaled() throws -> [String] {
        var entries: [String] = []
        while try journal.move() > 0 {}
        try journal.archive.replay { _, record in
            switch record {
            case .blockOpened(let opening, let messages):
                entries.append("O\(opening.number)" + (messages.isEmpty ? "" : "+\(messages.count / 160)"))
            case .commands: entries.append("C")
            case .blockClosed(let number): entries.append("X\(number)")
            }
        }
        return entries
    }
}

extension [UInt8] {
    func integer<Integer: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as: Integer.Type = Integer.self) -> Integer {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Integer.self) }
    }
}
