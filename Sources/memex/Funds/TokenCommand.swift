import ArgumentParser
import Engine
import Gateway
import Settlement
import Signing

/// `memex token`
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Create a token on the exchange, and list those there are.",
        subcommands: [Create.self, List.self])

    /// `memex token create`
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a token, all of which is yours. Needs the owner's key.",
            discussion: """
                The supply is fixed for ever. It costs 0.01 ETH of your balance, and twice that for each 256 tokens created before; nobody gets \
                them. The token can be sent to L1 like any other: its ERC-20 is made there when the first of it is claimed.

                EXAMPLES
                  memex token create --symbol WAGMI --supply 1000000000
                  memex token create --symbol WAGMI --supply 21000000 --decimals 8 --json
                """)

        @Option(help: "1 to 16 printable ASCII characters; others may have the same, so tell people the id as well.")
        var symbol: String

        @Option(help: "How many there will ever be, in tokens.")
        var supply: String

        @Option(help: "Decimals of the smallest part, 0 to 18; supply times 10^decimals must stay below 2^63.")
        var decimals: UInt8 = 6

        @OptionGroup var account: AccountOption

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func validate() throws {
            guard TokenSymbol(symbol) != nil else {
                throw ValidationError("--symbol must be 1 to 16 printable ASCII characters without spaces")
            }
            guard decimals <= Layout.tokenDecimalsMax else { throw ValidationError("--decimals must be 0 to \(Layout.tokenDecimalsMax)") }
        }

        func run() throws {
            guard let symbol = TokenSymbol(symbol) else { return }
            let atoms = try TokenAmount.atoms(supply, decimals: UInt32(decimals), symbol: symbol.text)
            let session = try TradingSession(options, account)
            defer { session.client.close() }
            let (ack, result) = try session.submit(.createToken(symbol, decimals: decimals, supply: atoms))
            let supply = TokenAmount.format(atoms: atoms, decimals: UInt32(decimals))
            let price = try session.listing.known(token: Layout.etherToken).format(result.restingLots)
            try options.output.show(
                [
                    "tokenId": .integer(result.orderId), "symbol": .text(symbol.text), "supply": .text(supply),
                    "supplyAtoms": .integer(atoms),
                    "decimals": .integer(decimals), "price": .text(price), "sequence": .integer(ack.sequence), "block": .integer(ack.block),
                ],
                TextTable.fields([
                    ("token id", String(result.orderId)), ("yours", "\(supply) \(symbol.text)"), ("paid", "\(price) ETH"),
                    ("block", String(ack.block)),
                ]))
        }
    }

    /// `memex token list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all tokens of the exchange.",
            discussion: """
                EXAMPLES
                  memex token list
                  memex token list --json
                """)

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() throws {
            let client = try options.gateway()
            defer { client.close() }
            let tokens = try client.tokens()
            try options.output.show(.list(tokens.map(Self.json)), Self.text(tokens))
        }

        private static func supply(_ token: Token) -> String? {
            token.isBorn ? TokenAmount.format(atoms: token.supply, decimals: token.decimals) : nil
        }

        private static func json(_ token: Token) -> JSON {
            [
                "id": .integer(token.id), "symbol": .text(token.symbol.text), "decimals": .integer(token.decimals),
                "unitExponent": .integer(token.unitExponent), "born": .flag(token.isBorn),
                "l1Address": token.isBorn ? .null : .text(token.l1Address.hex), "supply": .optional(supply(token)) { .text($0) },
            ]
        }

        private static func text(_ tokens: [Token]) -> String {
            var table = TextTable(">id", "symbol", ">decimals", ">supply", "on L1")
            for token in tokens {
                table.add(
                    String(token.id), token.symbol.text, String(token.decimals), supply(token) ?? "",
                    token.isBorn ? "born here" : token.l1Address.isZero ? "ether" : token.l1Address.hex)
            }
            return table.text
        }
    }
}
