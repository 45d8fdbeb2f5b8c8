/// What meeting makers means for the exchange: funds move, fees are paid, fills are told, and makers that go leave their accounts' lists.
/// It decides what happens when an order meets one of the same account, or one whose time is over, and how far a market order's funds reach.
///
/// The taker's funds were checked for its own limit, so every fill is covered; its balances are settled once, by `finish`.
struct Settlement: MatchingPolicy {
    /// Valid for as long as the match takes.
    let exchange: UnsafeMutablePointer<Exchange>
    let incoming: Exchange.Incoming
    let market: UnsafePointer<Market>

    /// How many more makers may be met.
    private var meetingsLeft = Layout.makersPerOrderMax
    /// What is left of the order must not rest.
    private(set) var isStopped = false
    /// Lots that it lost without a trade.
    private(set) var decrementedLots: UInt64 = 0
    /// Whether `quoteAtomsMax` bounds what is spent.
    private var isLimited = false
    private var quoteAtomsMax: UInt64 = 0

    /// Quote atoms for one lot at `pricedCode`, the price of the level that is being matched.
    private var atomsPerLot: UInt64 = 0
    private var pricedCode = PriceCode.none
    /// Sums over the fills. Fees are those paid by the taker and by the makers, each in what they receive.
    private var baseAtoms: UInt64 = 0
    private var quoteAtoms: UInt64 = 0
    private var takerFee: UInt64 = 0
    private var makerFees: UInt64 = 0

    @inline(__always)
    init(exchange: UnsafeMutablePointer<Exchange>, incoming: Exchange.Incoming, market: UnsafePointer<Market>) {
        self.exchange = exchange
        self.incoming = incoming
        self.market = market
    }

    /// Has the order, a market order that buys, stop where this is spent.
    mutating func limit(toQuoteAtoms atoms: UInt64) {
        isLimited = true
        quoteAtomsMax = atoms
    }

    // MARK: Decisions

    @inline(__always)
    mutating func meet(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64) -> MakerEncounter {
        meetingsLeft &-= 1
        if _fastPath(maker.pointee.account != incoming.account && !maker.pointee.hasExpiry && meetingsLeft >= 0 && !isLimited) {
            return .fill
        }
        return decide(maker, slot: slot, priceCode: priceCode, lots: lots)
    }

    @inline(never)
    private mutating func decide(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64) -> MakerEncounter {
        guard meetingsLeft >= 0 else {
            isStopped = true
            return .stop
        }
        if maker.pointee.hasExpiry && exchange.pointee.isExpired(slot: slot) {
            lose(maker, slot: slot, lots: maker.pointee.lots, .expired)
            return .remove
        }
        if maker.pointee.account == incoming.account { return decideAboutOwn(maker, slot: slot) }
        guard isLimited else { return .fill }
        if priceCode != pricedCode { setPrice(priceCode) }
        let affordable = (quoteAtomsMax - quoteAtoms) / atomsPerLot
        if affordable >= min(lots, maker.pointee.lots) { return .fill }
        isStopped = true
        return affordable == 0 ? .stop : .fillAndStop(lots: affordable)
    }

    private mutating func decideAboutOwn(_ maker: UnsafePointer<Order>, slot: UInt32) -> MakerEncounter {
        switch incoming.flags.selfTradePrevention {
        case .cancelTaker:
            isStopped = true
            return .stop
        case .cancelMaker:
            lose(maker, slot: slot, lots: maker.pointee.lots, .selfTrade)
            return .remove
        case .cancelBoth:
            lose(maker, slot: slot, lots: maker.pointee.lots, .selfTrade)
            isStopped = true
            meetingsLeft = 0
            return .remove
        case .decrement: return .reduce
        }
    }

    // MARK: What happened

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
    mutating func reduced(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64) {
        decrementedLots += lots
        lose(maker, slot: slot, lots: lots, .selfTrade)
    }

    @inline(__always)
    mutating func leaving(_ maker: UnsafePointer<Order>, slot: UInt32) {
        exchange.pointee.unlinkFromAccount(slot: slot, account: maker.pointee.account)
    }

    /// Unlocks what a maker had locked for lots that it loses without a trade, and tells of it.
    @inline(never)
    private func lose(_ maker: UnsafePointer<Order>, slot: UInt32, lots: UInt64, _ reduction: Reduction) {
        exchange.pointee.unlock(lots: lots, of: maker.pointee)
        exchange.pointee.emitReduced(
            exchange.pointee.description(slot: slot), reduction, lots: lots, remaining: maker.pointee.lots - lots,
            commandIndex: incoming.commandIndex)
    }

    private mutating func setPrice(_ priceCode: UInt32) {
        atomsPerLot = exchange.pointee.restingAtomsPerLot(at: priceCode, market)
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
        guard baseAtoms != 0 else { return }
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
        event.commandIndex = incoming.commandIndex
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
