import Glibc
import Testing

@testable import Sequencer

/// Pages of mapped files that are got ready for who writes there.
@Suite struct PagesAheadTests {
    /// How often the kernel had to be asked for a page while `body` wrote.
    private func faults(_ body: () throws -> Void) rethrows -> Int {
        func count() -> Int {
            var usage = rusage()
            getrusage(1 /* RUSAGE_THREAD */, &usage)
            return usage.ru_minflt + usage.ru_majflt
        }
        let before = count()
        try body()
        return count() - before
    }

    private func touch(_ base: UnsafeMutableRawPointer, _ positions: Range<Int>, capacity: Int) {
        for position in stride(from: positions.lowerBound, to: positions.upperBound, by: 4096) {
            base.storeBytes(of: UInt64(position), toByteOffset: position & (capacity - 1), as: UInt64.self)
        }
    }

    /// Also across the end of the ring.
    @Test func writingWhereThePagesAreReadyAsksTheKernelForNothing() throws {
        let directory = try TestDirectory()
        let file = try JournalTailFile(creating: directory.file("journal.tail"), capacity: 1 << 21, deployment: .test, mark: 0)
        let ahead = PagesAhead.aheadBytesMax
        var pages = PagesAhead(base: file.records, capacity: file.capacity)
        // The first time that this counts, it does so over its own pages.
        _ = faults { touch(file.records, 0..<1, capacity: file.capacity) }
        for position in [0, ahead / 2, file.capacity - ahead / 2, file.capacity + 3 * ahead] {
            pages.follow(position)
            #expect(faults { touch(file.records, position..<position + ahead - 4096, capacity: file.capacity) } == 0, "from \(position)")
        }
        // Or else this test would show nothing.
        let beyond = 5 * ahead..<6 * ahead
        #expect(faults { touch(file.records, beyond, capacity: file.capacity) } > 0)
    }

    @Test func whatIsWrittenThereStays() throws {
        let directory = try TestDirectory()
        let file = try JournalTailFile(creating: directory.file("journal.tail"), capacity: 1 << 16, deployment: .test, mark: 0)
        touch(file.records, 0..<file.capacity, capacity: file.capacity)
        var pages = PagesAhead(base: file.records, capacity: file.capacity)
        for position in stride(from: 0, to: 3 * file.capacity, by: 1000) { pages.follow(position) }
        for position in stride(from: 0, to: file.capacity, by: 4096) {
            #expect(file.records.load(fromByteOffset: position, as: UInt64.self) == UInt64(position))
        }
    }
}
