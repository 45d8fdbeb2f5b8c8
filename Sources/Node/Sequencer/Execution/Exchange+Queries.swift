import Engine

/// How clients see accounts and books.
extension Exchange {
    /// The main account of an owner, or of the owner who approved this agent key.
    func mainAccount(of address: Address) -> Account? {
        guard let signer = signer(address) else { return nil }
        return account(id: signer.account != 0 ? signer.account : signer.principal)
    }

    /// The books where a side of a market lies: asks that collect for the opening auction lie where triggers lie later.
    package func books(ofMarket id: UInt32, side: Side) -> [UInt32] {
        guard side == .sell, let market = market(id), market.phase != MarketPhase.continuous else { return [id] }
        return [id, id + UInt32(Layout.marketCapacity)]
    }

    /// Whether an order waits for its trigger.
    func isWaiting(_ order: Order) -> Bool {
        order.isTrigger && market(order.market)?.phase == MarketPhase.continuous
    }
}
