/// The book of a market: levels as queues of pooled orders, linked by index.
///
/// Invariants: a level is linked from both ends and `lots` is the sum over its queue; a price is in the trie exactly when its queue is
/// not empty; a group owns a page exactly while one of its prices is occupied; an empty level is all zero; `bestBid < bestAsk` or one side is empty.
extension Exchange {
    /// The queue at a price that is known to be occupied.
    @inline(__always)
    mutating func occupiedLevel(market: UInt32, priceCode: UInt32) -> UnsafeMutablePointer<Level> {
        let group = pointer(groupOffset(market: market, priceCode: priceCode), as: LevelGroup.self)
        return writable(levelOffset(page: group.pointee.page, priceCode: priceCode), as: Level.self)
    }

    /// Puts a fresh order at the end of its level's queue. There must be a free slot and a free level page.
    /// Returns the order's slot.
    mutating func rest(
        market: UnsafeMutablePointer<Market>, account: UInt32, side: Side, priceCode: UInt32, lots: UInt64, clientOrderId: UInt64
    ) -> UInt32 {
        let slot = takeOrderSlot()
        let level = levelForInsertion(market: market, side: side, priceCode: priceCode)
        let last = level.pointee.last
        let order = writableOrder(slot)
        order.pointee.lots = lots
        order.pointee.next = 0
        order.pointee.previous = last
        order.pointee.account = account
        order.pointee.priceAndSide = priceCode | UInt32(side.rawValue) << 31
        order.pointee.market = market.pointee.id
        order.pointee.generation &+= 1
        if last == 0 {
            level.pointee.first = slot
        } else {
            writableOrder(last).pointee.next = slot
        }
        level.pointee.last = slot
        level.pointee.lots += lots
        market.pointee.orderCount += 1
        linkToAccount(slot: slot, account: account, clientOrderId: clientOrderId)
        return slot
    }

    /// Takes an order off the book and gives its slot back. The caller has settled the locked funds.
    mutating func remove(slot: UInt32, market: UnsafeMutablePointer<Market>) {
        let order = writableOrder(slot)
        let priceCode = order.pointee.priceCode
        let level = occupiedLevel(market: market.pointee.id, priceCode: priceCode)
        let next = order.pointee.next
        let previous = order.pointee.previous
        if previous == 0 { level.pointee.first = next } else { writableOrder(previous).pointee.next = next }
        if next == 0 { level.pointee.last = previous } else { writableOrder(next).pointee.previous = previous }
        level.pointee.lots -= order.pointee.lots
        if level.pointee.first == 0 { vacate(market: market, side: order.pointee.side, priceCode: priceCode) }
        release(slot: slot, market: market)
    }

    /// Gives back the slot of an order that is in no queue any more.
    mutating func release(slot: UInt32, market: UnsafeMutablePointer<Market>) {
        unlinkFromAccount(slot: slot, account: pointer(orderOffset(slot), as: Order.self).pointee.account)
        market.pointee.orderCount -= 1
        let header = writableHeader()
        let order = writableOrder(slot)
        order.pointee.lots = 0
        order.pointee.next = header.pointee.orderFree
        order.pointee.previous = 0
        header.pointee.orderFree = slot
        header.pointee.openOrderCount -= 1
    }

    /// Takes a price whose queue has become empty out of the trie, and moves the best price on.
    mutating func vacate(market: UnsafeMutablePointer<Market>, side: Side, priceCode: UInt32) {
        let id = market.pointee.id
        let group = writable(groupOffset(market: id, priceCode: priceCode), as: LevelGroup.self)
        group.pointee.occupied &= ~(1 << UInt64(priceCode % 64))
        if group.pointee.occupied == 0 {
            releaseLevelPage(group.pointee.page)
            group.pointee.page = 0
            clearGroup(market: id, group: Int(priceCode / 64))
        }
        if side == .buy {
            if market.pointee.bestBid == priceCode { market.pointee.bestBid = occupiedPrice(below: priceCode, market: id) }
        } else {
            if market.pointee.bestAsk == priceCode { market.pointee.bestAsk = occupiedPrice(above: priceCode, market: id) }
        }
    }

    private mutating func levelForInsertion(
        market: UnsafeMutablePointer<Market>, side: Side, priceCode: UInt32
    ) -> UnsafeMutablePointer<Level> {
        let id = market.pointee.id
        let offset = groupOffset(market: id, priceCode: priceCode)
        let bit: UInt64 = 1 << UInt64(priceCode % 64)
        if pointer(offset, as: LevelGroup.self).pointee.occupied & bit == 0 {
            let group = writable(offset, as: LevelGroup.self)
            if group.pointee.occupied == 0 {
                group.pointee.page = takeLevelPage()
                setGroup(market: id, group: Int(priceCode / 64))
            }
            group.pointee.occupied |= bit
            if side == .buy {
                if market.pointee.bestBid == PriceCode.none || priceCode > market.pointee.bestBid { market.pointee.bestBid = priceCode }
            } else {
                if priceCode < market.pointee.bestAsk { market.pointee.bestAsk = priceCode }
            }
        }
        return occupiedLevel(market: id, priceCode: priceCode)
    }

    // MARK: Pools

    /// Whether one more order can rest.
    var canRest: Bool {
        let header = pointer(Layout.header, as: StateHeader.self)
        return (header.pointee.orderFree != 0 || header.pointee.orderHighWater + 1 < UInt32(Layout.orderCapacity))
            && (header.pointee.levelPageFree != 0 || header.pointee.levelPageHighWater + 1 < UInt32(Layout.levelPageCapacity))
    }

    private mutating func takeOrderSlot() -> UInt32 {
        let header = writableHeader()
        header.pointee.openOrderCount += 1
        let free = header.pointee.orderFree
        if free != 0 {
            header.pointee.orderFree = pointer(orderOffset(free), as: Order.self).pointee.next
            return free
        }
        header.pointee.orderHighWater += 1
        precondition(header.pointee.orderHighWater < UInt32(Layout.orderCapacity))
        return header.pointee.orderHighWater
    }

    private mutating func takeLevelPage() -> UInt32 {
        let header = writableHeader()
        let free = header.pointee.levelPageFree
        if free != 0 {
            let link = writable(levelOffset(page: free, priceCode: 0), as: Level.self)
            header.pointee.levelPageFree = link.pointee.first
            link.pointee.first = 0
            return free
        }
        header.pointee.levelPageHighWater += 1
        precondition(header.pointee.levelPageHighWater < UInt32(Layout.levelPageCapacity))
        return header.pointee.levelPageHighWater
    }

    /// Gives a page of empty (all zero) levels back; its first word becomes the link.
    private mutating func releaseLevelPage(_ page: UInt32) {
        let header = writableHeader()
        writable(levelOffset(page: page, priceCode: 0), as: Level.self).pointee.first = header.pointee.levelPageFree
        header.pointee.levelPageFree = page
    }
}
