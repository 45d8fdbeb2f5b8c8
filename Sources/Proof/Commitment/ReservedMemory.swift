import Engine
import Glibc

/// Owner of an anonymous memory mapping: reserved address space that costs nothing until it is touched, and then starts as zero.
package struct ReservedMemory: ~Copyable {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    /// Reserves `byteCount` bytes. Throws if the kernel refuses the address space.
    package init(byteCount: Int) throws(ReservationFailed) {
        let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let base, base != MAP_FAILED else { throw ReservationFailed(byteCount: byteCount, errorNumber: errno) }
        self.base = base
        self.byteCount = byteCount
    }

    deinit { munmap(base, byteCount) }
}

/// The kernel refused to reserve address space.
package struct ReservationFailed: Error, CustomStringConvertible {
    package let byteCount: Int
    package let errorNumber: Int32

    package var description: String {
        "cannot reserve \(byteCount >> 20) MiB of address space (errno \(errorNumber)); raise `ulimit -v` or vm.max_map_count"
    }
}
