/// The resting orders of each account: a list for "all my orders", and a chained table that finds one by its client order id.
extension Exchange {
    /// Bucket of (account, client order id): a place for the account, plus the id, so that the ids of a bot that counts share cache lines;
    /// the upper bits of the id are mixed, so that ids that differ only there (a time above a counter) do not share a chain.
    /// Users choose both, so chains are only as short as they let them be; `Layout.ordersPerBucketMax` bounds what one account can do.
    @inline(__always)
    func bucketOffset(account: UInt32, clientOrderId: UInt64) -> Int {
        let start = UInt64(account) &* 0x9E37_79B9_7F4A_7C15 >> 40
        let upper = (clientOrderId / UInt64(Layout.clientOrderBuckets)) &* 0x9E37_79B9_7F4A_7C15 >> 40
        let bucket = (start &+ upper &+ clientOrderId) % UInt64(Layout.clientOrderBuckets)
        return Layout.clientOrderIndex + Int(truncatingIfNeeded: bucket) * 4
    }

    /// Slot of the account's resting order with this client order id, or 0.
    func findOrder(account: UInt32, clientOrderId: UInt64) -> UInt32 {
        searchOrder(account: account, clientOrderId: clientOrderId).slot
    }

    /// The same, with the number of the account's other orders in the chain that came before it.
    func searchOrder(account: UInt32, clientOrderId: UInt64) -> (slot: UInt32, others: Int) {
        var others = 0
        var slot = pointer(bucketOffset(account: account, clientOrderId: clientOrderId), as: UInt32.self).pointee
        while slot != 0 {
            let detail = pointer(detailOffset(slot), as: OrderDetail.self)
            if pointer(orderOffset(slot), as: Order.self).pointee.account == account {
                if detail.pointee.clientOrderId == clientOrderId { return (slot, others) }
                others += 1
            }
            slot = detail.pointee.chainNext
        }
        return (0, others)
    }

    /// Enters a fresh order at the head of its account's list, and into the client order index if it has a client order id.
    /// `limitPrice`: of a trigger order.
    mutating func linkToAccount(slot: UInt32, account: UInt32, clientOrderId: UInt64, flags: PlaceFlags, limitPrice: UInt32 = 0) {
        let owner = writableAccount(account)
        let detail = writableDetail(slot)
        let head = owner.pointee.firstOrder
        detail.pointee.clientOrderId = clientOrderId
        detail.pointee.placeFlags = UInt32(flags.rawValue)
        detail.pointee.limitPrice = limitPrice
        detail.pointee.accountNext = head
        detail.pointee.accountPrevious = 0
        if head != 0 { writableDetail(head).pointee.accountPrevious = slot }
        owner.pointee.firstOrder = slot
        owner.pointee.openOrderCount += 1

        guard clientOrderId != 0 else { return }
        let bucket = writable(bucketOffset(account: account, clientOrderId: clientOrderId), as: UInt32.self)
        let first = bucket.pointee
        detail.pointee.chainNext = first
        if first != 0 { writableDetail(first).pointee.chainPrevious = slot }
        bucket.pointee = slot
    }

    /// Takes an order out of its account's list, out of the index and out of the wheel of timers, and clears its details.
    mutating func unlinkFromAccount(slot: UInt32, account: UInt32) {
        let owner = writableAccount(account)
        let detail = writableDetail(slot)
        let next = detail.pointee.accountNext
        let previous = detail.pointee.accountPrevious
        if previous == 0 { owner.pointee.firstOrder = next } else { writableDetail(previous).pointee.accountNext = next }
        if next != 0 { writableDetail(next).pointee.accountPrevious = previous }
        owner.pointee.openOrderCount -= 1

        if detail.pointee.clientOrderId != 0 {
            let chainNext = detail.pointee.chainNext
            let chainPrevious = detail.pointee.chainPrevious
            if chainPrevious == 0 {
                writable(bucketOffset(account: account, clientOrderId: detail.pointee.clientOrderId), as: UInt32.self).pointee = chainNext
            } else {
                writableDetail(chainPrevious).pointee.chainNext = chainNext
            }
            if chainNext != 0 { writableDetail(chainNext).pointee.chainPrevious = chainPrevious }
        }
        if detail.pointee.expiryMs != 0 { disarmTimer(order: slot) }
        detail.pointee = OrderDetail()
    }
}
