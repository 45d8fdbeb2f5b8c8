import Engine

/// The exchange as one would write it first: dictionaries of structs by key, arrays, ``NaiveBook``. What the engine is measured against.
///
/// It does all that the engine does for the commands of the workloads, and leaves the same events and balances, or the benchmark fails. It keeps no
/// state that could be hashed or proved and marks nothing as written.
final class NaiveExchange {
    struct BalanceKey: Hashable {
        var account: UInt32
        var token: UInt32
    }
    struct Balance {
        var free: UInt64 = 0
        var locked: UInt64 = 0
    }
    struct ClientOrderKey: Hashable {
        var account: UInt32
        var clientOrderId: UInt64
    }
    struct Market {
        var base: UInt32
        var quote: UInt32
        var makerBasisPoints: UInt64
        var takerBasisPoints: UInt64
        var feeAccount: UInt32
    }
    final class Account {
        let id: UInt32
        /// The highest ones, ascending.
        var nonces: [UInt64] = []
        var openOrderCount = 0

        init(id: UInt32) { self.id = id }
    }

    var accounts: [Address: Account] = [:]
    var balances: [BalanceKey: Balance] = [:]
    var market = Market(base: 0, quote: 0, makerBasisPoints: 0, takerBasisPoints: 0, feeAccount: 0)
    let book = NaiveBook()
    /// Orders that wait for their trigger, at their trigger prices: those that fire at or below it as bids.
    let triggers = NaiveBook()
    var lastPrice: UInt32?
    /// Numbers of the orders that the workload names by the engine's ids.
    var numbers: [UInt64: UInt64] = [:]
    /// Numbers of orders by the time at which they go.
    var expiries: [UInt64: [UInt64]] = [:]
    var clientOrders: [ClientOrderKey: UInt64] = [:]
    var lastNumber: UInt64 = 0
    var blockTimeMs: UInt64 = 0
    var events: [Event] = []

    // MARK: Set-up

    func openAccount(_ owner: Address) -> UInt32 {
        if let account = accounts[owner] { return account.id }
        let account = Account(id: UInt32(accounts.count + 1))
        accounts[owner] = account
        return account.id
    }

    func deposit(_ owner: Address, token: UInt32, atoms: UInt64) {
        balances[BalanceKey(account: openAccount(owner), token: token), default: Balance()].free += atoms
    }

    // MARK: Batches

    func execute(signer: Address, nonce: UInt64, payload: UnsafeRawBufferPointer) -> RejectCode {
        var commands: [Command] = []
        var offset = 0
        while offset < payload.count {
            guard let command = Command.decode(payload, at: &offset) else { return .malformedPayload }
            commands.append(command)
        }
        guard !commands.isEmpty else { return .malformedPayload }
        guard commands.count <= Layout.commandsPerPayloadMax else { return .tooManyCommands }
        guard let account = accounts[signer] else { return .unknownSigner }
        let code = use(nonce, of: account)
        guard code == .none else { return code }
        for (index, command) in commands.enumerated() {
            let code = apply(command, account: account, index: UInt16(index))
            if code != .none {
                var event = Event()
                event.kind = Event.Kind.rejected
                event.code = code.rawValue
                event.account = account.id
                event.commandIndex = UInt16(index)
                events.append(event)
            }
        }
        return .none
    }

    private func use(_ nonce: UInt64, of account: Account) -> RejectCode {
        if nonce <= blockTimeMs - Layout.nonceAgeMsMax { return .nonceTooOld }
        if nonce >= blockTimeMs + Layout.nonceLeadMsMax { return .nonceTooNew }
        let place = account.nonces.lastIndex { $0 <= nonce }
        if let place, account.nonces[place] == nonce { return .nonceRepeated }
        if account.nonces.count == Layout.noncesPerSigner {
            guard let place else { return .nonceBelowRemembered }
            account.nonces.insert(nonce, at: place + 1)
            account.nonces.removeFirst()
        } else {
            account.nonces.insert(nonce, at: place.map { $0 + 1 } ?? 0)
        }
        return .none
    }

    private func apply(_ command: Command, account: Account, index: UInt16) -> RejectCode {
        func incoming(_ order: Command.Order, expiryMs: UInt64 = 0) -> Incoming {
            Incoming(
                account: account.id, flags: order.flags, price: order.priceCode, lots: order.lots, clientOrderId: order.clientOrderId,
                expiryMs: expiryMs, index: index)
        }
        switch command {
        case .place(let order): return place(incoming(order))
        case .placeUntil(let order, let expiryMs):
            return expiryMs > blockTimeMs ? place(incoming(order, expiryMs: expiryMs)) : .expiryPassed
        case .placeTrigger(let order, let expiryMs, let triggerPrice):
            return placeTrigger(incoming(order, expiryMs: expiryMs), triggerPrice: triggerPrice)
        case .modify(_, let orderId, let price, let lots):
            return modify(numbers[orderId], price: price, lots: lots, account: account.id, index: index)
        case .cancelByClientId(_, let clientOrderId):
            return cancel(clientOrders[ClientOrderKey(account: account.id, clientOrderId: clientOrderId)], index: index)
        default: preconditionFailure("no workload has this command")
        }
    }

    private func cancel(_ number: UInt64?, index: UInt16) -> RejectCode {
        guard let number, let order = takeOff(number) else { return .unknownOrder }
        var event = describe(order, Event.Kind.cancelled, index)
        event.remaining = order.lots
        events.append(event)
        return .none
    }

    // MARK: Helpers of placing

    /// Token that an order of this side gives, and its atoms for each lot at this price.
    func given(_ side: NaiveSide, price: UInt32) -> (token: UInt32, perLot: UInt64) {
        side == .buy ? (market.quote, Self.atomsPerLot(price)) : (market.base, 1)
    }

    /// Quote atoms for a lot; ``BenchMarket`` is made so that none is too fine at exponents from 21 up.
    static func atomsPerLot(_ priceCode: UInt32) -> UInt64 {
        var atoms = UInt64(PriceCode.mantissa(priceCode))
        for _ in 21..<max(21, PriceCode.exponent(priceCode)) { atoms *= 10 }
        return atoms
    }

    static func fee(_ atoms: UInt64, _ basisPoints: UInt64) -> UInt64 { (atoms * basisPoints + 9_999) / 10_000 }

    /// Takes an order off its book and unlocks what it has locked.
    func takeOff(_ number: UInt64) -> NaiveOrder? {
        if let trigger = triggers.remove(number) {
            forget(trigger)
            return trigger
        }
        guard let order = book.remove(number) else { return nil }
        unlock(order, lots: order.lots)
        forget(order)
        return order
    }

    func unlock(_ order: NaiveOrder, lots: UInt64) {
        let (token, perLot) = given(order.side, price: order.price)
        let key = BalanceKey(account: order.account, token: token)
        balances[key]!.locked -= lots * perLot
        balances[key]!.free += lots * perLot
    }

    /// An event about an order, with its side (a trigger's own), price and ids.
    func describe(_ order: NaiveOrder, _ kind: UInt8, _ index: UInt16) -> Event {
        var event = Event()
        event.kind = kind
        event.side = order.flags & 1
        event.market = BenchMarket.id
        event.commandIndex = index
        event.account = order.account
        event.priceCode = order.price
        event.orderId = order.number
        event.clientOrderId = order.clientOrderId
        return event
    }

    /// Takes an order that left the book out of the other dictionaries.
    func forget(_ order: NaiveOrder) {
        if order.clientOrderId != 0 { clientOrders[ClientOrderKey(account: order.account, clientOrderId: order.clientOrderId)] = nil }
    }
}
