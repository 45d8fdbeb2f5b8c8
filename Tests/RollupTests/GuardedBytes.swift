import Glibc

/// Memory that ends at a page nobody may touch: one byte read or written too far kills the test run.
final class GuardedBytes {
    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int
    /// The last `count` bytes before the forbidden page.
    let bytes: UnsafeMutableRawBufferPointer

    init(count: Int) {
        let page = Int(getpagesize())
        let usable = (count + page - 1) / page * page
        mappedBytes = usable + page
        guard let mapping = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), mapping != MAP_FAILED else {
            fatalError("mmap: \(errno)")
        }
        self.mapping = mapping
        mprotect(mapping + usable, page, PROT_NONE)
        bytes = UnsafeMutableRawBufferPointer(start: mapping + usable - count, count: count)
    }

    deinit { munmap(mapping, mappedBytes) }
}
