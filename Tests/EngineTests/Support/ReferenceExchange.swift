import Engine

/// The exchange as one would write it without caring for speed: dictionaries, arrays, linear scans, 128-bit products.
///
/// It shares no code with the engine but the types of commands and reject codes. Orders are named by the order of their creation.
final class ReferenceExchange {
    struct Market {
        var base: UInt32
        var quote: UInt32
        var lotAtoms: UInt64
        /// One lot at mantissa m and exponent e costs m * 10^(e + shift) quote atoms.
        var shift: Int
        var makerFee: UInt64
        var takerFee: UInt64
        var feeOwner: Address
    }
    struct Order {
        var number: Int
        var owner: Address
        var market: UInt16
        var side: Side
        var priceCode: UInt32
        var lots: UInt64
        var clientOrderId: UInt64
    }
    struct Fill: Equatable {
        var maker: Int
        var priceCode: UInt32
        var lots: UInt64
    }
    enum Outcome: Equatable {
        case rejected(RejectCode)
        case placed(filled: UInt64, resting: UInt64, order: Int?, fills: [Fill])
        case cancelled(order: Int, lots: UInt64)
        case withdrawn(id: UInt64)
        case agentChanged
    }
    struct Key: Hashable {
        var owner: Address
        var token: UInt32
    }

    var decimals: [UInt32: Int] = [:]
    var markets: [UInt16: Market] = [:]
    var free: [Key: UInt64] = [:]
    var locked: [Key: UInt64] = [:]
    var total: [UInt32: UInt64] = [:]
    /// In order of arrival: price-time priority is a scan.
    var orders: [Order] = []
    var created = 0
    var withdrawals: [(owner: Address, token: UInt32, atoms: UInt64)] = []
    /// Agent to owner; nil owner: revoked.
    var agents: [Address: (owner: Address, active: Bool)] = [:]
    var owners: Set<Address> = []

    func deposit(_ owner: Address, token: UInt32, atoms: UInt64) {
        owners.insert(owner)
        agents[owner] = nil
        free[Key(owner: owner, token: token), default: 0] += atoms
        total[token, default: 0] += atoms
    }

    func apply(_ command: Command, signer: Address) -> Outcome {
        let owner = owners.contains(signer) ? signer : agents[signer]!.owner
        let isOwner = owners.contains(signer)
        switch command {
        case .place(let order):
            return place(
                owner, order.market, order.flags.side, order.flags.timeInForce, order.priceCode, order.lots, order.clientOrderId)
        case .cancel, .cancelByClientId:
            preconditionFailure("cancels are applied by `cancel(owner:market:matching:)`")
        case .withdraw(let token, let atoms):
            guard isOwner else { return .rejected(.agentMayNot) }
            guard decimals[token] != nil else { return .rejected(.unknownToken) }
            guard atoms > 0 else { return .rejected(.amountZero) }
            guard free[Key(owner: owner, token: token), default: 0] >= atoms else { return .rejected(.insufficientBalance) }
            free[Key(owner: owner, token: token)]! -= atoms
            total[token]! -= atoms
            withdrawals.append((owner, token, atoms))
            return .withdrawn(id: UInt64(withdrawals.count))
        case .approveAgent(let agent, _):
            guard isOwner else { return .rejected(.agentMayNot) }
            if owners.contains(agent) || agent == .zero { return .rejected(.agentAddressTaken) }
            if let existing = agents[agent], existing.owner != owner { return .rejected(.agentAddressTaken) }
            if agents[agent] == nil, agents.values.count(where: { $0.owner == owner }) >= 16 { return .rejected(.tooManyAgents) }
            agents[agent] = (owner, true)
            return .agentChanged
        case .revokeAgent(let agent):
            guard isOwner else { return .rejected(.agentMayNot) }
            guard let existing = agents[agent], existing.owner == owner, existing.active else { return .rejected(.unknownAgent) }
            agents[agent] = (owner, false)
            return .agentChanged
        default:
            return .rejected(.notAllowed)
        }
    }

    func cancel(owner: Address, market: UInt16, number: Int?) -> Outcome {
        guard markets[market] != nil else { return .rejected(.unknownMarket) }
        guard let index = orders.firstIndex(where: { $0.number == number && $0.market == market }) else { return .rejected(.unknownOrder) }
        guard orders[index].owner == owner else { return .rejected(.notYourOrder) }
        return remove(at: index)
    }

    func cancel(owner: Address, market: UInt16, clientOrderId: UInt64) -> Outcome {
        guard markets[market] != nil else { return .rejected(.unknownMarket) }
        guard clientOrderId != 0,
            let index = orders.firstIndex(where: { $0.owner == owner && $0.clientOrderId == clientOrderId && $0.market == market })
        else { return .rejected(.unknownOrder) }
        return remove(at: index)
    }

    private func remove(at index: Int) -> Outcome {
        let order = orders.remove(at: index)
        let (token, atoms) = given(order.side, markets[order.market]!, order.priceCode, order.lots)
        locked[Key(owner: order.owner, token: token)]! -= atoms
        free[Key(owner: order.owner, token: token)]! += atoms
        return .cancelled(order: order.number, lots: order.lots)
    }

    private func place(
        _ owner: Address, _ marketId: UInt16, _ side: Side, _ timeInForce: TimeInForce, _ priceCode: UInt32, _ lots: UInt64,
        _ clientOrderId: UInt64
    ) -> Outcome {
        guard let market = markets[marketId] else { return .rejected(.unknownMarket) }
        guard lots > 0 else { return .rejected(.sizeZero) }
        guard priceCode < 36 * 90_000 else { return .rejected(.priceInvalid) }
        guard let unit = unitCost(market, priceCode) else { return .rejected(.priceTooFine) }
        let most = UInt128(UInt64.max >> 1)
        guard UInt128(lots) * UInt128(market.lotAtoms) <= most else { return .rejected(.sizeTooLarge) }
        guard unit <= most, unit * UInt128(lots) <= most else { return .rejected(.notionalTooLarge) }
        let (token, needed) = given(side, market, priceCode, lots)
        guard free[Key(owner: owner, token: token), default: 0] >= needed else { return .rejected(.insufficientBalance) }
        if clientOrderId != 0, orders.contains(where: { $0.owner == owner && $0.clientOrderId == clientOrderId }) {
            return .rejected(.clientOrderIdInUse)
        }
        let queue = matching(marketId, side, priceCode)
        if !queue.isEmpty && timeInForce == .postOnly { return .rejected(.postOnlyWouldTake) }
        var reach = lots
        for index in queue where reach > 0 {
            if orders[index].owner == owner { return .rejected(.wouldNotFill) }
            reach -= min(reach, orders[index].lots)
        }

        var left = lots
        var fills: [Fill] = []
        for index in queue where left > 0 {
            let traded = min(left, orders[index].lots)
            settle(index, taker: owner, takerSide: side, market, traded)
            fills.append(Fill(maker: orders[index].number, priceCode: orders[index].priceCode, lots: traded))
            orders[index].lots -= traded
            left -= traded
        }
        orders.removeAll { $0.lots == 0 }
        guard left > 0 && timeInForce != .immediateOrCancel else {
            return .placed(filled: lots - left, resting: 0, order: nil, fills: fills)
        }
        let (_, lock) = given(side, market, priceCode, left)
        free[Key(owner: owner, token: token)]! -= lock
        locked[Key(owner: owner, token: token), default: 0] += lock
        created += 1
        orders.append(
            Order(
                number: created, owner: owner, market: marketId, side: side, priceCode: priceCode, lots: left, clientOrderId: clientOrderId)
        )
        return .placed(filled: lots - left, resting: left, order: created, fills: fills)
    }

    /// Indices of the opposite orders within the limit, best price first, oldest first.
    private func matching(_ market: UInt16, _ side: Side, _ limit: UInt32) -> [Int] {
        let crossing = orders.indices.filter {
            orders[$0].market == market && orders[$0].side != side
                && (side == .buy ? orders[$0].priceCode <= limit : orders[$0].priceCode >= limit)
        }
        return crossing.sorted { first, second in
            let (one, two) = (orders[first].priceCode, orders[second].priceCode)
            return one == two ? first < second : (side == .buy ? one < two : one > two)
        }
    }

    private func settle(_ index: Int, taker: Address, takerSide: Side, _ market: Market, _ traded: UInt64) {
        let maker = orders[index]
        let quote = UInt64(unitCost(market, maker.priceCode)! * UInt128(traded))
        let base = market.lotAtoms * traded
        let (buyer, seller) = takerSide == .buy ? (taker, maker.owner) : (maker.owner, taker)
        let (buyerFee, sellerFee) = takerSide == .buy ? (market.takerFee, market.makerFee) : (market.makerFee, market.takerFee)
        let baseFee = feeOn(base, buyerFee)
        let quoteFee = feeOn(quote, sellerFee)
        if takerSide == .buy {
            free[Key(owner: buyer, token: market.quote)]! -= quote
            locked[Key(owner: seller, token: market.base)]! -= base
        } else {
            locked[Key(owner: buyer, token: market.quote)]! -= quote
            free[Key(owner: seller, token: market.base)]! -= base
        }
        free[Key(owner: buyer, token: market.base), default: 0] += base - baseFee
        free[Key(owner: seller, token: market.quote), default: 0] += quote - quoteFee
        free[Key(owner: market.feeOwner, token: market.base), default: 0] += baseFee
        free[Key(owner: market.feeOwner, token: market.quote), default: 0] += quoteFee
    }

    private func feeOn(_ atoms: UInt64, _ basisPoints: UInt64) -> UInt64 {
        UInt64((UInt128(atoms) * UInt128(basisPoints) + 9_999) / 10_000)
    }

    private func given(_ side: Side, _ market: Market, _ priceCode: UInt32, _ lots: UInt64) -> (token: UInt32, atoms: UInt64) {
        side == .buy
            ? (market.quote, UInt64(unitCost(market, priceCode)! * UInt128(lots))) : (market.base, market.lotAtoms * lots)
    }

    /// Quote atoms a lot, nil if not whole; saturates far above 64 bits.
    private func unitCost(_ market: Market, _ priceCode: UInt32) -> UInt128? {
        var value = UInt128(priceCode % 90_000 + 10_000)
        var power = Int(priceCode / 90_000) + market.shift
        while power > 0 && value < 1 << 100 {
            value *= 10
            power -= 1
        }
        while power < 0 {
            guard value % 10 == 0 else { return nil }
            value /= 10
            power += 1
        }
        return value
    }
}
