import ArgumentParser
import Engine
import Gateway

/// `memex withdraw`
struct WithdrawCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "Take free funds out of the exchange, to your own address on L1.",
        discussion: """
            The exchange writes a withdrawal record into its state. Once a batch with it is posted and its claim is final, `memex claim` \
            pays it out on L1. Needs the owner's key: agents cannot withdraw.

            EXAMPLES
              memex withdraw --token USDX --amount 12.5
              memex withdraw --token USDX --amount all --account 1
            """)

    @OptionGroup var terms: WithdrawTerms

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() throws {
        let session = try TradingSession(options, account)
        defer { session.client.close() }
        let token = try session.listing.token(terms.token)
        let (ack, result) = try session.submit(try terms.command(token))
        let atoms = result.lots
        try options.output.show(
            [
                "token": .text(token.symbol), "tokenId": .integer(token.id), "amount": .text(token.format(atoms)), "atoms": .integer(atoms),
                "owner": .text(session.key.address.hex), "withdrawalId": .integer(result.orderId), "block": .integer(ack.block),
                "sequence": .integer(ack.sequence),
            ],
            TextTable.fields([
                ("withdrawal", String(result.orderId)), ("amount", "\(token.format(atoms)) \(token.symbol)"),
                ("to", "\(session.key.address) on L1"), ("block", String(ack.block)),
                ("next", "`memex claim`, once the claim of a batch with this block is final"),
            ]))
    }
}
