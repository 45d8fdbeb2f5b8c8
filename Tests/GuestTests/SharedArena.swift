import CLinux
import Engine
import Foundation
import Proof
import Testing

/// An arena in a memory file that another process can map: what that process wrote, to the last byte, can be told from what it never touched.
final class SharedArena {
    static let pageBytes = 4096
    private let file: Int32
    let base: UnsafeMutableRawPointer

    init() throws {
        file = linux_memory_file("memex-arena")
        try #require(file >= 0, "cannot make a memory file: \(errno)")
        try #require(ftruncate(file, off_t(Layout.arenaBytes)) == 0)
        let mapped = mmap(nil, Layout.arenaBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0)
        base = try #require(mapped != MAP_FAILED ? mapped : nil, "cannot map 32 GiB of address space")
    }

    deinit {
        munmap(base, Layout.arenaBytes)
        close(file)
    }

    /// Where other processes find the file.
    var path: String { "/proc/\(getpid())/fd/\(file)" }

    /// Numbers of the pages that exist in the file.
    func pages() -> [Int] {
        var pages: [Int] = []
        var position = linux_next_data(file, 0)
        while position >= 0 {
            let end = linux_next_hole(file, position)
            pages += position / Self.pageBytes..<(end + Self.pageBytes - 1) / Self.pageBytes
            position = linux_next_data(file, end)
        }
        return pages
    }

    /// Indices of the cells that differ from those of `other`, at most `limit`; every page that exists in either is compared.
    func differences(from other: HostedExchange, limit: Int) -> (cells: [Int], comparedPages: Int) {
        let pages = Set(pages()).union(Self.residentPages(other.arenaBytes)).sorted()
        var cells: [Int] = []
        for page in pages where memcmp(base + page * Self.pageBytes, other.arenaBytes + page * Self.pageBytes, Self.pageBytes) != 0 {
            let first = page * Self.pageBytes / Layout.cellBytes
            for cell in first..<first + Self.pageBytes / Layout.cellBytes where cells.count < limit {
                let offset = cell * Layout.cellBytes
                if memcmp(base + offset, other.arenaBytes + offset, Layout.cellBytes) != 0 { cells.append(cell) }
            }
        }
        return (cells, pages.count)
    }

    /// Numbers of the pages of a private arena that have memory behind them.
    private static func residentPages(_ arena: UnsafeMutableRawPointer) -> [Int] {
        let pagesAtOnce = 1 << 20
        var pages: [Int] = []
        let resident = UnsafeMutablePointer<UInt8>.allocate(capacity: pagesAtOnce)
        defer { resident.deallocate() }
        for first in stride(from: 0, to: Layout.arenaBytes / pageBytes, by: pagesAtOnce) {
            guard mincore(arena + first * pageBytes, pagesAtOnce * pageBytes, resident) == 0 else {
                preconditionFailure("mincore: \(errno)")
            }
            var position = 0
            while position < pagesAtOnce, let found = memchr(resident + position, 1, pagesAtOnce - position) {
                position = UnsafeRawPointer(resident).distance(to: found)
                pages.append(first + position)
                position += 1
            }
        }
        return pages
    }
}
