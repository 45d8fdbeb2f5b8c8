import Glibc

extension ReservedMemory {
    /// Bytes of the mapping that have physical memory behind them. Slow: asks the kernel about every page.
    package func residentBytes() -> Int { residentBytes(of: 0..<byteCount) }

    /// The same of a stretch that begins at a page.
    package func residentBytes(of stretch: Range<Int>) -> Int {
        let pageBytes = Int(getpagesize())
        let pagesAtOnce = 1 << 20
        var resident = [UInt8](repeating: 0, count: pagesAtOnce)
        var total = 0
        for start in stride(from: stretch.lowerBound, to: stretch.upperBound, by: pagesAtOnce * pageBytes) {
            let count = min(stretch.upperBound - start, pagesAtOnce * pageBytes)
            guard mincore(base + start, count, &resident) == 0 else { return -1 }
            for page in 0..<(count + pageBytes - 1) / pageBytes where resident[page] & 1 == 1 { total += pageBytes }
        }
        return total
    }
}
