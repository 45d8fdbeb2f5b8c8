/// Asking for the cache lines of what is going to be touched soon, so that operations of a large book do not wait for memory one after another.
/// Nothing here changes anything, and a wrong guess only costs a line.
extension Book {
    /// Whether there are so many resting orders, in all books together, that they fill the caches next to the processor; below that, looking ahead
    /// costs more than it saves.
    @inline(__always)
    package var gainsFromPrefetching: Bool { pools.pointee.openOrderCount > 1 << 15 }

    /// Asks for the order in a slot.
    @inline(__always)
    package func prefetch(slot: UInt32) { arena.prefetch(Self.orderOffset(slot)) }

    /// Asks for what the order in a slot touches when it leaves: its neighbours in the queue and their level (a bare book has fewer dirty marks than cost the asking,
    /// an exchange has more). Waits for the order itself.
    @inline(__always)
    package func prefetchNeighbours(slot: UInt32, withMarks: Bool = false) {
        let order = self.order(slot)
        let link = Order.link(slot: slot)
        prefetch(link: order.pointee.node.next ^ link, withMarks)
        prefetch(link: order.pointee.node.previous ^ link, withMarks)
        prefetch(link: order.pointee.levelLink, withMarks)
    }

    /// Asks for the order behind which one that rests at `priceCode`, below `PriceCode.count`, comes to stand.
    @inline(__always)
    package func prefetchQueueEnd(priceCode: UInt32, withMarks: Bool = false) {
        let link = levelLink(arena.read(groupOffset(priceCode), as: LevelGroup.self).pointee, priceCode)
        prefetch(link: arena.read(Int(link) &<< 4, as: Level.self).pointee.node.previous ^ link, withMarks)
    }

    @inline(__always)
    private func prefetch(link: UInt32, _ withMarks: Bool) {
        if withMarks { arena.prefetchForWriting(Int(link) &<< 4) } else { arena.prefetch(Int(link) &<< 4) }
    }
}
