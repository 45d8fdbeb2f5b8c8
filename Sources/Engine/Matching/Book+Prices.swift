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
    @inline(__always)
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
    @inline(__always)
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
    /// Selects by side rather than branches: which side it is cannot be foreseen.
    @inline(__always)
    func occupiedPrice(behind priceCode: UInt32, _ side: Side, inGroup occupied: UInt64) -> UInt32 {
        let bits = occupied & behind(Int(priceCode & 63), side)
        if bits != 0 { return priceCode & ~63 | UInt32(truncatingIfNeeded: nearest(bits, side)) }
        let group = Int(priceCode / 64)
        let groups = summary(group / 64) & behind(group & 63, side)
        if _slowPath(groups == 0) { return remotePrice(behind: priceCode, side) }
        return bestPrice(group: group & ~63 | nearest(groups, side), side)
    }

    /// The same when the price lies in no group of the same summary word.
    @inline(never)
    private func remotePrice(behind priceCode: UInt32, _ side: Side) -> UInt32 {
        let first = Int(priceCode / 4096)
        let second = first / 64
        var words = summary(Self.groupSummaryWords + second) & behind(first & 63, side)
        var upper = second
        if words == 0 {
            let tops = summary(Self.topSummaryWord) & behind(second, side)
            guard tops != 0 else { return PriceCode.none }
            upper = nearest(tops, side)
            words = summary(Self.groupSummaryWords + upper)
        }
        let word = upper * 64 + nearest(words, side)
        return bestPrice(group: word * 64 + nearest(summary(word), side), side)
    }

    /// The best price of a group that has orders.
    @inline(__always)
    private func bestPrice(group: Int, _ side: Side) -> UInt32 {
        UInt32(truncatingIfNeeded: group &* 64 | nearest(occupied(group: group), side))
    }

    /// The bits behind `bit` (0...63): below it for bids, above it for asks.
    @inline(__always)
    private func behind(_ bit: Int, _ side: Side) -> UInt64 {
        let from = ~UInt64(0) &<< UInt64(truncatingIfNeeded: bit)
        return side == .buy ? ~from : from &<< 1
    }

    /// The first of the bits (not 0) as seen from behind: the highest for bids, the lowest for asks.
    @inline(__always)
    private func nearest(_ bits: UInt64, _ side: Side) -> Int {
        side == .buy ? 63 &- bits.leadingZeroBitCount : bits.trailingZeroBitCount
    }

    /// The next occupied price of a side behind `priceCode`, or `PriceCode.none`.
    @inline(__always)
    func occupiedPrice(behind priceCode: UInt32, _ side: Side) -> UInt32 {
        occupiedPrice(behind: priceCode, side, inGroup: occupied(group: Int(priceCode / 64)))
    }

    /// The lowest occupied price above `priceCode`, or `PriceCode.none`, whatever side rests there.
    func occupiedPrice(above priceCode: UInt32) -> UInt32 { occupiedPrice(behind: priceCode, .sell) }

    @inline(__always)
    private func occupied(group: Int) -> UInt64 {
        arena.read(groupOffset(UInt32(truncatingIfNeeded: group &* 64)), as: LevelGroup.self).pointee.occupied
    }
}
