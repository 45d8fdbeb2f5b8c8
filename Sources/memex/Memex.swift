import ArgumentParser

/// The command line of traders, operators and anyone who checks them.
@main
struct Memex: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memex",
        abstract: "Trade on Memex, move funds to and from it, and check it against Ethereum.",
        discussion: """
            Prices, sizes and amounts are decimal numbers (12.5, 0.0000000012, 1e6) and are converted exactly: what does not fit is \
            refused, never rounded.

            Options that most commands share can also be set in the environment: --deployment (MEMEX_DEPLOYMENT), --l1 (MEMEX_L1), \
            --beacon (MEMEX_BEACON), --url (MEMEX_URL), --key (MEMEX_KEY), --ca (MEMEX_CA).

            EXAMPLES
              memex keys new alice.key
              memex deposit --token USDX --amount 12.5 --wait
              memex order --market WIF/USDX --side buy --price 2.5 --size 10
              memex balances --json

            \(ExitStatus.help)
            """,
        version: "memex 0.1",
        groupedSubcommands: [
            CommandGroup(name: "Keys", subcommands: [KeysCommand.self]),
            CommandGroup(
                name: "Trading",
                subcommands: [
                    OrderCommand.self, ModifyCommand.self, CancelCommand.self, ScheduleCancelCommand.self, CancelOnDisconnectCommand.self,
                    BookCommand.self, AgentCommand.self,
                ]),
            CommandGroup(
                name: "Funds",
                subcommands: [
                    DepositCommand.self, BalancesCommand.self, SubaccountCommand.self, TransferCommand.self, WithdrawCommand.self,
                    ClaimCommand.self, TokenCommand.self,
                ]),
            CommandGroup(
                name: "Checking and leaving",
                subcommands: [
                    StatusCommand.self, ReceiptCommand.self, BatchCommand.self, ForceCommand.self, HaltCommand.self, RebuildCommand.self,
                    ExitCommand.self,
                ]),
            CommandGroup(name: "Operating", subcommands: [GovernanceCommand.self, ListCommand.self]),
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            ExitStatus.end(error)
        }
    }
}
