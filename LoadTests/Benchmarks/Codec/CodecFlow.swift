import Foundation

/// Flow that the batch codec is measured on: a name and how to make it.
package struct CodecFlow: Sendable {
    package let name: String
    package let summary: String
    /// Commands under one signature.
    package let batch: Int
    private let make: @Sendable (_ commands: Int, _ folder: String) throws -> SignedBlocks?

    /// At least so many commands; nil when the recording is not in `dataFolder`.
    package func blocks(commands: Int, dataFolder: String) throws -> SignedBlocks? { try make(commands, dataFolder) }

    private static let accountCount = 100

    package static let all: [CodecFlow] =
        [1, 50].flatMap { batch in
            [
                recorded("aapl", "aapl-2012-06-21-0930-1030.csv.xz", .lobster, batch, "recorded: an hour of one stock"),
                recorded("btc", "btcusd-2015-05-01.csv.xz", .bitstamp, batch, "recorded: five hours of BTC/USD"),
                generated("place", .init(place: 100, cancel: 0), batch, "generated: orders on four markets"),
                generated("place-cancel", .init(place: 55, cancel: 45), batch, "generated: orders and cancels"),
                generated("place-modify", .init(place: 40, cancel: 30), batch, "generated: orders, cancels and modifications"),
            ]
        } + [
            generated("everyone", .init(place: 100, cancel: 0), 1, accounts: 100_000, "generated: hardly two orders of one signer")
        ]

    private static func name(_ name: String, _ batch: Int) -> String { batch > 1 ? "\(name)-\(batch)" : name }

    /// Commands in a second: many bots with single orders, or few that quote.
    private static func rate(_ batch: Int) -> Int { batch > 1 ? 10_000 : 1000 }

    private static func recorded(
        _ name: String, _ file: String, _ format: RecordedFlow.Format, _ batch: Int, _ summary: String
    ) -> CodecFlow {
        CodecFlow(name: Self.name(name, batch), summary: summary, batch: batch) { commands, folder in
            guard FileManager.default.fileExists(atPath: folder + "/" + file) else { return nil }
            var stream = try RecordedFlow(xzFile: folder + "/" + file, format: format).stream(count: commands)
            if batch > 1 { stream = stream.inBursts(of: batch, accountCount: accountCount) }
            let envelopes = EnvelopeStream(stream, accountCount: accountCount, batch: batch)
            var blocks = SignedBlocks(commandsPerSecond: rate(batch), seed: 1)
            var start = 0
            for (index, end) in envelopes.ends.enumerated() {
                blocks.append(
                    account: Int(envelopes.accounts[index]), payload: envelopes.bytes[start..<end],
                    commandCount: envelopes.commandCount(in: index..<index + 1))
                start = end
            }
            return blocks
        }
    }

    private static func generated(
        _ name: String, _ mix: MixedFlow.Mix, _ batch: Int, accounts: Int = accountCount, _ summary: String
    ) -> CodecFlow {
        CodecFlow(name: Self.name(name, batch), summary: summary, batch: batch) { commands, _ in
            var flow = MixedFlow(mix: mix, accountCount: accounts, seed: 20_261_123)
            var blocks = SignedBlocks(commandsPerSecond: rate(batch), seed: 2)
            while blocks.commandCount < commands {
                let (account, payload) = flow.envelope(commands: batch)
                blocks.append(account: account, payload: payload, commandCount: batch)
            }
            return blocks
        }
    }
}
