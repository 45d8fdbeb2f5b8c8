import ArgumentParser
import Engine
import Gateway
import Settlement

/// `memex cancel`
struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Take resting orders off the book.",
        discussion: """
            EXAMPLES
              memex cancel --market PEPE/USDX --order 4294967297
              memex cancel --market PEPE/USDX --client-id 7
              memex cancel --all
              memex cancel --all --market 2 --side buy
            """)

    @OptionGroup var terms: CancelTerms

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() throws {
        let session = try TradingSession(options, account)
        defer { session.client.close() }
        let market = try terms.market(session.listing)
        var cancelled: [Cancelled] = []
        if let market, !terms.all {
            let (ack, result) = try session.submit(terms.command(market))
            cancelled.append(Cancelled(market, result, orderId: terms.order ?? result.orderId, block: ack.block))
        } else {
            cancelled = try cancelAll(market, session)
        }
        try options.output.show(["cancelled": .list(cancelled.map(\.json))], Self.table(cancelled))
    }

    /// One command for all; which orders that were is told on the account channel.
    private func cancelAll(_ market: MarketInfo?, _ session: TradingSession) throws -> [Cancelled] {
        try session.subscribe()
        let (ack, result) = try session.submit(terms.command(market))
        var cancelled: [Cancelled] = []
        while cancelled.count < Int(result.lots), let message = try session.client.receive(timeoutMs: 1000) {
            guard case .order(let order) = message, order.position == ack.streamPosition, order.state == .cancelled,
                let market = session.listing.market(id: order.market)
            else { continue }
            cancelled.append(Cancelled(market, order))
        }
        return cancelled
    }

    private static func table(_ orders: [Cancelled]) -> String {
        if orders.isEmpty { return "nothing rests: nothing to cancel" }
        var table = TextTable(">order", "market", "side", ">size", ">price")
        for order in orders {
            table.add(
                String(order.orderId), order.market.name, order.side.name, order.market.format(lots: order.lots),
                (order.isTrigger ? "trigger " : "") + PriceCode.format(order.priceCode))
        }
        return table.text
    }

    /// What was taken off the book.
    private struct Cancelled {
        var market: MarketInfo
        var orderId: UInt64
        var side: Side
        var priceCode: UInt32
        var lots: UInt64
        var block: UInt64
        /// Whether it waited for its trigger, whose price ``priceCode`` then is.
        var isTrigger = false

        init(_ market: MarketInfo, _ result: ServerMessage.CommandResult, orderId: UInt64, block: UInt64) {
            self.market = market
            self.orderId = orderId
            self.block = block
            side = result.side & 1 == 0 ? .buy : .sell
            priceCode = result.priceCode
            lots = result.lots
        }

        init(_ market: MarketInfo, _ order: ServerMessage.OrderUpdate) {
            self.market = market
            orderId = order.orderId
            side = order.side
            priceCode = order.priceCode
            lots = order.lots
            block = order.position.block
            isTrigger = order.isTrigger
        }

        var json: JSON {
            [
                "market": .text(market.name), "marketId": .integer(market.id), "orderId": .integer(orderId), "side": .text(side.name),
                "price": .text(PriceCode.format(priceCode)), "priceCode": .integer(priceCode), "size": .text(market.format(lots: lots)),
                "lots": .integer(lots), "block": .integer(block),
            ]
        }
    }
}
