import Glibc

/// Zeroed memory from the system.
enum Pages {
    /// `bytes` of zeroed memory that cost nothing until they are used; `touched` makes them present at once. nil when refused.
    static func map(bytes: Int, touched: Bool = false) -> UnsafeMutableRawPointer? {
        guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            memory != MAP_FAILED
        else { return nil }
        // Advice only: without huge pages all works as well, with more misses in the translation buffers.
        _ = madvise(memory, bytes, MADV_HUGEPAGE)
        if touched { touch(memory, bytes: bytes) }
        return memory
    }

    /// Makes the pages of a range that is still all zero present, so that its first use costs no fault.
    static func touch(_ memory: UnsafeMutableRawPointer, bytes: Int) {
        for offset in stride(from: 0, to: bytes, by: 4096) { (memory + offset).storeBytes(of: 0, as: UInt8.self) }
    }

    static func unmap(_ memory: UnsafeMutableRawPointer, bytes: Int) {
        munmap(memory, bytes)
    }
}
