import ArgumentParser
import Engine
import Gateway
import Settlement

/// `memex modify`
struct ModifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "modify",
        abstract: "Give a resting order another price or size.",
        discussion: """
            With the same price and a smaller size the order keeps its id and its place in the queue. Otherwise it leaves the book and is \
            placed anew under a new id, which may fill it; if that would be refused, it stays as it was.

            EXAMPLES
              memex modify --market WIF/USDX --order 4294967297 --price 2.5 --size 4
              memex modify --market WIF/USDX --order 4294967297 --price 2.6 --size 10 --json
            """)

    @Option(help: ArgumentHelp("Market of the order.", valueName: "name|id"))
    var market: String

    @Option(help: ArgumentHelp("Id that the exchange gave the order.", valueName: "id"))
    var order: UInt64

    @Option(help: "Quote tokens for one base token.")
    var price: String

    @Option(help: "Base tokens that are to be left of it.")
    var size: String

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() throws {
        let priceCode = try PriceCode.parse(price)
        let session = try TradingSession(options, account)
        defer { session.client.close() }
        let market = try session.listing.market(self.market)
        let lots = try market.lots(size)
        let (ack, result) = try session.submit(.modify(market: market.id, orderId: order, priceCode: priceCode, lots: lots))
        let keepsItsPlace = result.orderId == order
        try options.output.show(
            [
                "market": .text(market.name), "marketId": .integer(market.id), "modified": .integer(order),
                "orderId": result.orderId == 0 ? .null : .integer(result.orderId), "keepsItsPlace": .flag(keepsItsPlace),
                "price": .text(PriceCode.format(priceCode)), "priceCode": .integer(priceCode),
                "filled": .text(market.format(lots: result.lots)), "filledLots": .integer(result.lots),
                "resting": .text(market.format(lots: result.restingLots)), "restingLots": .integer(result.restingLots),
                "sequence": .integer(ack.sequence), "block": .integer(ack.block),
            ],
            TextTable.fields([
                ("order", "\(order) of \(market.name)"),
                ("now", result.orderId == 0 ? "gone: filled" : keepsItsPlace ? "the same, at its place" : String(result.orderId)),
                ("filled", market.format(lots: result.lots)), ("resting", market.format(lots: result.restingLots)),
                ("block", String(ack.block)),
            ]))
    }
}
