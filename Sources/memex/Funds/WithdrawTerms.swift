import ArgumentParser
import Engine

/// What to withdraw, as options: the same for `memex withdraw` and `memex force withdraw`.
struct WithdrawTerms: ParsableArguments {
    @Option(help: ArgumentHelp("Token, by symbol or id.", valueName: "symbol|id"))
    var token: String

    @Option(help: ArgumentHelp("How much, in tokens; `all` is what is free.", valueName: "amount|all"))
    var amount: String

    func command(_ token: TokenInfo) throws -> Command {
        .withdraw(token: token.id, atoms: amount == "all" ? Command.allFree : try token.atoms(amount))
    }
}
