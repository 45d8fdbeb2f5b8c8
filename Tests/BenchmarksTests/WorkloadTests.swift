import Engine
import Foundation
import Testing

@testable import Benchmarks

/// Every kind of workload on tiny inputs: engine and naive reference must agree, and what the tables claim must be able to fail.
@Suite struct WorkloadTests {
    static let options = WorkloadList.Options(rounds: 2, commands: 3_000, dataFolder: "/nonexistent", bookReplay: "/nonexistent")
    static let recording = """
        seconds,message_type,order_id,quantity,price,direction
        34200.1,3,7,18,5853300,1
        34200.2,1,8,50,5853400,1
        34200.3,1,9,40,5853500,-1
        34200.4,4,8,20,5853400,1
        34200.5,2,9,15,5853500,-1
        34200.6,4,0,15,5853500,-1
        34200.7,3,9,25,5853500,-1
        """

    @Test(arguments: ["transition-ops", "transition-ops-20", "transition-quote"])
    func generated(name: String) throws {
        let entry = try #require(WorkloadList.entries.first { $0.name == name })
        let result = try #require(try WorkloadList.run(entry, Self.options, Clock.Ticks()))
        print("\(name): digest \(String(result.digest, radix: 16)), \(result.fills) fills")
        #expect(result.fills > 100 && result.rejects == 0 && result.resting > 9_000)
        #expect(result.commandsPerSecond > 0 && result.medianNs > 0 && result.p99Ns >= result.medianNs && result.ratio > 0)
    }

    @Test(arguments: [0, 1]) func recordingsAreReadWithNamesOfColumnsAndWithout(linesDropped: Int) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("memex-\(UUID().uuidString).csv").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let lines = Self.recording.split(separator: "\n").dropFirst(linesDropped)
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let expected = try RecordedFlow(text: Self.recording, format: .lobster, name: path).stream(count: 10)
        let read = try OperationStream.flow(file: path, count: 10)
        #expect(!read.operations.isEmpty && read.operations.count == expected.operations.count && read.idMax == expected.idMax)
    }

    @Test func whatIsNotThereIsSkipped() throws {
        let prefixes = ["transition-aapl", "transition-btc", "book"]
        for entry in WorkloadList.entries where prefixes.contains(where: { entry.name.hasPrefix($0) }) {
            #expect(try WorkloadList.run(entry, Self.options, Clock.Ticks()) == nil)
        }
    }

    /// A session by hand: one order from before, an execution as a take, a partial cancel as cancel and add.
    @Test func recordedFlowBecomesOperations() throws {
        let stream = try RecordedFlow(text: Self.recording, format: .lobster, name: "test").stream(count: 1)
        let kinds = stream.operations.map { [UInt64($0.kind), $0.id, UInt64($0.side), UInt64($0.tick), UInt64($0.lots)] }
        #expect(
            kinds == [
                [0, 1, 0, 58_533, 18], [1, 1, 0, 0, 0], [0, 2, 0, 58_534, 50], [0, 3, 1, 58_535, 40], [2, 4, 1, 58_534, 20],
                [1, 3, 1, 0, 0], [0, 5, 1, 58_535, 25], [1, 5, 1, 0, 0], [1, 2, 0, 0, 0],
            ])
        #expect(stream.prefillCount == 1 && stream.sessionEnds == [9] && stream.idMax == 5)
        #expect(throws: FlowError.self) { try RecordedFlow(text: "34200.1,1,x,18,5853300,1", format: .lobster, name: "test") }
    }

    @Test(arguments: [1, 20])
    func recordedFlowTrades(batch: Int) throws {
        let flow = try RecordedFlow(text: Self.recording, format: .lobster, name: "test")
        var stream = flow.stream(count: 5_000)
        if batch > 1 { stream = stream.inBursts(of: batch, accountCount: 10) }
        let envelopes = EnvelopeStream(stream, accountCount: 10, batch: batch)
        let benchmark = TransitionBenchmark(name: "recorded", stream: envelopes, warmUp: 1_000, rounds: 2)
        let result = try benchmark.run(ticks: Clock.Ticks())
        // Regrouped by accounts, so small a session has no trades.
        #expect(result.fills > 500 || batch > 1)
        #expect(result.rejects == 0 && result.resting == 0)
    }

    /// Every kind of order; enough commands for several blocks, so that timers go off.
    @Test func everyKindOfOrder() throws {
        let entry = try #require(WorkloadList.entries.first { $0.name == "transition-orders" })
        let options = WorkloadList.Options(rounds: 1, commands: 70_000, dataFolder: "", bookReplay: "")
        let result = try #require(try WorkloadList.run(entry, options, Clock.Ticks()))
        print("transition-orders: digest \(String(result.digest, radix: 16)), \(result.fills) fills, \(result.rejects) refused")
        #expect(result.fills > 10_000 && result.rejects > 100 && result.resting > 5_000)
        for kind in [
            Event.Kind.placed, Event.Kind.fill, Event.Kind.cancelled, Event.Kind.rejected, Event.Kind.reduced, Event.Kind.modified,
            Event.Kind.triggerPlaced, Event.Kind.triggered,
        ] {
            #expect(result.kinds >> UInt64(kind) & 1 == 1, "no event of kind \(kind)")
        }
    }

    /// A published digest that is not met ends the benchmark.
    @Test func wrongTradesAreFound() throws {
        let stream = try RecordedFlow(text: Self.recording, format: .lobster, name: "test").stream(count: 100)
        let envelopes = EnvelopeStream(stream, accountCount: 10, batch: 1)
        let benchmark = TransitionBenchmark(
            name: "recorded", stream: envelopes, warmUp: 10, rounds: 1, published: TradeDigest(trades: 1, hash: 2))
        #expect(throws: BenchmarkError.self) { try benchmark.run(ticks: Clock.Ticks()) }
    }
}
