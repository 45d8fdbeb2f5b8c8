/// Which prices of a book have orders: a 64-ary bitmap trie over the price codes.
///
/// The lowest level lies in the level groups beside the page numbers; the three above it in the book's summary:
/// 792 words (one bit a group), 13 words, 1 word. Finding the next price takes at most seven loads, whatever the spread.
/// One trie serves both sides, because every bid is below every ask.
extension Exchange {
    private static var groupSummaryWords: Int { 792 }
    private static var topSummaryWord: Int { 792 + 13 }

    @inline(__always)
    private func summaryOffset(_ book: UInt32, _ word: Int) -> Int {
        Layout.priceSummaries + Int(book) * Layout.priceSummaryBytes + word * 8
    }

    @inline(__always)
    private func summary(_ book: UInt32, _ word: Int) -> UInt64 {
        pointer(summaryOffset(book, word), as: UInt64.self).pointee
    }

    /// Marks a group of 64 prices as occupied in the levels above it.
    mutating func setGroup(book: UInt32, group: Int) {
        let word = summaryOffset(book, group / 64)
        let before = pointer(word, as: UInt64.self).pointee
        writable(word, as: UInt64.self).pointee = before | 1 << UInt64(group % 64)
        guard before == 0 else { return }
        let upper = summaryOffset(book, Self.groupSummaryWords + group / 4096)
        let upperBefore = pointer(upper, as: UInt64.self).pointee
        writable(upper, as: UInt64.self).pointee = upperBefore | 1 << UInt64(group / 64 % 64)
        guard upperBefore == 0 else { return }
        writable(summaryOffset(book, Self.topSummaryWord), as: UInt64.self).pointee |= 1 << UInt64(group / 4096)
    }

    /// Marks a group of 64 prices as empty in the levels above it.
    mutating func clearGroup(book: UInt32, group: Int) {
        let word = writable(summaryOffset(book, group / 64), as: UInt64.self)
        word.pointee &= ~(1 << UInt64(group % 64))
        guard word.pointee == 0 else { return }
        let upper = writable(summaryOffset(book, Self.groupSummaryWords + group / 4096), as: UInt64.self)
        upper.pointee &= ~(1 << UInt64(group / 64 % 64))
        guard upper.pointee == 0 else { return }
        writable(summaryOffset(book, Self.topSummaryWord), as: UInt64.self).pointee &= ~(1 << UInt64(group / 4096))
    }

    @inline(__always)
    private func occupied(_ book: UInt32, group: Int) -> UInt64 {
        pointer(groupOffset(book: book, priceCode: UInt32(truncatingIfNeeded: group * 64)), as: LevelGroup.self).pointee.occupied
    }

    /// The lowest occupied price above `priceCode`, or `PriceCode.none`.
    func occupiedPrice(above priceCode: UInt32, book: UInt32) -> UInt32 {
        let group = Int(priceCode / 64)
        let bits = occupied(book, group: group) & above(Int(priceCode % 64))
        if bits != 0 { return UInt32(truncatingIfNeeded: group * 64 + bits.trailingZeroBitCount) }
        let first = group / 64
        let groups = summary(book, first) & above(group % 64)
        if groups != 0 { return lowestPrice(book, group: first * 64 + groups.trailingZeroBitCount) }
        let second = first / 64
        let words = summary(book, Self.groupSummaryWords + second) & above(first % 64)
        if words != 0 { return lowestPrice(book, summaryWord: second * 64 + words.trailingZeroBitCount) }
        let tops = summary(book, Self.topSummaryWord) & above(second)
        guard tops != 0 else { return PriceCode.none }
        let upper = tops.trailingZeroBitCount
        return lowestPrice(book, summaryWord: upper * 64 + summary(book, Self.groupSummaryWords + upper).trailingZeroBitCount)
    }

    /// The highest occupied price below `priceCode`, or `PriceCode.none`.
    func occupiedPrice(below priceCode: UInt32, book: UInt32) -> UInt32 {
        let group = Int(priceCode / 64)
        let bits = occupied(book, group: group) & below(Int(priceCode % 64))
        if bits != 0 { return UInt32(truncatingIfNeeded: group * 64 + highest(bits)) }
        let first = group / 64
        let groups = summary(book, first) & below(group % 64)
        if groups != 0 { return highestPrice(book, group: first * 64 + highest(groups)) }
        let second = first / 64
        let words = summary(book, Self.groupSummaryWords + second) & below(first % 64)
        if words != 0 { return highestPrice(book, summaryWord: second * 64 + highest(words)) }
        let tops = summary(book, Self.topSummaryWord) & below(second)
        guard tops != 0 else { return PriceCode.none }
        let upper = highest(tops)
        return highestPrice(book, summaryWord: upper * 64 + highest(summary(book, Self.groupSummaryWords + upper)))
    }

    private func lowestPrice(_ book: UInt32, summaryWord: Int) -> UInt32 {
        lowestPrice(book, group: summaryWord * 64 + summary(book, summaryWord).trailingZeroBitCount)
    }
    private func lowestPrice(_ book: UInt32, group: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: group * 64 + occupied(book, group: group).trailingZeroBitCount)
    }
    private func highestPrice(_ book: UInt32, summaryWord: Int) -> UInt32 {
        highestPrice(book, group: summaryWord * 64 + highest(summary(book, summaryWord)))
    }
    private func highestPrice(_ book: UInt32, group: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: group * 64 + highest(occupied(book, group: group)))
    }

    /// Mask of the bits above `bit` (0...63).
    @inline(__always) private func above(_ bit: Int) -> UInt64 { ~UInt64(1) << UInt64(bit) }
    /// Mask of the bits below `bit` (0...63).
    @inline(__always) private func below(_ bit: Int) -> UInt64 { (1 << UInt64(bit)) &- 1 }
    @inline(__always) private func highest(_ bits: UInt64) -> Int { 63 - bits.leadingZeroBitCount }
}
