/// What meeting makers means for the exchange: funds move, fees are paid, fills are told, and makers that go leave their accounts' lists.
///
/// The taker's funds were checked for its own limit, so every fill is covered; its balances are settled once, by `finish`.
struct Settlement: MatchingPolicy {
    /// Valid for as long as the match takes.
    let exchange: UnsafeMutablePointer<Exchange>
    let incoming: Exchange.Incoming
    let market: UnsafePointer<Market>
    let commandIndex: UInt16

    /// Quote atoms for one lot at `pricedCode`, the price of the level that is being matched.
    private var atomsPerLot: UInt64 = 0
    private var pricedCode = PriceCode.none
    /// Sums over the fills. Fees are those paid by the taker and by the makers, each in what they receive.
    private var baseAtoms: UInt64 = 0
    private var quoteAtoms: UInt64 = 0
    private var takerFee: UInt64 = 0
    private var makerFees: UInt64 = 0

    @inline(__always)
    init(exchange: UnsafeMutablePointer<Exchange>, incoming: Exchange.Incoming, market: UnsafePointer<Market>, commandIndex: UInt16) {
        self.exchange = exchange
        self.incoming = incoming
        self.market = market
        self.commandIndex = commandIndex
    }

    @inline(__always)
    mutating func meet(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64) -> MakerEncounter { .fill }

    @inline(__always)
    mutating func filled(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {
        if priceCode != pricedCode { setPrice(priceCode) }
        let quote = atomsPerLot * lots
        let base = market.pointee.lotAtoms * lots
        baseAtoms += base
        quoteAtoms += quote
        takerFee += exchange.pointee.fee(
            on: incoming.side == .buy ? base : quote, basisPoints: market.pointee.takerFeeBasisPoints, account: incoming.account)
        settleMaker(maker.pointee.account, baseAtoms: base, quoteAtoms: quote)
        emitFill(maker, slot: slot, price: priceCode, lots: lots, remaining: remaining)
    }

    @inline(__always)
    mutating func reduced(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {}

    @inline(__always)
    mutating func leaving(_ maker: UnsafePointer<Order>, slot: UInt32) {
        exchange.pointee.unlinkFromAccount(slot: slot, account: maker.pointee.account)
    }

    private mutating func setPrice(_ priceCode: UInt32) {
        guard let atoms = Notional.atomsPerLot(priceCode: priceCode, notionalExponent: market.pointee.notionalExponent)
        else { preconditionFailure("an order rests at a price that is too fine for its market") }
        atomsPerLot = atoms
        pricedCode = priceCode
    }

    /// Moves one fill's funds on the maker's side: out of what its order locked, into its free balance, less the fee.
    @inline(__always)
    private mutating func settleMaker(_ account: UInt32, baseAtoms: UInt64, quoteAtoms: UInt64) {
        let sells = incoming.side == .buy
        let received = sells ? quoteAtoms : baseAtoms
        let fee = exchange.pointee.fee(on: received, basisPoints: market.pointee.makerFeeBasisPoints, account: account)
        makerFees += fee
        let (given, gotten) =
            sells ? (market.pointee.baseToken, market.pointee.quoteToken) : (market.pointee.quoteToken, market.pointee.baseToken)
        exchange.pointee.writableBalance(account: account, token: given).pointee.locked -= sells ? baseAtoms : quoteAtoms
        exchange.pointee.writableBalance(account: account, token: gotten).pointee.free += received - fee
    }

    /// Moves the funds of all fills on the taker's side, and all fees to the fee account. Called once, after the match.
    mutating func finish() {
        guard pricedCode != PriceCode.none else { return }
        let base = market.pointee.baseToken
        let quote = market.pointee.quoteToken
        let fees = market.pointee.feeAccount
        let buys = incoming.side == .buy
        let account = incoming.account
        exchange.pointee.writableBalance(account: account, token: buys ? quote : base).pointee.free -= buys ? quoteAtoms : baseAtoms
        exchange.pointee.writableBalance(account: account, token: buys ? base : quote).pointee.free +=
            (buys ? baseAtoms : quoteAtoms) - takerFee
        // Each side pays in what it receives, so the taker's fee and the makers' fees are in different tokens.
        exchange.pointee.writableBalance(account: fees, token: buys ? base : quote).pointee.free += takerFee
        exchange.pointee.writableBalance(account: fees, token: buys ? quote : base).pointee.free += makerFees
    }

    @inline(__always)
    private func emitFill(_ maker: UnsafePointer<Order>, slot: UInt32, price: UInt32, lots: UInt64, remaining: UInt64) {
        var event = Event()
        event.kind = Event.Kind.fill
        event.side = incoming.side.rawValue
        event.market = UInt16(truncatingIfNeeded: market.pointee.id)
        event.commandIndex = commandIndex
        event.account = incoming.account
        event.counterAccount = maker.pointee.account
        event.priceCode = price
        event.counterOrderId = Order.id(slot: slot, generation: maker.pointee.generation)
        event.lots = lots
        event.remaining = remaining
        event.clientOrderId = exchange.pointee.pointer(Layout.orderDetails + Int(slot) * 64, as: OrderDetail.self).pointee.clientOrderId
        exchange.pointee.emit(event)
    }
}
