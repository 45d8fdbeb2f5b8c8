import ArgumentParser
import Engine
import Foundation
import Gateway
import Settlement

/// `memex list`
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List further tokens and markets, or give an owner lower fees. With the lister's key.",
        discussion: "What is listed can never be removed; fees that rise go through `memex governance`.",
        subcommands: [ListToken.self, ListMarket.self, ListFeeTier.self])

    /// `memex list token`
    struct ListToken: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "token",
            abstract: "List an ERC-20 token.",
            discussion: """
                Choose the unit exponent so that the whole supply stays below 2^63 atoms; decimals and unit exponent add up to the token's \
                decimals on L1. Tokens whose balances change by themselves must not be listed.

                EXAMPLE
                  memex list token --address 0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512 --symbol PEPE --decimals 3 --unit-exponent 15
                """)

        @Option(help: "L1 address.", transform: Address.typed) var address: Address
        @Option(help: "1 to 16 printable ASCII characters.") var symbol: String
        @Option(help: "Decimals of an atom as shown to people, at most 18.") var decimals: UInt8
        @Option(help: "One atom is 10^this L1 units; at most 36.") var unitExponent: UInt8
        @OptionGroup var sending: ContractSending
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func validate() throws {
            guard (1...16).contains(symbol.utf8.count) else { throw ValidationError("a symbol has 1 to 16 ASCII characters") }
        }

        func run() async throws {
            let call = RollupCall.listToken(address, decimals: decimals, unitExponent: unitExponent, symbol: symbol)
            try await sending.send(call, try await options.contract(), options)
        }
    }

    /// `memex list market`
    struct ListMarket: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "market",
            abstract: "List a market of two listed tokens.",
            discussion: """
                EXAMPLES
                  memex list market --base WIF --quote ETH --lot-exponent 3 --maker 1 --taker 5 --fee-account 0x7099…79C8
                  memex list market --base CAT --quote USDX --lot-exponent 3 --maker 0 --taker 5 --fee-account 0x7099…79C8 \
                --opens 1h --reference-price 0.0000012
                  memex list market --base 2048 --quote ETH --lot-exponent 3 --maker 1 --taker 5 --fee-account 0x7099…79C8 --url wss://…

                A token born on the exchange must exist there before: the gateway is asked.
                """)

        @Option(help: "Token that is bought and sold: symbol or id.") var base: String
        @Option(help: "Token that prices are in.") var quote: String
        @Option(help: "One lot is 10^this base atoms; at most 18.") var lotExponent: UInt8
        @Option(help: ArgumentHelp("Maker's fee in basis points, at most 100.", valueName: "bps")) var maker: UInt16
        @Option(help: ArgumentHelp("Taker's fee in basis points, at most 100.", valueName: "bps")) var taker: UInt16
        @Option(help: "Owner of the account that receives the fees.", transform: Address.typed) var feeAccount: Address
        @Option(help: "End of the opening auction: 1h, or a time; without it the market opens at once.") var opens: Deadline?
        @Option(help: "Decides between equally good opening prices.") var referencePrice: String?
        @OptionGroup var sending: ContractSending
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func validate() throws {
            if (opens == nil) != (referencePrice == nil) { throw ValidationError("--opens and --reference-price go together") }
        }

        func run() async throws {
            let contract = try await options.contract()
            var listing = try await Listing(from: contract)
            // L1 knows nothing of tokens born on the exchange and takes any of their ids. The exchange ignores a market of a token that does not
            // exist; or somebody else's token is born with that id before, and is the one that is traded.
            if (try? listing.token(base)) == nil || (try? listing.token(quote)) == nil { listing.tokens += try bornTokens() }
            let now = try await contract.client.latestBlock().timestamp * 1000
            let call = RollupCall.listMarket(
                base: try listing.token(base).id, quote: try listing.token(quote).id, lotExponent: lotExponent, makerFeeBasisPoints: maker,
                takerFeeBasisPoints: taker, feeAccount: feeAccount, opensAtMs: opens?.milliseconds(nowMs: now) ?? 0,
                referencePriceCode: try referencePrice.map { try PriceCode.parse($0) } ?? 0)
            try await sending.send(call, contract, options)
        }

        /// Those that exist now.
        private func bornTokens() throws -> [TokenInfo] {
            guard options.hasGateway else { return [] }
            let client = try options.gateway()
            defer { client.close() }
            return try client.tokens().map(TokenInfo.init).filter(\.isBorn)
        }
    }

    /// `memex list fee-tier`
    struct ListFeeTier: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fee-tier",
            abstract: "Let an owner pay (10 - tier) tenths of all fees, never more than now.",
            discussion: """
                EXAMPLE
                  memex list fee-tier --owner 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --tier 4
                """)

        @Option(help: "The owner.", transform: Address.typed) var owner: Address
        @Option(help: "0 (full fees) to 10 (none).") var tier: UInt8
        @OptionGroup var sending: ContractSending
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() async throws { try await sending.send(.setFeeTier(owner: owner, tier: tier), try await options.contract(), options) }
    }
}
