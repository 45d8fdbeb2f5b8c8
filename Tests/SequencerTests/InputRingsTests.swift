import Testing

@testable import Sequencer

/// Several gateway threads before one executor.
@Suite struct InputRingsTests {
    private func ring(_ count: Int, first: UInt64) throws -> ByteRing {
        let ring = try ByteRing(capacity: 1 << 16)
        for index in 0..<count { #expect(ring.tryWrite(kind: 1, session: 0, tag: first + UInt64(index), bodyBytes: 0) { _ in }) }
        ring.commit()
        return ring
    }

    /// Whoever floods a ring, another's record waits for no more than a share of each.
    @Test func noRingStarvesAnother() throws {
        let rings = [try ring(1000, first: 0), try ring(3, first: 10_000), try ring(0, first: 0), try ring(100, first: 20_000)]
        var inputs = InputRings(rings)
        var order: [UInt64] = []
        while inputs.read({ order.append($0.tag) }) {}
        #expect(inputs.isEmpty && order.count == 1103)
        for first in [UInt64(0), 10_000, 20_000] {
            let own = order.filter { $0 >= first && $0 < first + 10_000 }
            #expect(own == own.sorted(), "in order within a ring")
        }
        #expect(order[..<50].contains(10_000) && order[..<50].contains(20_000))
        // The flood goes on meanwhile, and after the others ended it has all turns.
        #expect(order[..<300].filter { $0 < 1000 }.count > 150)
    }

    @Test func oneRingIsReadToItsEnd() throws {
        var inputs = InputRings([try ring(100, first: 0)])
        var order: [UInt64] = []
        while inputs.read({ order.append($0.tag) }) {}
        #expect(order == (0..<100).map { UInt64($0) })
        #expect(!inputs.read { _ in Issue.record("nothing is left") })
    }
}
