/// Fee tiers: what part of a market's fees an owner pays. The lister sets them on L1; they only ever lower fees.
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

    /// The fee that the account pays on `atoms` where the market asks for `basisPoints`.
    @inline(__always)
    func fee(on atoms: UInt64, basisPoints: UInt32, account: UInt32) -> UInt64 {
        Notional.fee(on: atoms, basisPoints: basisPoints, tier: pointer(accountOffset(account), as: Account.self).pointee.feeTier)
    }
}
