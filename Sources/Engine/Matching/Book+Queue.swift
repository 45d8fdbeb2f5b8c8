/// Orders into and out of the queues.
extension Book {
    /// Puts a fresh order behind those that rest at its price. There must be room (``hasRoom``), and the price must not cross.
    /// Returns the order's slot; its id is `order(slot).pointee.id(slot)`.
    @inline(__always)
    package func add(side: Side, priceCode: UInt32, lots: UInt64, account: UInt32, hasExpiry: Bool = false) -> UInt32 {
        let slot = takeSlot()
        let order = arena.write(Self.orderOffset(slot), as: Order.self)
        order.pointee.lots = lots
        order.pointee.account = account
        order.pointee.generation &+= 1
        link(order, slot, side: side, priceCode: priceCode, flags: hasExpiry ? Order.hasExpiryBit : 0)
        return slot
    }

    /// Takes a resting order of this book off it and gives its slot back.
    @inline(__always)
    package func remove(slot: UInt32) {
        let order = arena.write(Self.orderOffset(slot), as: Order.self)
        unlink(order, slot)
        giveBack(order, slot)
    }

    /// Moves a resting order to the back of its price in another book; it keeps its slot and its id.
    package func move(slot: UInt32, to other: Book) {
        let order = arena.write(Self.orderOffset(slot), as: Order.self)
        let (side, priceCode) = (order.pointee.side, order.pointee.priceCode)
        unlink(order, slot)
        other.link(order, slot, side: side, priceCode: priceCode, flags: order.pointee.levelAndFlags & Order.hasExpiryBit)
    }

    /// Lowers the size of a resting order to `lots` (at least 1, less than it has); it keeps its place.
    @inline(__always)
    package func shrink(slot: UInt32, to lots: UInt64) {
        let order = arena.write(Self.orderOffset(slot), as: Order.self)
        let level = arena.write(Int(order.pointee.levelLink) &<< 4, as: Level.self)
        level.pointee.lots &-= order.pointee.lots &- lots
        order.pointee.lots = lots
    }

    /// Notes that the details of an order hold an expiry, so that a match asks for it.
    package func setHasExpiry(slot: UInt32) {
        arena.write(Self.orderOffset(slot), as: Order.self).pointee.levelAndFlags |= Order.hasExpiryBit
    }

    // MARK: Rings

    @inline(__always)
    func node(_ link: UInt32) -> UnsafeMutablePointer<QueueNode> { arena.write(Int(link) &<< 4, as: QueueNode.self) }

    /// Enters an order, whose cell is marked and which is in no queue, at the back of its level.
    @inline(__always)
    private func link(_ order: UnsafeMutablePointer<Order>, _ slot: UInt32, side: Side, priceCode: UInt32, flags: UInt32) {
        let page = pageForInsertion(side: side, priceCode: priceCode)
        let state = arena.write(stateOffset, as: BookState.self)
        state.pointee.orderCount &+= 1
        let levelIndex = page &<< 6 | (priceCode & 63)
        let levelLink = Order.levelLinkBase | levelIndex
        let level = arena.write(Int(levelLink) &<< 4, as: Level.self)
        let link = Order.link(slot: slot)
        let last = level.pointee.node.previous ^ levelLink
        level.pointee.lots &+= order.pointee.lots
        level.pointee.node.previous = link ^ levelLink
        order.pointee.node.next = levelLink ^ link
        order.pointee.node.previous = last ^ link
        order.pointee.levelAndFlags = levelIndex | UInt32(side.rawValue) &<< 31 | flags
        order.pointee.groupAndBook = (priceCode &>> 6) &<< 16 | index
        node(last).pointee.next = link ^ last
    }

    /// Takes an order, whose cell is marked, out of its queue.
    @inline(__always)
    private func unlink(_ order: UnsafeMutablePointer<Order>, _ slot: UInt32) {
        let link = Order.link(slot: slot)
        let next = order.pointee.node.next ^ link
        let previous = order.pointee.node.previous ^ link
        node(previous).pointee.next = next ^ previous
        node(next).pointee.previous = previous ^ next
        arena.write(Int(order.pointee.levelLink) &<< 4, as: Level.self).pointee.lots &-= order.pointee.lots
        arena.write(stateOffset, as: BookState.self).pointee.orderCount &-= 1
        // Only the level itself can be both neighbours.
        if next == previous { vacate(side: order.pointee.side, priceCode: order.pointee.priceCode) }
    }
}
