import ArgumentParser
import Engine
import Settlement

/// What an order says, as options: the same for `memex order` and `memex force order`.
struct OrderTerms: ParsableArguments {
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

    func validate() throws {
        guard (trigger == nil) == (when == nil) else { throw ValidationError("--trigger and --when go together") }
        guard until == nil || trigger != nil || type.timeInForce.rests else {
            throw ValidationError("--until is for orders that rest: gtc, post-only, or with --trigger")
        }
    }

    /// The order as typed, in the exchange's units.
    struct Placement {
        var market: MarketInfo
        var order: Command.Order
        /// Block time at which it goes; 0: never.
        var untilMs: UInt64
        /// Nil for an order that is placed at once.
        var triggerPriceCode: UInt32?

        var command: Command {
            if let triggerPriceCode { return .placeTrigger(order, expiryMs: untilMs, triggerPriceCode: triggerPriceCode) }
            return untilMs == 0 ? .place(order) : .placeUntil(order, expiryMs: untilMs)
        }
    }

    /// `nowMs` is asked for if --until counts from now.
    func placement(_ listing: Listing, nowMs: () throws -> UInt64) throws -> Placement {
        let priceCode = try PriceCode.parse(price)
        let triggerPriceCode = try trigger.map { try PriceCode.parse($0) }
        let market = try listing.market(self.market)
        let flags = PlaceFlags(
            side: side.side, timeInForce: type.timeInForce, selfTradePrevention: stp.mode, firesAbove: when == .above)
        let order = Command.Order(
            market: market.id, flags: flags, priceCode: priceCode, lots: try market.lots(size), clientOrderId: clientId)
        return Placement(
            market: market, order: order, untilMs: try until.map { $0.milliseconds(nowMs: try nowMs()) } ?? 0,
            triggerPriceCode: triggerPriceCode)
    }
}
