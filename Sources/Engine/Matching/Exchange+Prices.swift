/// Which prices of a market have orders: a 64-ary bitmap trie over the price codes.
///
/// The lowest level lies in the level groups beside the page numbers; the three above it in the market's summary:
/// 792 words (one bit a group), 13 words, 1 word. Finding the next price takes at most seven loads, whatever the spread.
/// One trie serves both sides, because every bid is below every ask.
extension Exchange {
    private static var groupSummaryWords: Int { 792 }
    private static var topSummaryWord: Int { 792 + 13 }

    @inline(__always)
    private func summaryOffset(_ market: UInt32, _ word: Int) -> Int {
        Layout.marketSummaries + Int(market) * Layout.marketSummaryBytes + word * 8
    }

    @inline(__always)
    private func summary(_ market: UInt32, _ word: Int) -> UInt64 {
        pointer(summaryOffset(market, word), as: UInt64.self).pointee
    }

    /// Marks a group of 64 prices as occupied in the levels above it.
    mutating func setGroup(market: UInt32, group: Int) {
        let word = summaryOffset(market, group / 64)
        let before = pointer(word, as: UInt64.self).pointee
        writable(word, as: UInt64.self).pointee = before | 1 << UInt64(group % 64)
        guard before == 0 else { return }
        let upper = summaryOffset(market, Self.groupSummaryWords + group / 4096)
        let upperBefore = pointer(upper, as: UInt64.self).pointee
        writable(upper, as: UInt64.self).pointee = upperBefore | 1 << UInt64(group / 64 % 64)
        guard upperBefore == 0 else { return }
        writable(summaryOffset(market, Self.topSummaryWord), as: UInt64.self).pointee |= 1 << UInt64(group / 4096)
    }

    /// Marks a group of 64 prices as empty in the levels above it.
    mutating func clearGroup(market: UInt32, group: Int) {
        let word = writable(summaryOffset(market, group / 64), as: UInt64.self)
        word.pointee &= ~(1 << UInt64(group % 64))
        guard word.pointee == 0 else { return }
        let upper = writable(summaryOffset(market, Self.groupSummaryWords + group / 4096), as: UInt64.self)
        upper.pointee &= ~(1 << UInt64(group / 64 % 64))
        guard upper.pointee == 0 else { return }
        writable(summaryOffset(market, Self.topSummaryWord), as: UInt64.self).pointee &= ~(1 << UInt64(group / 4096))
    }

    @inline(__always)
    private func occupied(_ market: UInt32, group: Int) -> UInt64 {
        pointer(groupOffset(market: market, priceCode: UInt32(truncatingIfNeeded: group * 64)), as: LevelGroup.self).pointee.occupied
    }

    /// The lowest occupied price above `priceCode`, or `PriceCode.none`.
    func occupiedPrice(above priceCode: UInt32, market: UInt32) -> UInt32 {
        let group = Int(priceCode / 64)
        let bits = occupied(market, group: group) & above(Int(priceCode % 64))
        if bits != 0 { return UInt32(truncatingIfNeeded: group * 64 + bits.trailingZeroBitCount) }
        let first = group / 64
        let groups = summary(market, first) & above(group % 64)
        if groups != 0 { return lowestPrice(market, group: first * 64 + groups.trailingZeroBitCount) }
        let second = first / 64
        let words = summary(market, Self.groupSummaryWords + second) & above(first % 64)
        if words != 0 { return lowestPrice(market, summaryWord: second * 64 + words.trailingZeroBitCount) }
        let tops = summary(market, Self.topSummaryWord) & above(second)
        guard tops != 0 else { return PriceCode.none }
        let upper = tops.trailingZeroBitCount
        return lowestPrice(market, summaryWord: upper * 64 + summary(market, Self.groupSummaryWords + upper).trailingZeroBitCount)
    }

    /// The highest occupied price below `priceCode`, or `PriceCode.none`.
    func occupiedPrice(below priceCode: UInt32, market: UInt32) -> UInt32 {
        let group = Int(priceCode / 64)
        let bits = occupied(market, group: group) & below(Int(priceCode % 64))
        if bits != 0 { return UInt32(truncatingIfNeeded: group * 64 + highest(bits)) }
        let first = group / 64
        let groups = summary(market, first) & below(group % 64)
        if groups != 0 { return highestPrice(market, group: first * 64 + highest(groups)) }
        let second = first / 64
        let words = summary(market, Self.groupSummaryWords + second) & below(first % 64)
        if words != 0 { return highestPrice(market, summaryWord: second * 64 + highest(words)) }
        let tops = summary(market, Self.topSummaryWord) & below(second)
        guard tops != 0 else { return PriceCode.none }
        let upper = highest(tops)
        return highestPrice(market, summaryWord: upper * 64 + highest(summary(market, Self.groupSummaryWords + upper)))
    }

    private func lowestPrice(_ market: UInt32, summaryWord: Int) -> UInt32 {
        lowestPrice(market, group: summaryWord * 64 + summary(market, summaryWord).trailingZeroBitCount)
    }
    private func lowestPrice(_ market: UInt32, group: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: group * 64 + occupied(market, group: group).trailingZeroBitCount)
    }
    private func highestPrice(_ market: UInt32, summaryWord: Int) -> UInt32 {
        highestPrice(market, group: summaryWord * 64 + highest(summary(market, summaryWord)))
    }
    private func highestPrice(_ market: UInt32, group: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: group * 64 + highest(occupied(market, group: group)))
    }

    /// Mask of the bits above `bit` (0...63).
    @inline(__always) private func above(_ bit: Int) -> UInt64 { ~UInt64(1) << UInt64(bit) }
    /// Mask of the bits below `bit` (0...63).
    @inline(__always) private func below(_ bit: Int) -> UInt64 { (1 << UInt64(bit)) &- 1 }
    @inline(__always) private func highest(_ bits: UInt64) -> Int { 63 - bits.leadingZeroBitCount }
}
