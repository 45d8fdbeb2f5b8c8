#if canImport(CPrefetch)
internal import CPrefetch
#endif

/// The arena and the marks of what was written to it: a handle whose copies name the same memory.
///
/// Reads are plain loads. Every write goes through ``write(_:as:)`` or follows a ``touch(_:)``, which mark the cell on the host and
/// compile to nothing in the guest, where the machine itself knows what was written.
package struct Arena: BitwiseCopyable {
    let base: UnsafeMutableRawPointer
    #if !MEMEX_GUEST
    /// One byte a cell: 1 once it was written. (Beside one bit a cell this saves a shift, a mask and a dependent test at every write.)
    private let marks: UnsafeMutablePointer<UInt8>
    /// How many groups of 64 cells have a mark, then their indices in the order of their first marks.
    private let markedGroups: UnsafeMutablePointer<UInt32>
    #endif

    @inline(__always)
    init(_ memory: ExchangeMemory) {
        base = memory.arena
        #if !MEMEX_GUEST
        marks = memory.dirtyMarks
        markedGroups = memory.dirtyGroups
        #endif
    }

    /// A pointer to a record for reading.
    @inline(__always)
    func read<Record: BitwiseCopyable>(_ offset: Int, as: Record.Type) -> UnsafePointer<Record> {
        UnsafePointer((base + offset).assumingMemoryBound(to: Record.self))
    }

    /// A pointer to a record for reading and writing, with the cell it begins in marked; longer records mark the others themselves.
    @inline(__always)
    func write<Record: BitwiseCopyable>(_ offset: Int, as: Record.Type) -> UnsafeMutablePointer<Record> {
        touch(offset)
        return unmarked(offset, as: Record.self)
    }

    /// A pointer to a record whose cell the caller has marked already, or marks if it does write.
    @inline(__always)
    func unmarked<Record: BitwiseCopyable>(_ offset: Int, as: Record.Type) -> UnsafeMutablePointer<Record> {
        (base + offset).assumingMemoryBound(to: Record.self)
    }

    /// Marks the cell at `offset` as written.
    @inline(__always)
    func touch(_ offset: Int) {
        #if !MEMEX_GUEST
        let cell = offset &>> 6
        if _slowPath(marks[cell] == 0) { mark(cell) }
        #endif
    }

    /// Asks for the cache line at `offset`, which may be any number, without waiting for it. Nothing in the guest and wherever Engine's sources are
    /// compiled without module CPrefetch.
    @inline(__always)
    func prefetch(_ offset: Int) {
        #if canImport(CPrefetch)
        memex_prefetch_line(base + offset)
        #endif
    }

    /// The same, and for the mark of its cell.
    @inline(__always)
    func prefetchForWriting(_ offset: Int) {
        #if canImport(CPrefetch)
        memex_prefetch_line(base + offset)
        memex_prefetch_line(marks + offset &>> 6)
        #endif
    }

    #if !MEMEX_GUEST
    @inline(never)
    private func mark(_ cell: Int) {
        let group = UnsafeRawPointer(marks + (cell & ~63)).assumingMemoryBound(to: UInt64.self)
        var any: UInt64 = 0
        for word in 0..<8 { any |= group[word] }
        marks[cell] = 1
        guard any == 0 else { return }
        let count = markedGroups[0] + 1
        markedGroups[Int(count)] = UInt32(truncatingIfNeeded: cell / 64)
        markedGroups[0] = count
    }

    /// Calls `body` with the index and the 64 bytes of every marked cell, then clears the marks.
    /// The order is that of the first writes of 64-cell groups.
    func drain(_ body: (_ cellIndex: UInt32, _ bytes: UnsafeRawPointer) -> Void) {
        for position in 0..<Int(markedGroups[0]) {
            let group = Int(markedGroups[1 + position]) * 64
            for eight in stride(from: group, to: group + 64, by: 8) {
                let word = UnsafeMutableRawPointer(marks + eight).assumingMemoryBound(to: UInt64.self)
                var marked = word.pointee
                word.pointee = 0
                while marked != 0 {
                    let cell = eight + marked.trailingZeroBitCount / 8
                    marked &= marked - 1
                    body(UInt32(truncatingIfNeeded: cell), base + cell * Layout.cellBytes)
                }
            }
        }
        markedGroups[0] = 0
    }
    #else
    func drain(_ body: (_ cellIndex: UInt32, _ bytes: UnsafeRawPointer) -> Void) {}
    #endif
}
