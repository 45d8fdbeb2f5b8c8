/// Read access for queries, recovery and tests. Never on the path of an order.
extension Exchange {
    /// Global counters.
    package var header: StateHeader { memory.arena.load(fromByteOffset: Layout.header, as: StateHeader.self) }

    /// The token with this id, or nil.
    package func token(_ id: UInt32) -> Token? { fatalError("being written") }
    /// The market with this id, or nil.
    package func market(_ id: UInt32) -> Market? { fatalError("being written") }
    /// The account that `owner` owns, or nil.
    package func account(owner: Address) -> Account? { fatalError("being written") }
    /// The account with this id, or nil.
    package func account(id: UInt32) -> Account? { fatalError("being written") }
    /// The signer record of an address (owner or agent key), or nil.
    package func signer(_ address: Address) -> Signer? { fatalError("being written") }
    /// What an account holds of a token (zero cells are nil).
    package func balance(account: UInt32, token: UInt32) -> Balance? { fatalError("being written") }
    /// Index of the balance cell in the arena, or nil.
    package func balanceCell(account: UInt32, token: UInt32) -> UInt32? { fatalError("being written") }
    /// The withdrawal with this id (1...header.withdrawalCount), or nil.
    package func withdrawal(_ id: UInt64) -> Withdrawal? { fatalError("being written") }
    /// The resting order in `slot` with its details, or nil. The order id is `generation << 32 | slot`.
    package func order(slot: UInt32) -> (order: Order, detail: OrderDetail)? { fatalError("being written") }
    /// The best occupied price of a side, or nil.
    package func bestPrice(market: UInt32, side: Side) -> UInt32? { fatalError("being written") }
    /// The next occupied price of the same side behind `priceCode` (lower for bids, higher for asks), or nil.
    package func nextPrice(market: UInt32, side: Side, behind priceCode: UInt32) -> UInt32? { fatalError("being written") }
    /// The level at a price: empty if nothing rests there.
    package func level(market: UInt32, priceCode: UInt32) -> Level { fatalError("being written") }
}
