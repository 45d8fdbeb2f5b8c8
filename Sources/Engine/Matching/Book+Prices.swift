/// Which prices of a book have orders: a 64-ary bitmap trie over the price codes.
///
/// The lowest level lies in the level groups beside the page numbers; the three above it in the book's summary:
/// 792 words (one bit a group), 13 words, 1 word. Finding the next price takes at most seven loads, whatever the spread.
/// One trie serves both sides, because every bid is below every ask.
extension Book {
    private static var groupSummaryWords: Int { 792 }
    private static var topSummaryWord: Int { 792 + 13 }

    @inline(__always)
    private func summaryOffset(_ word: Int) -> Int { Layout.priceSummaries &+ Int(index) &* Layout.priceSummaryBytes &+ word &* 8 }

    @inline(__always)
    private func summary(_ word: Int) -> UInt64 { arena.read(summaryOffset(word), as: UInt64.self).pointee }

    @inline(__always)
    private func writableSummary(_ word: Int) -> UnsafeMutablePointer<UInt64> { arena.write(summaryOffset(word), as: UInt64.self) }

    /// Marks a group of 64 prices as occupied in the levels above it.
    func setGroup(_ group: Int) {
        let word = writableSummary(group / 64)
        let before = word.pointee
        word.pointee = before | 1 << UInt64(group % 64)
        guard before == 0 else { return }
        let upper = writableSummary(Self.groupSummaryWords + group / 4096)
        let upperBefore = upper.pointee
        upper.pointee = upperBefore | 1 << UInt64(group / 64 % 64)
        guard upperBefore == 0 else { return }
        writableSummary(Self.topSummaryWord).pointee |= 1 << UInt64(group / 4096)
    }

    /// Marks a group of 64 prices as empty in the levels above it.
    func clearGroup(_ group: Int) {
        let word = writableSummary(group / 64)
        word.pointee &= ~(1 << UInt64(group % 64))
        guard word.pointee == 0 else { return }
        let upper = writableSummary(Self.groupSummaryWords + group / 4096)
        upper.pointee &= ~(1 << UInt64(group / 64 % 64))
        guard upper.pointee == 0 else { return }
        writableSummary(Self.topSummaryWord).pointee &= ~(1 << UInt64(group / 4096))
    }

    /// The next occupied price of a side behind `priceCode`, whose group has these prices `occupied`, or `PriceCode.none`.
    @inline(__always)
    func occupiedPrice(behind priceCode: UInt32, _ side: Side, inGroup occupied: UInt64) -> UInt32 {
        let place = Int(priceCode & 63)
        let bits = occupied & (side == .buy ? below(place) : above(place))
        guard _fastPath(bits != 0) else { return side == .buy ? distantPrice(below: priceCode) : distantPrice(above: priceCode) }
        let next = side == .buy ? highest(bits) : bits.trailingZeroBitCount
        return priceCode & ~63 | UInt32(truncatingIfNeeded: next)
    }

    /// The lowest occupied price above `priceCode`, or `PriceCode.none`.
    func occupiedPrice(above priceCode: UInt32) -> UInt32 {
        let bits = occupied(group: Int(priceCode / 64)) & above(Int(priceCode % 64))
        return bits == 0 ? distantPrice(above: priceCode) : priceCode & ~63 | UInt32(truncatingIfNeeded: bits.trailingZeroBitCount)
    }

    /// The highest occupied price below `priceCode`, or `PriceCode.none`.
    func occupiedPrice(below priceCode: UInt32) -> UInt32 {
        let bits = occupied(group: Int(priceCode / 64)) & below(Int(priceCode % 64))
        return bits == 0 ? distantPrice(below: priceCode) : priceCode & ~63 | UInt32(truncatingIfNeeded: highest(bits))
    }

    /// The lowest occupied price in the groups above that of `priceCode`.
    @inline(never)
    private func distantPrice(above priceCode: UInt32) -> UInt32 {
        let group = Int(priceCode / 64)
        let first = group / 64
        let groups = summary(first) & above(group % 64)
        if groups != 0 { return lowestPrice(group: first * 64 + groups.trailingZeroBitCount) }
        let second = first / 64
        let words = summary(Self.groupSummaryWords + second) & above(first % 64)
        if words != 0 { return lowestPrice(summaryWord: second * 64 + words.trailingZeroBitCount) }
        let tops = summary(Self.topSummaryWord) & above(second)
        guard tops != 0 else { return PriceCode.none }
        let upper = tops.trailingZeroBitCount
        return lowestPrice(summaryWord: upper * 64 + summary(Self.groupSummaryWords + upper).trailingZeroBitCount)
    }

    /// The highest occupied price in the groups below that of `priceCode`.
    @inline(never)
    private func distantPrice(below priceCode: UInt32) -> UInt32 {
        let group = Int(priceCode / 64)
        let first = group / 64
        let groups = summary(first) & below(group % 64)
        if groups != 0 { return highestPrice(group: first * 64 + highest(groups)) }
        let second = first / 64
        let words = summary(Self.groupSummaryWords + second) & below(first % 64)
        if words != 0 { return highestPrice(summaryWord: second * 64 + highest(words)) }
        let tops = summary(Self.topSummaryWord) & below(second)
        guard tops != 0 else { return PriceCode.none }
        let upper = highest(tops)
        return highestPrice(summaryWord: upper * 64 + highest(summary(Self.groupSummaryWords + upper)))
    }

    @inline(__always)
    private func occupied(group: Int) -> UInt64 {
        arena.read(groupOffset(UInt32(truncatingIfNeeded: group &* 64)), as: LevelGroup.self).pointee.occupied
    }
    private func lowestPrice(summaryWord: Int) -> UInt32 {
        lowestPrice(group: summaryWord * 64 + summary(summaryWord).trailingZeroBitCount)
    }
    private func lowestPrice(group: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: group * 64 + occupied(group: group).trailingZeroBitCount)
    }
    private func highestPrice(summaryWord: Int) -> UInt32 { highestPrice(group: summaryWord * 64 + highest(summary(summaryWord))) }
    private func highestPrice(group: Int) -> UInt32 { UInt32(truncatingIfNeeded: group * 64 + highest(occupied(group: group))) }

    /// Mask of the bits above `bit` (0...63).
    @inline(__always) private func above(_ bit: Int) -> UInt64 { ~UInt64(1) &<< UInt64(truncatingIfNeeded: bit) }
    /// Mask of the bits below `bit` (0...63).
    @inline(__always) private func below(_ bit: Int) -> UInt64 { (1 &<< UInt64(truncatingIfNeeded: bit)) &- 1 }
    @inline(__always) private func highest(_ bits: UInt64) -> Int { 63 &- bits.leadingZeroBitCount }
}
