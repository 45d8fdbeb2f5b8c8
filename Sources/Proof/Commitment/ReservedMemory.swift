import Engine
import Glibc

/// Owner of an anonymous memory mapping: reserved address space that costs nothing until it is touched, and then starts as zero.
/// It begins at a multiple of ``hugePageBytes``.
package struct ReservedMemory: ~Copyable {
    /// What one huge page of this processor covers.
    package static let hugePageBytes = 2 << 20

    package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int

    /// Reserves `byteCount` bytes. Throws if the kernel refuses the address space.
    package init(byteCount: Int) throws(ReservationFailed) {
        mappedBytes = byteCount + Self.hugePageBytes
        let mapping = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let mapping, mapping != MAP_FAILED else { throw ReservationFailed(byteCount: byteCount, errorNumber: errno) }
        self.mapping = mapping
        base = mapping.alignedUp(toMultipleOf: Self.hugePageBytes)
        self.byteCount = byteCount
    }

    deinit { munmap(mapping, mappedBytes) }

    /// Asks the kernel for huge pages behind a stretch of bytes that will fill up from its beginning: a record there is then found with far fewer
    /// misses in the processor's table of pages. If the kernel has none, everything stays as it is.
    package func preferHugePages(_ bytes: Range<Int>) {
        madvise(base + bytes.lowerBound, bytes.count, MADV_HUGEPAGE)
    }

    /// Has the kernel put cleared memory behind a range now. Where it cannot (before Linux 5.14), that happens at the first use as ever.
    package func populate(_ bytes: Range<Int>) {
        let populateForWriting: Int32 = 23  // MADV_POPULATE_WRITE
        madvise(base + bytes.lowerBound, bytes.count, populateForWriting)
    }

    /// Puts one huge page in the place of the 512 pages of a stretch (number of it, each ``hugePageBytes``), all of which should be in use: they take as
    /// much memory as before, and far fewer entries in the processor's table of pages. Takes a fraction of a millisecond. If the kernel cannot do it,
    /// everything stays as it is.
    func join(stretch: Int) {
        let collapse: Int32 = 25  // MADV_COLLAPSE, Linux 6.1; not in this glibc's headers.
        madvise(base + stretch * Self.hugePageBytes, Self.hugePageBytes, collapse)
    }
}

/// The kernel refused to reserve address space.
package struct ReservationFailed: Error, CustomStringConvertible {
    package let byteCount: Int
    package let errorNumber: Int32

    package var description: String {
        "cannot reserve \(byteCount >> 20) MiB of address space (errno \(errorNumber)); raise `ulimit -v` or vm.max_map_count"
    }
}
