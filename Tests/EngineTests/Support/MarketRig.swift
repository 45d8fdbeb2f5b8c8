import Testing

@testable import Engine

/// One market and a few traders, for tests that read like the rules: a price is what one lot costs in quote atoms (10000...99999), a lot is one
/// atom, there are no fees; what happened is told in words.
final class MarketRig {
    let test: TestExchange
    let names = ["alice", "bob", "carol", "dave"]
    private var blockNumber: UInt64 = 1

    /// Everybody has a million lots, and what 10,000 lots cost.
    init() throws {
        test = try TestExchange()
        test.listToken(1, decimals: 0)
        test.listToken(2, decimals: 0)
        test.listMarket(1, base: 2, quote: 1, lotExponent: 0, makerFee: 0, takerFee: 0, feeOwner: TestExchange.feeOwner)
        for name in names {
            test.deposit(address(name), token: 1, atoms: 1_000_000_000)
            test.deposit(address(name), token: 2, atoms: 1_000_000)
        }
    }

    func address(_ name: String) -> Address { TestExchange.address(UInt64(names.firstIndex(of: name)! + 1)) }

    /// Executes one command and says what happened.
    @discardableResult
    func run(_ name: String, _ command: Command) -> [String] {
        let (_, events) = test.execute([command], signer: address(name))
        expectInvariants(test.host.exchange)
        return events.map(words)
    }

    @discardableResult
    func buy(
        _ name: String, _ lots: UInt64, at price: UInt32, _ timeInForce: TimeInForce = .goodTilCancelled,
        _ prevention: SelfTradePrevention = .cancelTaker, id: UInt64 = 0
    ) -> [String] {
        run(name, .place(order(.buy, lots, price, timeInForce, prevention, id)))
    }

    @discardableResult
    func sell(
        _ name: String, _ lots: UInt64, at price: UInt32, _ timeInForce: TimeInForce = .goodTilCancelled,
        _ prevention: SelfTradePrevention = .cancelTaker, id: UInt64 = 0
    ) -> [String] {
        run(name, .place(order(.sell, lots, price, timeInForce, prevention, id)))
    }

    func order(
        _ side: Side, _ lots: UInt64, _ price: UInt32, _ timeInForce: TimeInForce = .goodTilCancelled,
        _ prevention: SelfTradePrevention = .cancelTaker, _ id: UInt64 = 0
    ) -> Command.Order {
        Command.Order(
            market: 1, flags: PlaceFlags(side: side, timeInForce: timeInForce, selfTradePrevention: prevention), priceCode: code(price),
            lots: lots, clientOrderId: id)
    }

    func code(_ price: UInt32) -> UInt32 { PriceCode.code(mantissa: price, exponent: UInt32(PriceCode.exponentBias)) }

    /// The id of the account's order with this client order id.
    func orderId(_ name: String, _ clientOrderId: UInt64) -> UInt64 {
        let account = test.host.exchange.account(owner: address(name))!.id
        let slot = test.host.exchange.findOrder(account: account, clientOrderId: clientOrderId)
        return Order.id(slot: slot, generation: test.host.exchange.order(slot: slot)?.order.generation ?? 0)
    }

    /// Opens a block so much later; says what happened by itself.
    @discardableResult
    func wait(ms: UInt64) -> [String] {
        blockNumber += 1
        test.host.exchange.clearEvents()
        test.host.exchange.beginBlock(number: blockNumber, timeMs: nowMs + ms)
        expectInvariants(test.host.exchange)
        return test.host.exchange.events.map(words)
    }

    var nowMs: UInt64 { test.host.exchange.header.blockTimeMs }

    // MARK: What there is

    var bids: [String] { orders(.buy, book: 1) }
    var asks: [String] { orders(.sell, book: 1) }
    /// Those that fire at or below their price, the next to fire first.
    var triggersBelow: [String] { orders(.buy, book: 1 + UInt32(Layout.marketCapacity)) }
    var triggersAbove: [String] { orders(.sell, book: 1 + UInt32(Layout.marketCapacity)) }

    private func orders(_ side: Side, book: UInt32) -> [String] {
        var lines: [String] = []
        var makers = test.host.exchange.orderBook(book).makers(against: side.opposite, limit: side == .buy ? 0 : PriceCode.count - 1)
        while case let slot = makers.next(), slot != 0 {
            let order = test.host.exchange.order(slot: slot)!.order
            lines.append("\(name(order.account)) \(order.lots)@\(price(makers.priceCode))")
        }
        return lines
    }

    func free(_ name: String, token: UInt32) -> UInt64 { balance(name, token).free }
    func locked(_ name: String, token: UInt32) -> UInt64 { balance(name, token).locked }

    private func balance(_ name: String, _ token: UInt32) -> Balance {
        test.host.exchange.balance(account: test.host.exchange.account(owner: address(name))!.id, token: token) ?? Balance()
    }

    // MARK: Words

    private func name(_ account: UInt32) -> String {
        let owner = test.host.exchange.account(id: account)?.owner
        return names.first { address($0) == owner } ?? "account \(account)"
    }

    private func price(_ code: UInt32) -> UInt32 { PriceCode.mantissa(code) }

    private func words(_ event: Event) -> String {
        let order = "\(name(event.account)) \(event.lots)@\(price(event.priceCode))"
        return switch event.kind {
        case Event.Kind.placed: "placed: \(event.lots) filled, \(event.remaining) resting"
        case Event.Kind.fill: "fill \(event.lots)@\(price(event.priceCode)) with \(name(event.counterAccount))"
        case Event.Kind.cancelled: "cancelled \(name(event.account)) \(event.remaining)@\(price(event.priceCode))"
        case Event.Kind.rejected: "rejected: \(RejectCode(rawValue: event.code)!)"
        case Event.Kind.reduced: "\(Reduction(rawValue: event.code)!): \(order) lost, \(event.remaining) left"
        case Event.Kind.modified: "modified: \(event.lots) filled, \(event.remaining) resting"
        case Event.Kind.cancelledAll: "cancelled all: \(event.lots)"
        case Event.Kind.triggerPlaced: "waits: \(event.remaining)@\(price(event.otherPriceCode)) for \(price(event.priceCode))"
        case Event.Kind.triggered: "triggered \(name(event.account)): \(event.remaining)@\(price(event.otherPriceCode))"
        default: "event \(event.kind)"
        }
    }
}
