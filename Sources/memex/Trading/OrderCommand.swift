import ArgumentParser
import Engine
import Gateway
import Sequencer
import Settlement

/// `memex order`
struct OrderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Place an order, at once or when a trigger price is reached.",
        discussion: """
            The price is in quote tokens for one base token and has at most five significant digits. The size is in base tokens and a \
            multiple of the market's lot. Types: gtc rests until filled or cancelled, ioc fills what it can at once, post-only never \
            fills at once, fok is filled whole at once or not at all, market is ioc whose price is the worst that you accept and which \
            takes as much as your free balance buys.

            With --trigger the order waits, without locking funds, until the market's last price is at or above, or at or below, that \
            price, and is placed then.

            EXAMPLES
              memex order --market WIF/USDX --side buy --price 2.5 --size 10
              memex order --market 2 --side sell --price 12.5 --size 3 --type post-only --client-id 7 --until 2h
              memex order --market WIF/USDX --side buy --price 2.6 --size 10 --type market --stp cancel-maker
              memex order --market WIF/USDX --side sell --price 1.9 --size 10 --type market --trigger 2 --when below
              memex order --market WIF/USDX --side buy --price 2.5 --size 10 --receipt order.receipt
            """)

    @Option(help: ArgumentHelp("Market, by name or id.", valueName: "name|id"))
    var market: String

    @Option(help: "Whether to buy or to sell the base token.")
    var side: SideOption

    @Option(help: "Quote tokens for one base token; of a market order the worst you accept.")
    var price: String

    @Option(help: "Base tokens.")
    var size: String

    @Option(help: "How long the order stands.")
    var type = OrderType.gtc

    @Option(help: "What happens when it meets a resting order of your own.")
    var stp = SelfTradeOption.cancelTaker

    @Option(help: ArgumentHelp("When it goes by itself: 30s, 2h, a time like 2026-12-31T12:00:00Z, or ms since 1970.", valueName: "time"))
    var until: Deadline?

    @Option(help: ArgumentHelp("Place it only when the last price reaches this.", valueName: "price"))
    var trigger: String?

    @Option(help: "Whether the trigger waits for a last price at or above it, or at or below it.")
    var when: TriggerDirection?

    @Option(help: ArgumentHelp("Your own number for the order, unique among your open orders.", valueName: "number"))
    var clientId: UInt64 = 0

    @Option(help: ArgumentHelp("Ask the sequencer to sign that it has the order, check that, and keep it here.", valueName: "file"))
    var receipt: String?

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        guard (trigger == nil) == (when == nil) else { throw ValidationError("--trigger and --when go together") }
        guard until == nil || trigger != nil || type.timeInForce.rests else {
            throw ValidationError("--until is for orders that rest: gtc, post-only, or with --trigger")
        }
    }

    func run() throws {
        let priceCode = try PriceCode.parse(price)
        let triggerPriceCode = try trigger.map { try PriceCode.parse($0) }
        var session = try TradingSession(options, account)
        defer { session.client.close() }
        let market = try session.listing.market(self.market)
        let lots = try market.lots(size)
        let untilMs = try until.map { $0.milliseconds(nowMs: try session.client.serverTimeMs()) } ?? 0
        try session.subscribe()
        var message: [UInt8] = []
        if receipt != nil {
            try session.subscribeToReceipts()
            session.sent = { message = $0 }
        }
        let order = Command.Order(
            market: market.id,
            flags: PlaceFlags(
                side: side.side, timeInForce: type.timeInForce, selfTradePrevention: stp.mode, firesAbove: when == .above),
            priceCode: priceCode, lots: lots, clientOrderId: clientId)
        let command: Command =
            if let triggerPriceCode {
                .placeTrigger(order, expiryMs: untilMs, triggerPriceCode: triggerPriceCode)
            } else {
                untilMs == 0 ? .place(order) : .placeUntil(order, expiryMs: untilMs)
            }
        let (ack, result) = try session.submit(command)
        let fills = result.lots > 0 ? try session.fills(position: ack.streamPosition, lots: result.lots) : []
        if let receipt {
            let file = ReceiptFile(commands: message, receipt: try session.receipt(nonce: ack.nonce))
            try file.check(try options.deploymentFile())
            try file.write(to: receipt)
        }
        let report = OrderReport(
            market: market, order: order, untilMs: untilMs, triggerPriceCode: triggerPriceCode, ack: ack, result: result, fills: fills)
        try options.output.show(report.json, report.text)
    }
}

extension TradingSession {
    /// Collects the fills of an order of this session's account, which come around its ack.
    func fills(position: StreamPosition, lots: UInt64) throws -> [ServerMessage.Fill] {
        var fills: [ServerMessage.Fill] = []
        var missing = lots
        while missing > 0, let message = try client.receive(timeoutMs: 1000) {
            guard case .fill(let fill) = message, fill.position == position, !fill.isMaker else { continue }
            fills.append(fill)
            missing -= min(missing, fill.lots)
        }
        return fills
    }
}
