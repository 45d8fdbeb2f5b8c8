import ArgumentParser
import Engine
import Gateway
import Settlement

/// `memex balances`
struct BalancesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balances",
        abstract: "Show what an account holds on the exchange, and its open orders.",
        discussion: """
            Free funds can be traded and withdrawn; locked funds stand behind resting orders.

            EXAMPLES
              memex balances
              memex balances --account 1
              memex balances --owner 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --json
            """)

    @Option(help: "Whose account (default: that of your key).", transform: Address.typed)
    var owner: Address?

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() throws {
        let owner = try self.owner ?? options.privateKey().address
        let client = try options.gateway()
        defer { client.close() }
        let listing = try Listing(from: client)
        guard let answer = try client.account(owner, subaccount: account.account) else {
            try options.output.show(
                ["owner": .text(owner.hex), "account": nil, "balances": [], "openOrders": []],
                account.account == 0
                    ? "\(owner) has no account on the exchange: `memex deposit` opens one"
                    : "\(owner) has no sub-account \(account.account): `memex subaccount open` opens one")
            return
        }
        try options.output.show(Self.json(answer, listing), Self.text(answer, listing))
    }

    private static func json(_ answer: AccountAnswer, _ listing: Listing) throws -> JSON {
        [
            "owner": .text(answer.account.owner.hex), "account": .integer(answer.account.id),
            "number": .integer(answer.account.subaccountNumber), "feeTier": .integer(answer.account.feeTier),
            "cancelOnDisconnect": .flag(answer.account.cancelsOnDisconnect),
            "cancelAtMs": answer.schedule.cancelAtMs == 0 ? .null : .integer(answer.schedule.cancelAtMs),
            "sequence": .integer(answer.position.sequence), "block": .integer(answer.position.block),
            "balances": .list(
                try answer.balances.map { balance in
                    let token = try listing.known(token: balance.token)
                    return [
                        "token": .text(token.symbol), "tokenId": .integer(token.id), "free": .text(token.format(balance.free)),
                        "freeAtoms": .integer(balance.free), "locked": .text(token.format(balance.locked)),
                        "lockedAtoms": .integer(balance.locked),
                    ]
                }),
            "openOrders": .list(
                try answer.orders.map { order in
                    let market = try listing.known(market: order.market)
                    return [
                        "orderId": .integer(order.orderId),
                        "clientOrderId": order.clientOrderId == 0 ? .null : .integer(order.clientOrderId), "market": .text(market.name),
                        "marketId": .integer(market.id), "side": .text(order.side.name), "price": .text(PriceCode.format(order.priceCode)),
                        "priceCode": .integer(order.priceCode), "size": .text(market.format(lots: order.lots)),
                        "lots": .integer(order.lots),
                        "type": .optional(order.flags) { .text(OrderType($0.timeInForce).rawValue) },
                        "untilMs": order.expiryMs == 0 ? .null : .integer(order.expiryMs),
                        "trigger": .optional(order.triggerPriceCode) { .text(PriceCode.format($0)) },
                        "when": order.triggerPriceCode == nil ? .null : .optional(order.direction) { .text($0.rawValue) },
                    ]
                }),
        ]
    }

    private static func text(_ answer: AccountAnswer, _ listing: Listing) throws -> String {
        var balances = TextTable("token", ">free", ">locked", ">total")
        for balance in answer.balances {
            let token = try listing.known(token: balance.token)
            balances.add(
                token.symbol, token.format(balance.free), token.format(balance.locked), token.format(balance.free &+ balance.locked))
        }
        var orders = TextTable(">order", ">client id", "market", "side", ">size", ">price", "until", "trigger")
        for order in answer.orders {
            let market = try listing.known(market: order.market)
            orders.add(
                String(order.orderId), order.clientOrderId == 0 ? "" : String(order.clientOrderId), market.name, order.side.name,
                market.format(lots: order.lots), PriceCode.format(order.priceCode),
                order.expiryMs == 0 ? "" : Moment.text(milliseconds: order.expiryMs),
                order.triggerPriceCode.map { "\(order.direction?.rawValue ?? "at") \(PriceCode.format($0))" } ?? "")
        }
        let number = answer.account.subaccountNumber
        let head =
            "\(number == 0 ? "account" : "sub-account \(number), account") \(answer.account.id) of \(answer.account.owner), block \(answer.position.block)"
        return head + "\n\n" + balances.text + "\n\n" + (orders.isEmpty ? "no open orders" : orders.text)
    }
}

extension AccountAnswer.OpenOrder {
    /// On which side of its price its trigger fires.
    fileprivate var direction: TriggerDirection? { flags.map { $0.firesAbove ? .above : .below } }
}
