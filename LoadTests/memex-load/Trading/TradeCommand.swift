import ArgumentParser
import Engine
import Foundation
import Gateway
import Settlement
import Signing

/// `memex-load trade`: bots that make a market, as the demo runs them.
struct TradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trade",
        abstract: "Run market-making and taking bots and account for every fill.",
        discussion: """
            Each key is one trader. On every market, makers quote three levels on both sides and replace them at every turn, takers \
            cross the spread. The result names, for every trader, what its fills should have done to its balances.

            Example:
              memex-load trade --url wss://localhost:9443 --ca server.pem --makers a.key,b.key --takers c.key \\
                --market 1:0.0000000012:50 --market 2:12.5:400 --seconds 20 --rate 50 --json trades.json
            """)

    @Option(help: "The gateway.")
    var url: String
    @Option(help: "Certificate file to trust.")
    var ca: String?
    @Flag(help: "Accept any certificate.")
    var insecure = false
    @Option(help: "Key files of the makers, separated by commas.")
    var makers: String
    @Option(help: "Key files of the takers, separated by commas.")
    var takers: String
    @Option(help: "ID:PRICE:LOTS, a market, its first price and the largest order in lots; may be repeated.")
    var market: [String]
    @Option(help: "How long, in seconds.")
    var seconds: Double = 20
    @Option(help: "Signed batches a second of each bot.")
    var rate: Double = 50
    @Option(help: "Recorded flow to send to the last market, instead of bots there (lines as Deploy/local/replay.py writes them).")
    var replay: String?
    @Option(help: "Where to write the result.")
    var json: String?
    @Flag(help: "Print progress as one JSON object a line.")
    var progressJson = false

    func run() throws {
        let board = Scoreboard()
        let pulses = try market.map(Self.pulse)
        let trust: TLSContext.Trust = insecure ? .insecure : ca.map { .file($0) } ?? .system
        let start = MonotonicClock.nanoseconds()
        let deadline = start + UInt64(seconds * 1e9)
        let group = DispatchGroup()
        let makerKeys = try Self.traders(makers)
        let takerKeys = try Self.traders(takers)
        for pulse in replay == nil ? pulses : pulses.dropLast() {
            for trader in makerKeys {
                launch(group, board, trader, trust, pulse.market) { session in
                    let bot = MarketMaker(session: session, pulse: pulse)
                    try pace(session, until: deadline) { try bot.turn() }
                }
            }
            for trader in takerKeys {
                launch(group, board, trader, trust, pulse.market) { session in
                    let bot = Taker(session: session, pulse: pulse)
                    try pace(session, until: deadline) { try bot.turn() }
                }
            }
        }
        if let replay { try launchReplay(replay, group, board, makerKeys, trust, deadline) }
        watch(group, board, start: start)
        let totals = board.snapshot
        let report = TradeReport(totals, elapsedSeconds: Double(min(MonotonicClock.nanoseconds(), deadline) - start) / 1e9)
        if let json { try report.json().write(to: URL(fileURLWithPath: json)) }
        if !progressJson { print(report.text) }
        if !totals.failures.isEmpty {
            for failure in totals.failures { FileHandle.standardError.write(Data("memex-load: \(failure)\n".utf8)) }
            throw ExitCode(1)
        }
    }

    /// One turn every 1/rate seconds; the answer of a turn is awaited before the next.
    private func pace(_ session: BotSession, until deadline: UInt64, turn: () throws -> Void) throws {
        let interval = UInt64(1e9 / max(rate, 0.1))
        var next = MonotonicClock.nanoseconds() + UInt64.random(in: 0..<interval)
        while next < deadline {
            try session.listen(until: next)
            try turn()
            try session.listen(until: MonotonicClock.nanoseconds() + 10_000_000_000, untilAnswered: true)
            next = max(next + interval, MonotonicClock.nanoseconds())
        }
    }

    private func launch(
        _ group: DispatchGroup, _ board: Scoreboard, _ trader: Trader, _ trust: TLSContext.Trust, _ market: UInt16,
        _ body: @escaping @Sendable (BotSession) throws -> Void
    ) {
        group.enter()
        let url = url
        let thread = Thread {
            defer { group.leave() }
            do {
                let session = try BotSession(
                    url: url, trust: trust, key: trader.key, nonces: trader.nonces, market: market, scoreboard: board)
                try body(session)
                // Fills of resting orders may still be on their way: stay until the makers of both sides have stopped.
                try session.listen(until: MonotonicClock.nanoseconds() + 1_500_000_000)
                session.finish()
            } catch {
                board.update { $0.failures.append("trader \(trader.key.address): \(error)") }
            }
        }
        thread.start()
    }

    private func launchReplay(
        _ path: String, _ group: DispatchGroup, _ board: Scoreboard, _ traders: [Trader], _ trust: TLSContext.Trust, _ deadline: UInt64
    ) throws {
        guard let last = market.last, let id = UInt16(last.split(separator: ":")[0]), traders.count >= 2 else {
            throw ValidationError("--replay needs a market and two makers")
        }
        let lines = try Replay.read(path)
        let url = url
        let (buyer, seller) = (traders[0], traders[1])
        launch(group, board, buyer, trust, id) { session in
            let other = try BotSession(url: url, trust: trust, key: seller.key, nonces: seller.nonces, market: id, scoreboard: board)
            try Replay(buyer: session, seller: other, market: id, lines: lines).run(until: deadline)
            try other.listen(until: MonotonicClock.nanoseconds() + 1_500_000_000)
            other.finish()
        }
    }

    private func watch(_ group: DispatchGroup, _ board: Scoreboard, start: UInt64) {
        while group.wait(timeout: .now() + .milliseconds(500)) == .timedOut {
            let totals = board.snapshot
            let report = TradeReport(totals, elapsedSeconds: Double(MonotonicClock.nanoseconds() - start) / 1e9)
            if progressJson {
                FileHandle.standardOutput.write(Data((report.progressLine + "\n").utf8))
            } else {
                FileHandle.standardError.write(Data("\r\(report.progressText)".utf8))
            }
        }
        if !progressJson { FileHandle.standardError.write(Data("\n".utf8)) }
    }

    private struct Trader {
        let key: PrivateKey
        let nonces = NonceSource()
    }

    private static func traders(_ list: String) throws -> [Trader] {
        try list.split(separator: ",").map { Trader(key: try KeyFile.read(String($0))) }
    }

    private static func pulse(_ text: String) throws -> Pulse {
        let fields = text.split(separator: ":").map(String.init)
        guard fields.count == 3, let id = UInt16(fields[0]), let lots = UInt64(fields[2]), lots > 0 else {
            throw ValidationError("--market wants ID:PRICE:LOTS, for example 1:0.0000000012:50, not `\(text)`")
        }
        return Pulse(market: id, priceCode: try PriceCode.parse(fields[1]), lots: lots)
    }
}
