import Foundation
import SeededRandom
import Testing

/// The library that `LoadTests/build-harness-adapter` builds, driven through its C functions as the public harness does, against a naive book.
///
/// `MEMEX_SEED` runs one stream again, `MEMEX_STEPS` makes the streams longer.
@Suite(.serialized) struct HarnessAdapterTests {
    private static let environment = ProcessInfo.processInfo.environment
    static let seeds: [UInt64] = environment["MEMEX_SEED"].flatMap(UInt64.init).map { [$0] } ?? [1, 2, 3]
    static let steps = environment["MEMEX_STEPS"].flatMap(Int.init) ?? 4_000
    private static let library = Result { try AdapterLibrary() }

    /// One message a call, reports through our own queue, the book compared after every message.
    @Test(arguments: seeds)
    func likeANaiveBook(seed: UInt64) throws {
        print("harness adapter: seed \(seed), \(Self.steps) messages")
        let adapter = try Self.library.get()
        let transport = adapter.transport.pointee
        let queue = try #require(transport.create?(1 << 12))
        adapter.initialize(adapter.transport, queue)
        defer {
            adapter.shutDown()
            transport.destroy?(queue)
        }
        var stream = MessageStream(seed: seed)
        var naive = NaiveBook()
        var kinds = Set<UInt8>()
        for sequence in 0..<UInt64(Self.steps) {
            let message = stream.next(naive)
            let expected = naive.handle(message, sequence: sequence)
            adapter.handle(message, sequence: sequence)
            adapter.flush()
            transport.flush?(queue)
            try #require(Self.drain(transport, queue) == expected, "seed \(seed), message \(sequence): \(message)")
            try #require(adapter.bestBid == naive.bestBid && adapter.bestAsk == naive.bestAsk, "seed \(seed), message \(sequence)")
            for isSell in [false, true] {
                let ticks = stream.price()
                try #require(
                    adapter.depth(ticks: ticks, isSell: isSell) == naive.depth(ticks: ticks, isSell: isSell), "seed \(seed), \(sequence)")
            }
            for report in expected { kinds.insert(report.kind) }
        }
        #expect(kinds == [0, 1, 2, 3, 4, 5], "reports that never came")
    }

    /// Messages in batches, reports through a queue of the harness that is full at every third try.
    @Test(arguments: seeds)
    func inBatchesThroughAnotherQueue(seed: UInt64) throws {
        struct Queue {
            var reports: [HarnessReport] = []
            var tries = 0
        }
        let adapter = try Self.library.get()
        let transport = UnsafeMutablePointer<AdapterLibrary.Transport>.allocate(capacity: 1)
        let queue = UnsafeMutablePointer<Queue>.allocate(capacity: 1)
        queue.initialize(to: Queue())
        transport.initialize(
            to: AdapterLibrary.Transport(push: { handle, record in
                let queue = handle!.assumingMemoryBound(to: Queue.self)
                queue.pointee.tries += 1
                guard queue.pointee.tries % 3 != 0 else { return 0 }
                queue.pointee.reports.append(AdapterLibrary.report(at: record))
                return 1
            }))
        adapter.initialize(transport, queue)
        defer {
            adapter.shutDown()
            queue.deinitialize(count: 1).deallocate()
            transport.deallocate()
        }
        var stream = MessageStream(seed: seed)
        var naive = NaiveBook()
        for first in stride(from: UInt64(0), to: UInt64(Self.steps), by: 37) {
            var messages: [HarnessMessage] = []
            var expected: [HarnessReport] = []
            for sequence in first..<first + 37 {
                messages.append(stream.next(naive))
                expected += naive.handle(messages.last!, sequence: sequence)
            }
            adapter.handle(batch: messages, firstSequence: first)
            adapter.flush()
            try #require(queue.pointee.reports == expected, "seed \(seed), messages from \(first)")
            queue.pointee.reports.removeAll()
        }
    }

    @Test(arguments: [["--help"], [], ["--fast", "out.so"], ["a.so", "b.so"], ["/nowhere/out.so"]])
    func scriptAnswers(arguments: [String]) throws {
        let (status, output) = try AdapterLibrary.runScript(arguments)
        #expect(status == (arguments == ["--help"] ? 0 : arguments == ["/nowhere/out.so"] ? 1 : 2))
        #expect(output.contains(status == 0 ? "OUT.so" : "build-harness-adapter: "))
    }

    private static func drain(_ transport: AdapterLibrary.Transport, _ queue: UnsafeMutableRawPointer) -> [HarnessReport] {
        var reports: [HarnessReport] = []
        withUnsafeTemporaryAllocation(byteCount: 16 * 64, alignment: 64) { records in
            while let count = transport.drain?(queue, records.baseAddress!, 16), count > 0 {
                for index in 0..<Int(count) { reports.append(AdapterLibrary.report(at: records.baseAddress! + 64 * index)) }
            }
        }
        return reports
    }
}

/// Random messages: narrow prices so that much crosses, ids that are used again, cancels and modifies of what is gone.
private struct MessageStream {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Around 0, so that both signs and neighbouring groups of 64 prices occur; now and then far away.
    mutating func price() -> Int64 {
        let near = Int64.random(in: -70...70, using: &random)
        return Int.random(in: 0..<40, using: &random) == 0 ? near * 20_000 : near
    }

    mutating func next(_ book: NaiveBook) -> HarnessMessage {
        let id = anyId()
        let isSell = Bool.random(using: &random)
        let quantity = UInt32.random(in: 1...30, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5 where !book.rests(id):
            return .newOrder(
                id: id, ticks: price(), quantity: quantity, isSell: isSell, isImmediate: Int.random(in: 0..<5, using: &random) == 0)
        case 0..<8: return .cancel(id: id)
        default: return .modify(id: id, ticks: price(), quantity: quantity, isSell: isSell)
        }
    }

    /// Some beyond 32 bits.
    private mutating func anyId() -> UInt64 { UInt64.random(in: 0..<400, using: &random) &* (1 << 24 &+ 1) &* (1 << 16) }
}
