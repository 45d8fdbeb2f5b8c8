/// Fees that change: those of a market, and fee tiers, which say what part of them an owner pays. Both are set on L1: what costs users more only
/// after a delay that is longer than the way out.
extension Exchange {
    /// Applies an inbox message that sets the tier of an owner: of all his accounts, and of those that he opens later. Opens his main account
    /// if there is none, so that a tier can be given before the first deposit.
    mutating func setFeeTier(_ message: InboxMessage) -> Event? {
        guard let owner = message.a.address, !owner.isZero, let tier = message.b.smallInteger, tier <= UInt64(Layout.feeTierMax)
        else { return nil }
        let main = openAccount(owner: owner)
        guard main != 0 else { return nil }
        forEachAccount(ofOwnerOf: main) { exchange, account in
            exchange.writableAccount(account).pointee.feeTier = UInt32(truncatingIfNeeded: tier)
        }
        var event = Event()
        event.kind = Event.Kind.feeTierChanged
        event.account = main
        event.lots = tier
        return event
    }

    /// Applies an inbox message that sets the fees of a market: of every trade from here on, whenever its orders were placed.
    mutating func setMarketFees(_ message: InboxMessage) -> Event? {
        guard let idWord = message.b.smallInteger, let id = UInt16(exactly: idWord), market(UInt32(id)) != nil,
            let fees = message.c.smallInteger
        else { return nil }
        let maker = fees & 0xFFFF
        let taker = fees >> 16
        guard maker <= UInt64(Layout.feeBasisPointsMax), taker <= UInt64(Layout.feeBasisPointsMax) else { return nil }
        let record = writableMarket(UInt32(id))
        record.pointee.makerFeeBasisPoints = UInt32(truncatingIfNeeded: maker)
        record.pointee.takerFeeBasisPoints = UInt32(truncatingIfNeeded: taker)
        var event = Event()
        event.kind = Event.Kind.marketFeesChanged
        event.market = id
        event.lots = maker
        event.remaining = taker
        return event
    }

    /// The fee that the account pays on `atoms` where the market asks for `basisPoints`.
    @inline(__always)
    func fee(on atoms: UInt64, basisPoints: UInt32, account: UInt32) -> UInt64 {
        Notional.fee(on: atoms, basisPoints: basisPoints, tier: pointer(accountOffset(account), as: Account.self).pointee.feeTier)
    }
}
