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

    /// Asks for what the order in a slot touches when it leaves: its neighbours in the queue and their level. Waits for the order itself.
    @inline(__always)
    package func prefetchNeighbours(slot: UInt32) {
        let order = self.order(slot)
        let link = Order.link(slot: slot)
        arena.prefetch(Int(order.pointee.node.next ^ link) &<< 4)
        arena.prefetch(Int(order.pointee.node.previous ^ link) &<< 4)
        arena.prefetch(Int(order.pointee.levelLink) &<< 4)
    }

    /// Asks for the order behind which one that rests at `priceCode`, below `PriceCode.count`, comes to stand.
    @inline(__always)
    package func prefetchQueueEnd(priceCode: UInt32) {
        let link = levelLink(arena.read(groupOffset(priceCode), as: LevelGroup.self).pointee, priceCode)
        arena.prefetch(Int(arena.read(Int(link) &<< 4, as: Level.self).pointee.node.previous ^ link) &<< 4)
    }
}

extension Exchange {
    /// Asks for the two records of the order in a slot.
    @inline(__always)
    borrowing func prefetch(slot: UInt32) {
        orderBook(0).prefetch(slot: slot)
        arena.prefetch(detailOffset(slot))
    }

    /// Asks for those of the order behind one in its queue.
    @inline(__always)
    borrowing func prefetch(behind order: UnsafePointer<Order>, slot: UInt32) {
        let next = order.pointee.node.next ^ Order.link(slot: slot)
        // Behind the last order comes the level.
        if next < Order.levelLinkBase { prefetch(slot: Order.slot(link: next)) }
    }
}
