import ArgumentParser
import Engine
import Gateway
import Settlement

/// `memex order`
struct OrderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Place a limit order.",
        discussion: """
            The price is in quote tokens for one base token and has at most five significant digits. The size is in base tokens and a \
            multiple of the market's lot. Types: gtc rests until filled or cancelled, ioc fills what it can at once, post-only never \
            fills at once.

            EXAMPLES
              memex order --market WIF/USDX --side buy --price 2.5 --size 10
              memex order --market 2 --side sell --price 12.5 --size 3 --type post-only --client-id 7
            """)

    @Option(help: ArgumentHelp("Market, by name or id.", valueName: "name|id"))
    var market: String

    @Option(help: "Whether to buy or to sell the base token.")
    var side: SideOption

    @Option(help: "Quote tokens for one base token.")
    var price: String

    @Option(help: "Base tokens.")
    var size: String

    @Option(help: "How long the order stands.")
    var type = OrderType.gtc

    @Option(help: ArgumentHelp("Your own number for the order, unique among your resting orders.", valueName: "number"))
    var clientId: UInt64 = 0

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() throws {
        let priceCode = try PriceCode.parse(price)
        let session = try TradingSession(options)
        defer { session.client.close() }
        let market = try session.listing.market(self.market)
        let lots = try market.lots(size)
        let owner = try session.account().account.owner
        try session.client.subscribe(.account, owner: owner)
        let (ack, result) = try session.submit(
            .place(
                market: market.id, side: side.side, timeInForce: type.timeInForce, priceCode: priceCode, lots: lots,
                clientOrderId: clientId))
        let fills = result.lots > 0 ? try self.fills(session.client, sequence: ack.sequence, lots: result.lots) : []
        let report = OrderReport(
            market: market, side: side.side, type: type, priceCode: priceCode, lots: lots, clientOrderId: clientId, ack: ack,
            result: result, fills: fills)
        try options.output.show(report.json, report.text)
    }

    /// Collects the order's fills, which come around its ack.
    private func fills(_ client: GatewayClient, sequence: UInt64, lots: UInt64) throws -> [ServerMessage.Fill] {
        var fills: [ServerMessage.Fill] = []
        var missing = lots
        while missing > 0, let message = try client.receive(timeoutMs: 1000) {
            guard case .fill(let fill) = message, fill.sequence == sequence, !fill.isMaker else { continue }
            fills.append(fill)
            missing -= min(missing, fill.lots)
        }
        return fills
    }
}

enum SideOption: String, CaseIterable, ExpressibleByArgument {
    case buy
    case sell

    var side: Side { self == .buy ? .buy : .sell }
}

enum OrderType: String, CaseIterable, ExpressibleByArgument {
    case gtc
    case ioc
    case postOnly = "post-only"
    case fok
    case market

    var timeInForce: TimeInForce {
        switch self {
        case .gtc: .goodTilCancelled
        case .ioc: .immediateOrCancel
        case .postOnly: .postOnly
        case .fok: .fillOrKill
        case .market: .market
        }
    }
}

extension OrderType {
    init(_ timeInForce: TimeInForce) {
        switch timeInForce {
        case .goodTilCancelled: self = .gtc
        case .immediateOrCancel: self = .ioc
        case .postOnly: self = .postOnly
        case .fillOrKill: self = .fok
        case .market: self = .market
        }
    }
}

extension Side {
    var name: String { self == .buy ? "buy" : "sell" }
}
