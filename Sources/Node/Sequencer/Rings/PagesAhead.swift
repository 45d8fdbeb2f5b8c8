import Glibc

/// Gets pages of a mapped ring ready for the thread that is about to write there. One thread, not that one.
///
/// The first write to a page that the disk has waits for the kernel to note that it changes, and that can take as long as the file system is busy with something
/// else: seconds. Afterwards, until the kernel writes the page to the disk, which is half a minute by default, writes take nothing but memory.
struct PagesAhead {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private let aheadBytes: Int
    private var end = 0

    static let aheadBytesMax = 256 << 10
    private static let pageBytes = 4096

    /// A ring of `capacity` bytes, a power of two, from `base` on, where a page begins.
    init(base: UnsafeMutableRawPointer, capacity: Int) {
        self.base = base
        self.capacity = capacity
        aheadBytes = min(Self.aheadBytesMax, capacity / 4)
    }

    /// The writer has come to `position`, as positions of rings count: makes what lies before it ready.
    mutating func follow(_ position: Int) {
        let goal = (position + aheadBytes) & ~(Self.pageBytes - 1)
        var start = max(end, position & ~(Self.pageBytes - 1))
        while start < goal {
            let offset = start & (capacity - 1)
            let byteCount = min(goal - start, capacity - offset)
            // Contents stay as they are. Failing (before Linux 5.14) does no harm.
            madvise(base + offset, byteCount, 23 /* MADV_POPULATE_WRITE */)
            start += byteCount
        }
        end = max(end, goal)
    }
}
