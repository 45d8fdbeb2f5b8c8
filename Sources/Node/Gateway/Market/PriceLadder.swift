import Engine
import Glibc

/// Which prices of one side of a book have orders, and the page in which their levels are kept: a bitmap of all price codes, 64-ary
/// (as in the engine's book), so that the next price is found in at most seven loads whatever the spread.
///
/// Takes 0.8 MiB of address space, of which only touched pages cost memory. Not thread-safe.
final class PriceLadder {
    private static let groupCount = Int(PriceCode.count) / 64
    /// Words of each tier of the bitmap; those of the lowest lie in the groups.
    private static let tierWords = [groupCount, (groupCount + 63) / 64, (groupCount + 4095) / 4096, 1]
    /// Where the upper tiers begin in `summary`.
    private static let tierStarts = [0, 0, tierWords[1], tierWords[1] + tierWords[2]]

    /// Sixty-four neighbouring prices.
    private struct Group {
        var occupied: UInt64
        var page: UInt32
        var reserved: UInt32
    }

    private let groups: UnsafeMutablePointer<Group>
    private let summary: UnsafeMutablePointer<UInt64>

    init() {
        precondition(Int(PriceCode.count) % 64 == 0)
        let upperWords = Self.tierWords[1...].reduce(0, +)
        // From the system, all zero and untouched.
        guard let groups = calloc(Self.groupCount, MemoryLayout<Group>.stride), let summary = calloc(upperWords, 8) else {
            preconditionFailure("out of memory for the prices of a book")
        }
        self.groups = groups.bindMemory(to: Group.self, capacity: Self.groupCount)
        self.summary = summary.bindMemory(to: UInt64.self, capacity: upperWords)
    }

    deinit {
        free(groups)
        free(summary)
    }

    /// The page of the 64 levels around a price; 0 for none.
    @inline(__always)
    func page(of priceCode: UInt32) -> UInt32 { groups[Int(priceCode / 64)].page }

    func setPage(_ page: UInt32, of priceCode: UInt32) { groups[Int(priceCode / 64)].page = page }

    /// Whether none of the 64 prices around this one has orders.
    func isGroupEmpty(_ priceCode: UInt32) -> Bool { groups[Int(priceCode / 64)].occupied == 0 }

    func insert(_ priceCode: UInt32) {
        var index = Int(priceCode)
        for tier in 0..<4 {
            let word = word(tier, index / 64)
            let before = word.pointee
            word.pointee = before | 1 << UInt64(index % 64)
            if before != 0 { return }
            index /= 64
        }
    }

    func remove(_ priceCode: UInt32) {
        var index = Int(priceCode)
        for tier in 0..<4 {
            let word = word(tier, index / 64)
            word.pointee &= ~(1 << UInt64(index % 64))
            if word.pointee != 0 { return }
            index /= 64
        }
    }

    /// The lowest price with orders that is not below `priceCode`, or nil.
    func first(from priceCode: UInt32) -> UInt32? {
        var index = Int(priceCode)
        for tier in 0..<4 {
            guard index / 64 < Self.tierWords[tier] else { return nil }
            let bits = word(tier, index / 64).pointee & ~0 << UInt64(index % 64)
            if bits != 0 { return descend(tier, index & ~63 | bits.trailingZeroBitCount) { $0.trailingZeroBitCount } }
            index = index / 64 + 1
        }
        return nil
    }

    /// The highest price with orders that is not above `priceCode`, or nil.
    func last(upTo priceCode: UInt32) -> UInt32? {
        var index = Int(priceCode)
        for tier in 0..<4 {
            let bits = word(tier, index / 64).pointee & ~0 >> UInt64(63 - index % 64)
            if bits != 0 { return descend(tier, index & ~63 | (63 - bits.leadingZeroBitCount)) { 63 - $0.leadingZeroBitCount } }
            guard index >= 64 else { return nil }
            index = index / 64 - 1
        }
        return nil
    }

    @inline(__always)
    private func descend(_ tier: Int, _ index: Int, _ choose: (UInt64) -> Int) -> UInt32 {
        var index = index
        for lower in (0..<tier).reversed() { index = index << 6 | choose(word(lower, index).pointee) }
        return UInt32(index)
    }

    @inline(__always)
    private func word(_ tier: Int, _ index: Int) -> UnsafeMutablePointer<UInt64> {
        guard tier > 0 else { return UnsafeMutableRawPointer(groups + index).assumingMemoryBound(to: UInt64.self) }
        return summary + Self.tierStarts[tier] + index
    }
}
