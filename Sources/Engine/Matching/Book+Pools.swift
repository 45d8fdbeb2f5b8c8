/// The pools that all books share: order slots and pages of levels, each with a list of what was given back, last in first out, so that
/// what is used again is still in the cache.
extension Book {
    /// Whether one more order can rest, whatever its price.
    package var hasRoom: Bool {
        let pools = self.pools.pointee
        return (pools.orderFree != 0 || pools.orderHighWater + 1 < UInt32(Layout.orderCapacity))
            && (pools.levelPageFree != 0 || pools.levelPageHighWater + 1 < UInt32(Layout.levelPageCapacity))
    }

    @inline(__always)
    func takeSlot() -> UInt32 {
        arena.touch(Layout.header)
        pools.pointee.openOrderCount &+= 1
        let free = pools.pointee.orderFree
        if _fastPath(free != 0) {
            pools.pointee.orderFree = arena.read(Self.orderOffset(free), as: Order.self).pointee.node.next
            return free
        }
        return takeFreshSlot()
    }

    @inline(never)
    private func takeFreshSlot() -> UInt32 {
        pools.pointee.orderHighWater += 1
        precondition(pools.pointee.orderHighWater < UInt32(Layout.orderCapacity))
        return pools.pointee.orderHighWater
    }

    /// Gives back the slot of an order, whose cell is marked and which is in no queue any more.
    @inline(__always)
    func giveBack(_ order: UnsafeMutablePointer<Order>, _ slot: UInt32) {
        arena.touch(Layout.header)
        giveBackUnmarked(order, slot)
        pools.pointee.openOrderCount &-= 1
    }

    /// The same without the pools' mark and the count of open orders, which a match sees to once.
    @inline(__always)
    func giveBackUnmarked(_ order: UnsafeMutablePointer<Order>, _ slot: UInt32) {
        order.pointee.lots = 0
        order.pointee.node.next = pools.pointee.orderFree
        order.pointee.node.previous = 0
        pools.pointee.orderFree = slot
    }

    @inline(__always)
    func takePage() -> UInt32 {
        arena.touch(Layout.header)
        let free = pools.pointee.levelPageFree
        if free != 0 {
            let link = arena.write(Self.pageOffset(free), as: Level.self)
            pools.pointee.levelPageFree = link.pointee.node.next
            link.pointee.node.next = 0
            return free
        }
        pools.pointee.levelPageHighWater += 1
        precondition(pools.pointee.levelPageHighWater < UInt32(Layout.levelPageCapacity))
        return pools.pointee.levelPageHighWater
    }

    /// Gives a page of empty (all zero) levels back; its first word becomes the link.
    @inline(__always)
    func giveBack(page: UInt32) {
        arena.touch(Layout.header)
        arena.write(Self.pageOffset(page), as: Level.self).pointee.node.next = pools.pointee.levelPageFree
        pools.pointee.levelPageFree = page
    }
}
