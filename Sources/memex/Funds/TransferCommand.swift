import ArgumentParser
import Engine
import Gateway

/// `memex transfer`
struct TransferCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "Move free funds between accounts of the same owner. Needs the owner's key.",
        discussion: """
            EXAMPLES
              memex transfer --token USDX --amount 12.5 --to 1
              memex transfer --token USDX --amount 12.5 --account 1 --to 0
            """)

    @Option(help: ArgumentHelp("Token, by symbol or id.", valueName: "symbol|id"))
    var token: String

    @Option(help: "How much, in tokens.")
    var amount: String

    @Option(help: ArgumentHelp("Number of the account that receives; 0 is the main account.", valueName: "number"))
    var to: UInt16

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        guard to != account.account else { throw ValidationError("--to and --account name the same account") }
    }

    func run() throws {
        let session = try TradingSession(options, account)
        defer { session.client.close() }
        let token = try session.listing.token(self.token)
        let atoms = try token.atoms(amount)
        let toAccount = try session.accountId(number: to)
        let (ack, _) = try session.submit(.transfer(token: token.id, atoms: atoms, toAccount: toAccount))
        try options.output.show(
            [
                "token": .text(token.symbol), "tokenId": .integer(token.id), "amount": .text(token.format(atoms)), "atoms": .integer(atoms),
                "from": .integer(account.account), "to": .integer(to), "toAccount": .integer(toAccount),
                "sequence": .integer(ack.sequence), "block": .integer(ack.block),
            ],
            TextTable.fields([
                ("moved", "\(token.format(atoms)) \(token.symbol)"), ("from", Self.name(account.account)), ("to", Self.name(to)),
                ("block", String(ack.block)),
            ]))
    }

    private static func name(_ number: UInt16) -> String { number == 0 ? "main account" : "sub-account \(number)" }
}
