/// Read access for queries, recovery and tests. Never on the path of an order.
extension Exchange {
    /// Global counters.
    package var header: StateHeader { pointer(Layout.header, as: StateHeader.self).pointee }

    /// Counters of what happens by itself, and others.
    package var schedule: ScheduleHeader { pointer(Layout.scheduleHeader, as: ScheduleHeader.self).pointee }

    /// The token with this id, or nil.
    package func token(_ id: UInt32) -> Token? {
        isListed(token: id) ? pointer(tokenOffset(id), as: Token.self).pointee : nil
    }

    /// Atoms of a token in all balances together.
    package func totalAtoms(token id: UInt32) -> UInt64 {
        precondition(id < UInt32(Layout.tokenCapacity))
        return pointer(tokenTotalOffset(id), as: UInt64.self).pointee
    }

    /// The market with this id, or nil.
    package func market(_ id: UInt32) -> Market? {
        guard let short = UInt16(exactly: id), isListed(market: short) else { return nil }
        return pointer(marketOffset(id), as: Market.self).pointee
    }

    /// What changes in a book (a market's id, or `Layout.marketCapacity` more for its trigger book).
    package func book(_ index: UInt32) -> BookState {
        precondition(index < UInt32(Layout.bookCapacity))
        return pointer(bookOffset(index), as: BookState.self).pointee
    }

    /// The main account that `owner` owns, or nil.
    package func account(owner: Address) -> Account? { account(id: findAccount(owner: owner)) }

    /// The account with this id, or nil.
    package func account(id: UInt32) -> Account? {
        guard id > 0, id <= header.accountCount else { return nil }
        return pointer(accountOffset(id), as: Account.self).pointee
    }

    /// When the orders of an account with this id are to be cancelled.
    package func schedule(account id: UInt32) -> AccountSchedule {
        precondition(id < UInt32(Layout.accountCapacity))
        return pointer(scheduleOffset(id), as: AccountSchedule.self).pointee
    }

    /// The signer record of an address (owner or agent key), or nil.
    package func signer(_ address: Address) -> Signer? {
        let slot = findSigner(address)
        return slot == 0 ? nil : pointer(signerOffset(slot), as: Signer.self).pointee
    }

    /// What an account holds of a token; nil if it never had a cell for it.
    package func balance(account: UInt32, token: UInt32) -> Balance? {
        guard let cell = balanceCell(account: account, token: token) else { return nil }
        return pointer(Int(cell) * Layout.cellBytes, as: Balance.self).pointee
    }

    /// Index of the balance cell in the arena; nil if there is none.
    package func balanceCell(account: UInt32, token: UInt32) -> UInt32? {
        guard account > 0, account <= header.accountCount, token < UInt32(Layout.tokenCapacity) else { return nil }
        let offset = balanceOffset(account: account, token: token)
        guard pointer(offset, as: Balance.self).pointee.account == account else { return nil }
        return UInt32(truncatingIfNeeded: offset / Layout.cellBytes)
    }

    /// Ids of the withdrawal records that the state holds: the last ones.
    package var withdrawalIds: Range<UInt64> {
        let count = header.withdrawalCount
        return count - min(count, UInt64(Layout.withdrawalCapacity)) + 1..<count + 1
    }

    /// The withdrawal record with this id, or nil if there is none yet, or a later one has taken its slot.
    package func withdrawal(_ id: UInt64) -> Withdrawal? {
        guard withdrawalIds.contains(id) else { return nil }
        return pointer(withdrawalOffset(id), as: Withdrawal.self).pointee
    }

    /// The resting order in `slot` with its details, or nil. The order id is `Order.id(slot:generation:)`.
    package func order(slot: UInt32) -> (order: Order, detail: OrderDetail)? {
        guard slot > 0, slot <= header.orderHighWater else { return nil }
        let order = pointer(orderOffset(slot), as: Order.self).pointee
        return order.lots == 0 ? nil : (order, pointer(detailOffset(slot), as: OrderDetail.self).pointee)
    }

    /// The best occupied price of a side, or nil.
    package func bestPrice(book: UInt32, side: Side) -> UInt32? {
        guard self.market(book % UInt32(Layout.marketCapacity)) != nil else { return nil }
        let price = orderBook(book).bestPrice(side)
        return price == PriceCode.none ? nil : price
    }

    /// The next occupied price of the same side behind `priceCode` (lower for bids, higher for asks), or nil.
    package func nextPrice(book: UInt32, side: Side, behind priceCode: UInt32) -> UInt32? {
        let price = orderBook(book).nextPrice(side, behind: priceCode)
        return price == PriceCode.none ? nil : price
    }

    /// Sum of the lots that rest at a price; 0 if none do.
    package func lots(book: UInt32, priceCode: UInt32) -> UInt64 { orderBook(book).lots(at: priceCode) }
}
