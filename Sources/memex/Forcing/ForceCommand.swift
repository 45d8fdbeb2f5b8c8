import ArgumentParser
import Engine

/// `memex force`
struct ForceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "force",
        abstract: "Have commands executed through L1, past an operator who does not serve you.",
        discussion: """
            Sends the command to the inbox of the rollup contract, from your key's address on L1, for the message price and the gas. No \
            gateway is asked. The exchange must take it within the inbox deadline, and executes it as if you had signed it; if it does not, \
            anyone may `memex halt` it, and everybody leaves by `memex exit`. After a halt, messages that were not taken have no effect.

            L1 tells when a message was taken, not what became of it: a forced command can be refused for the same reasons as a signed one.
            """,
        subcommands: [Withdraw.self, Cancel.self, Order.self])

    /// `memex force withdraw`
    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take free funds out of the exchange, to your own address on L1.",
            discussion: """
                EXAMPLES
                  memex force withdraw --token USDX --amount all --cancel-orders --wait && memex claim --wait
                  memex force withdraw --token ETH --amount 0.5
                """)

        @OptionGroup var terms: WithdrawTerms

        @Flag(help: "Cancel all orders of the account first, so that nothing is locked.")
        var cancelOrders = false

        @OptionGroup var forcing: ForcingOptions
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() async throws {
            try await ForcedMessage.send(forcing, options) { listing, _ in
                let withdrawal = try terms.command(try listing.token(terms.token))
                return cancelOrders ? [.cancelAll(market: 0, sides: .both), withdrawal] : [withdrawal]
            }
        }
    }

    /// `memex force cancel`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take resting orders off the book.",
            discussion: """
                EXAMPLES
                  memex force cancel --all --wait
                  memex force cancel --market PEPE/USDX --order 4294967297
                """)

        @OptionGroup var terms: CancelTerms
        @OptionGroup var forcing: ForcingOptions
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() async throws {
            try await ForcedMessage.send(forcing, options) { listing, _ in [terms.command(try terms.market(listing))] }
        }
    }

    /// `memex force order`
    struct Order: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Place an order, with the options of `memex order`.",
            discussion: """
                EXAMPLES
                  memex force order --market WIF/USDX --side sell --price 1.9 --size 10 --type ioc
                  memex force order --market WIF/USDX --side buy --price 2.5 --size 10 --until 2d --wait
                """)

        @OptionGroup var terms: OrderTerms
        @OptionGroup var forcing: ForcingOptions
        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() async throws {
            try await ForcedMessage.send(forcing, options) { listing, nowMs in [try terms.placement(listing, nowMs: { nowMs }).command] }
        }
    }
}

/// What all ways to force a command have in common.
struct ForcingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Id of the sub-account that this is for, as `memex subaccount list` shows it.", valueName: "id"))
    var accountId: UInt32?

    @Flag(help: "Wait until a batch on L1 has taken the message.")
    var wait = false

    @Option(help: "Seconds to wait at most with --wait.")
    var waitSeconds: UInt64 = 600
}
