import ArgumentParser
import Engine

/// Which orders to cancel, as options: the same for `memex cancel` and `memex force cancel`.
struct CancelTerms: ParsableArguments {
    @Option(help: ArgumentHelp("Market of the order; with --all, cancel only there.", valueName: "name|id"))
    var market: String?

    @Option(help: ArgumentHelp("Id that the exchange gave the order.", valueName: "id"))
    var order: UInt64?

    @Option(help: ArgumentHelp("Your own number for the order.", valueName: "number"))
    var clientId: UInt64?

    @Flag(help: "All open orders of the account, those that wait for a trigger included.")
    var all = false

    @Option(help: "With --all, cancel only this side.")
    var side: SideOption?

    func validate() throws {
        let ways = (order == nil ? 0 : 1) + (clientId == nil ? 0 : 1) + (all ? 1 : 0)
        guard ways == 1 else { throw ValidationError("give one of --order ID, --client-id N and --all") }
        guard all || market != nil else { throw ValidationError("--order and --client-id need --market") }
        guard all || side == nil else { throw ValidationError("--side is for --all") }
    }

    /// Nil for all markets.
    func market(_ listing: Listing) throws -> MarketInfo? { try market.map { try listing.market($0) } }

    func command(_ market: MarketInfo?) -> Command {
        guard !all, let market else { return .cancelAll(market: market?.id ?? 0, sides: SideSelection(side)) }
        return order.map { .cancel(market: market.id, orderId: $0) } ?? .cancelByClientId(market: market.id, clientOrderId: clientId ?? 0)
    }
}
