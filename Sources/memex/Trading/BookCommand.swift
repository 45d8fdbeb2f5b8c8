import ArgumentParser
import Engine
import Gateway

/// `memex book`
struct BookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "book",
        abstract: "Show the order book of a market.",
        discussion: """
            With --watch it is shown anew whenever it changes, until you press control-C; with --json as well, one line for every change. Every
            message is checked then: that none is missing, and that the levels have the checksum that the exchange states.

            EXAMPLES
              memex book --market PEPE/USDX
              memex book --market 2 --depth 3 --watch
            """)

    @Option(help: ArgumentHelp("Market, by name or id.", valueName: "name|id"))
    var market: String

    @Option(help: "Levels of each side, at most 1000.")
    var depth: UInt16 = 10

    @Flag(help: "Keep showing it.")
    var watch = false

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        guard (1...1000).contains(depth) else { throw ValidationError("--depth must lie between 1 and 1000") }
    }

    func run() throws {
        let client = try options.gateway()
        defer { client.close() }
        let market = try Listing(from: client).market(self.market)
        if watch {
            try follow(market, client)
        } else if let answer = try client.book(market: market.id, depth: depth) {
            let view = BookView(answer)
            try options.output.show(view.json(market, depth: Int(depth)), view.text(market, depth: Int(depth)))
        } else {
            throw CommandFailure(.mismatch, "the exchange lists market \(market.name) but has no book for it")
        }
    }

    /// Shows the book after every burst of changes, ten times a second at most, until the process is interrupted.
    private func follow(_ market: MarketInfo, _ client: GatewayClient) throws {
        try client.subscribe(.book, market: market.id)
        var book = BookFollower()
        var isNew = false
        var nextShow: UInt64 = 0
        while true {
            let now = MonotonicClock.milliseconds()
            if isNew, now >= nextShow {
                let view = BookView(book)
                // Home and clear, as `watch` does.
                try options.output.show(
                    view.json(market, depth: Int(depth)), "\u{1B}[H\u{1B}[2J" + view.text(market, depth: Int(depth)))
                isNew = false
                nextShow = now + 100
            }
            guard let message = try client.receive(timeoutMs: isNew ? Int(nextShow - now) : 1000) else {
                // In a quiet market no write would notice it.
                if Output.isAbandoned() { return }
                continue
            }
            if try follow(message, market, &book) { isNew = book.isComplete }
        }
    }

    /// Whether the message was about the book.
    private func follow(_ message: ServerMessage, _ market: MarketInfo, _ book: inout BookFollower) throws -> Bool {
        do throws(BookFollower.Fault) {
            switch message {
            case .bookSnapshot(let levels) where levels.market == market.id: try book.follow(snapshot: levels)
            case .bookUpdate(let levels) where levels.market == market.id: try book.follow(update: levels)
            default: return false
            }
            return true
        } catch .gap(let expected, let found) {
            throw CommandFailure(.mismatch, "update \(expected) of the book did not come, but \(found)")
        } catch .checksum(let expected, let found) {
            throw CommandFailure(
                .mismatch, "the book of block \(book.block) has checksum \(found), but the exchange says \(expected)")
        }
    }
}
