/// A book: levels as queues of pooled orders, linked by index.
///
/// Invariants: a level is linked from both ends and `lots` is the sum over its queue; a price is in the trie exactly when its queue is
/// not empty; a group owns a page exactly while one of its prices is occupied; an empty level is all zero; `bestBid < bestAsk` or one side is empty.
extension Exchange {
    /// The queue at a price that is known to be occupied.
    @inline(__always)
    mutating func occupiedLevel(book: UInt32, priceCode: UInt32) -> UnsafeMutablePointer<Level> {
        let group = pointer(groupOffset(book: book, priceCode: priceCode), as: LevelGroup.self)
        return writable(levelOffset(page: group.pointee.page, priceCode: priceCode), as: Level.self)
    }

    /// Puts a fresh order at the end of its level's queue. There must be a free slot and a free level page.
    /// Returns the order's slot.
    mutating func rest(
        book: UInt32, account: UInt32, side: Side, priceCode: UInt32, lots: UInt64, clientOrderId: UInt64
    ) -> UInt32 {
        let slot = takeOrderSlot()
        let level = levelForInsertion(book: book, side: side, priceCode: priceCode)
        let last = level.pointee.last
        let order = writableOrder(slot)
        order.pointee.lots = lots
        order.pointee.next = 0
        order.pointee.previous = last
        order.pointee.account = account
        order.pointee.priceAndSide = priceCode | UInt32(side.rawValue) << 31
        order.pointee.book = book
        order.pointee.generation &+= 1
        if last == 0 {
            level.pointee.first = slot
        } else {
            writableOrder(last).pointee.next = slot
        }
        level.pointee.last = slot
        level.pointee.lots += lots
        writableBook(book).pointee.orderCount += 1
        linkToAccount(slot: slot, account: account, clientOrderId: clientOrderId)
        return slot
    }

    /// Takes an order off the book and gives its slot back. The caller has settled the locked funds.
    mutating func remove(slot: UInt32, book: UInt32) {
        let order = writableOrder(slot)
        let priceCode = order.pointee.priceCode
        let level = occupiedLevel(book: book, priceCode: priceCode)
        let next = order.pointee.next
        let previous = order.pointee.previous
        if previous == 0 { level.pointee.first = next } else { writableOrder(previous).pointee.next = next }
        if next == 0 { level.pointee.last = previous } else { writableOrder(next).pointee.previous = previous }
        level.pointee.lots -= order.pointee.lots
        if level.pointee.first == 0 { vacate(book: book, side: order.pointee.side, priceCode: priceCode) }
        release(slot: slot, book: book)
    }

    /// Gives back the slot of an order that is in no queue any more.
    mutating func release(slot: UInt32, book: UInt32) {
        unlinkFromAccount(slot: slot, account: pointer(orderOffset(slot), as: Order.self).pointee.account)
        writableBook(book).pointee.orderCount -= 1
        let header = writableHeader()
        let order = writableOrder(slot)
        order.pointee.lots = 0
        order.pointee.next = header.pointee.orderFree
        order.pointee.previous = 0
        header.pointee.orderFree = slot
        header.pointee.openOrderCount -= 1
    }

    /// Takes a price whose queue has become empty out of the trie, and moves the best price on.
    mutating func vacate(book: UInt32, side: Side, priceCode: UInt32) {
        let group = writable(groupOffset(book: book, priceCode: priceCode), as: LevelGroup.self)
        group.pointee.occupied &= ~(1 << UInt64(priceCode % 64))
        if group.pointee.occupied == 0 {
            releaseLevelPage(group.pointee.page)
            group.pointee.page = 0
            clearGroup(book: book, group: Int(priceCode / 64))
        }
        let state = writableBook(book)
        if side == .buy {
            if state.pointee.bestBid == priceCode { state.pointee.bestBid = occupiedPrice(below: priceCode, book: book) }
        } else {
            if state.pointee.bestAsk == priceCode { state.pointee.bestAsk = occupiedPrice(above: priceCode, book: book) }
        }
    }

    private mutating func levelForInsertion(
        book: UInt32, side: Side, priceCode: UInt32
    ) -> UnsafeMutablePointer<Level> {
        let offset = groupOffset(book: book, priceCode: priceCode)
        let bit: UInt64 = 1 << UInt64(priceCode % 64)
        if pointer(offset, as: LevelGroup.self).pointee.occupied & bit == 0 {
            let group = writable(offset, as: LevelGroup.self)
            if group.pointee.occupied == 0 {
                group.pointee.page = takeLevelPage()
                setGroup(book: book, group: Int(priceCode / 64))
            }
            group.pointee.occupied |= bit
            let state = writableBook(book)
            if side == .buy {
                if state.pointee.bestBid == PriceCode.none || priceCode > state.pointee.bestBid { state.pointee.bestBid = priceCode }
            } else {
                if priceCode < state.pointee.bestAsk { state.pointee.bestAsk = priceCode }
            }
        }
        return occupiedLevel(book: book, priceCode: priceCode)
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
