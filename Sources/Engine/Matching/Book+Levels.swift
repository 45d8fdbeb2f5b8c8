/// Levels that become occupied and empty.
extension Book {
    /// The page with the level of a price that is about to get an order; the price is in the trie from here on.
    @inline(__always)
    func pageForInsertion(side: Side, priceCode: UInt32) -> UInt32 {
        let offset = groupOffset(priceCode)
        let group = arena.unmarked(offset, as: LevelGroup.self)
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: priceCode)
        let occupied = group.pointee.occupied
        if occupied & bit == 0 {
            arena.touch(offset)
            if occupied == 0 { openGroup(priceCode) }
            group.pointee.occupied = occupied | bit
            arena.touch(stateOffset)
            // A choice of values, not a branch: whether an order improves the price cannot be foreseen.
            let best = self.best(side)
            let before = best.pointee
            best.pointee = Self.rank(priceCode, side) > Self.rank(before, side) ? priceCode : before
        }
        return group.pointee.page
    }

    /// Takes a price whose queue has become empty out of the trie and moves the best price on. The state's cell is marked.
    @inline(__always)
    func vacate(side: Side, priceCode: UInt32) {
        let group = arena.write(groupOffset(priceCode), as: LevelGroup.self)
        let occupied = group.pointee.occupied & ~(1 &<< UInt64(truncatingIfNeeded: priceCode))
        group.pointee.occupied = occupied
        if occupied == 0 { closeGroup(priceCode) }
        let best = self.best(side)
        if best.pointee == priceCode { best.pointee = occupiedPrice(behind: priceCode, side, inGroup: occupied) }
    }

    // Calls on purpose: inlined into every operation, these two cost dense books a sixth of their speed and gained wide ones nothing.
    @inline(never)
    private func openGroup(_ priceCode: UInt32) {
        arena.unmarked(groupOffset(priceCode), as: LevelGroup.self).pointee.page = takePage()
        setGroup(Int(priceCode / 64))
    }

    @inline(never)
    private func closeGroup(_ priceCode: UInt32) {
        let group = arena.unmarked(groupOffset(priceCode), as: LevelGroup.self)
        giveBack(page: group.pointee.page)
        group.pointee.page = 0
        clearGroup(Int(priceCode / 64))
    }
}
