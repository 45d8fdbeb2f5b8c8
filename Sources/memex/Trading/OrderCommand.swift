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

    @OptionGroup var terms: OrderTerms

    @Option(help: ArgumentHelp("Ask the sequencer to sign that it has the order, check that, and keep it here.", valueName: "file"))
    var receipt: String?

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() throws {
        var session = try TradingSession(options, account)
        defer { session.client.close() }
        let placement = try terms.placement(session.listing, nowMs: session.client.serverTimeMs)
        try session.subscribe()
        var message: [UInt8] = []
        if receipt != nil {
            try session.subscribeToReceipts()
            session.sent = { message = $0 }
        }
        let (ack, result) = try session.submit(placement.command)
        let fills = result.lots > 0 ? try session.fills(position: ack.streamPosition, lots: result.lots) : []
        if let receipt {
            let file = ReceiptFile(commands: message, receipt: try session.receipt(nonce: ack.nonce))
            try file.check(try options.deploymentFile())
            try file.write(to: receipt)
        }
        let report = OrderReport(
            market: placement.market, order: placement.order, untilMs: placement.untilMs, triggerPriceCode: placement.triggerPriceCode,
            ack: ack, result: result, fills: fills)
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
