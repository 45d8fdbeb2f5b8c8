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
              memex cancel --all --market 2
            """)

    @Option(help: ArgumentHelp("Market of the order; with --all, cancel only there.", valueName: "name|id"))
    var market: String?

    @Option(help: ArgumentHelp("Id that the exchange gave the order.", valueName: "id"))
    var order: UInt64?

    @Option(help: ArgumentHelp("Your own number for the order.", valueName: "number"))
    var clientId: UInt64?

    @Flag(help: "All resting orders of the account.")
    var all = false

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        let ways = (order == nil ? 0 : 1) + (clientId == nil ? 0 : 1) + (all ? 1 : 0)
        guard ways == 1 else { throw ValidationError("give one of --order ID, --client-id N and --all") }
        guard all || market != nil else { throw ValidationError("--order and --client-id need --market") }
    }

    func run() throws {
        let session = try TradingSession(options)
        defer { session.client.close() }
        let market = try self.market.map { try session.listing.market($0) }
        var cancelled: [Cancelled] = []
        if all {
            let orders = try session.account().orders.filter { market == nil || $0.market == market?.id }
            var rest = orders[...]
            while !rest.isEmpty {
                let some = rest.prefix(Layout.commandsPerPayloadMax)
                rest = rest.dropFirst(some.count)
                let ack = try session.submit(some.map { .cancel(market: $0.market, orderId: $0.orderId) })
                for (order, result) in zip(some, ack.results) {
                    guard let market = session.listing.market(id: order.market) else { continue }
                    // Filled while the cancel was on its way: nothing left to cancel.
                    if result.code == RejectCode.unknownOrder.rawValue { continue }
                    guard result.code == 0 else { throw CommandRefused(code: result.code, text: result.text) }
                    cancelled.append(Cancelled(market, result, orderId: order.orderId, block: ack.block))
                }
            }
        } else if let market {
            let command: Command =
                order.map { .cancel(market: market.id, orderId: $0) } ?? .cancelByClientId(market: market.id, clientOrderId: clientId ?? 0)
            let (ack, result) = try session.submit(command)
            cancelled.append(Cancelled(market, result, orderId: order ?? result.orderId, block: ack.block))
        }
        try options.output.show(["cancelled": .list(cancelled.map(\.json))], Self.table(cancelled))
    }

    private static func table(_ orders: [Cancelled]) -> String {
        if orders.isEmpty { return "nothing rests: nothing to cancel" }
        var table = TextTable(">order", "market", "side", ">size", ">price")
        for order in orders {
            table.add(
                String(order.orderId), order.market.name, order.side.name, order.market.format(lots: order.lots),
                PriceCode.format(order.priceCode))
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

        init(_ market: MarketInfo, _ result: ServerMessage.CommandResult, orderId: UInt64, block: UInt64) {
            self.market = market
            self.orderId = orderId
            self.block = block
            side = result.side & 1 == 0 ? .buy : .sell
            priceCode = result.priceCode
            lots = result.lots
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
