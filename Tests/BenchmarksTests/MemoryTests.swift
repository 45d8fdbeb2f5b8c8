import CMeasure
import Testing

@testable import Benchmarks

/// What the transition takes from the machine.
@Suite struct MemoryTests {
    /// The counter counts: otherwise the test below would pass whatever the engine did.
    @Test func allocationsAreCounted() {
        let before = measure_allocation_count()
        var arrays: [[UInt64]] = []
        for count in 1...100 { arrays.append(Array(repeating: 7, count: count)) }
        #expect(arrays.count == 100)
        #expect(measure_allocation_count() - before >= 100)
    }

    /// The naive reference allocates under the same counter, in the same loop.
    @Test func transitionAllocatesNothing() throws {
        let operations = OperationGenerator.stream(.ops, count: 20_000, accountCount: 100, burst: 1)
        let stream = EnvelopeStream(operations, accountCount: 100, batch: 1)
        func allocations(_ subject: some Subject) -> UInt64 {
            var subject = subject
            let half = stream.envelopeCount - 10_000
            subject.execute(stream, 0..<half)
            let before = measure_allocation_count()
            subject.execute(stream, half..<stream.envelopeCount)
            return measure_allocation_count() - before
        }
        #expect(allocations(try EngineSubject(accountCount: 100)) == 0)
        #expect(allocations(NaiveSubject(accountCount: 100)) > 10_000)
    }

    /// 32 bytes of order, 64 of details, and its share of levels and dirty marks; beside them the index of client ids, whose 64 MiB a million orders
    /// have already touched.
    @Test func aRestingOrderCostsAtMost128Bytes() throws {
        let memory = try MemoryPerOrder(orderCount: 1_000_000)
        print(
            "\(memory.residentBytes) bytes resident for each order, \(memory.residentIndexBytes) of the index, \(memory.cellBytes) in cells"
        )
        let apart = memory.residentBytes - memory.residentIndexBytes
        #expect(apart > 96 && apart <= 128)
        #expect(memory.residentIndexBytes <= 67.2)
        #expect(memory.cellBytes > 96 && memory.cellBytes <= 128)
    }
}
