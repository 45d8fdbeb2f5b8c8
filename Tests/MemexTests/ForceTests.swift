import ArgumentParser
import Engine
import Settlement
import Testing

@testable import memex

/// `memex force` takes the options of the ordinary commands and says what it forces.
struct ForceTests {
    private static let account = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"

    private func parsed<Command>(_ arguments: String, as type: Command.Type = Command.self) throws -> Command {
        try #require(try Memex.parseAsRoot(arguments.split(separator: " ").map(String.init)) as? Command)
    }

    @Test func theSameOptionsMakeTheSameCommands() throws {
        let order = "order --market ETH/USDX --side sell --price 2.5 --size 3 --type post-only --stp cancel-both --client-id 7"
        let plain = try parsed(order, as: OrderCommand.self).terms.placement(ListingTests.listing) { 0 }
        let forced = try parsed("force " + order, as: ForceCommand.Order.self).terms.placement(ListingTests.listing) { 0 }
        #expect(plain.command == forced.command)
        let cancel = "cancel --all --market 2 --side buy"
        let market = try ListingTests.listing.market("2")
        #expect(try parsed(cancel, as: CancelCommand.self).terms.command(market) == .cancelAll(market: 2, sides: .buys))
        #expect(try parsed("force " + cancel, as: ForceCommand.Cancel.self).terms.command(market) == .cancelAll(market: 2, sides: .buys))
        let withdraw = "withdraw --token USDX --amount all"
        let token = try ListingTests.listing.token("USDX")
        #expect(try parsed(withdraw, as: WithdrawCommand.self).terms.command(token) == .withdraw(token: 2, atoms: Command.allFree))
        let terms = try parsed("force " + withdraw + " --cancel-orders --account-id 9", as: ForceCommand.Withdraw.self)
        #expect(terms.cancelOrders && terms.forcing.accountId == 9 && !terms.forcing.wait)
        #expect(try terms.terms.command(token) == .withdraw(token: 2, atoms: Command.allFree))
    }

    @Test(arguments: [
        "cancel", "cancel --order 5", "cancel --all --client-id 3", "order --market 1 --side buy --price 1", "withdraw --token ETH",
    ])
    func whatIsMissingIsRefused(arguments: String) {
        for prefix in ["", "force "] {
            #expect(throws: (any Error).self) { try Memex.parseAsRoot((prefix + arguments).split(separator: " ").map(String.init)) }
        }
    }

    /// Times count from L1's clock where no gateway is asked.
    @Test func timesCountFromTheClockThatIsGiven() throws {
        let terms = try parsed("force order --market 1 --side buy --price 1 --size 1 --until 2h", as: ForceCommand.Order.self).terms
        #expect(try terms.placement(ListingTests.listing) { 1_000 }.untilMs == 7_201_000)
    }

    /// The longest that the tool makes, an order with a trigger on a sub-account, fits a message.
    @Test func everyFormFitsAMessage() {
        let order = Command.Order(market: 1, flags: PlaceFlags(side: .buy), priceCode: 0, lots: 1)
        let commands: [Command] = [.useAccount(1), .placeTrigger(order, expiryMs: 1, triggerPriceCode: 0)]
        #expect(ForcedCommands(commands, sender: .zero).payload.count <= InboxMessage.forcedBytesMax)
    }

    @Test func messagesAreToldInWords() throws {
        let sender = try Address(checked: Self.account)
        func text(_ payload: [UInt8]) -> String {
            let message = payload.withUnsafeBytes { InboxMessage(forced: $0, sender: sender) }
            return ListingTests.listing.describe(message, index: 3).text
        }
        let commands: [Command] = [.cancelAll(market: 0, sides: .both), .withdraw(token: 2, atoms: Command.allFree)]
        let forced = ForcedCommands(commands, sender: sender)
        #expect(forced.commands == commands)
        #expect(text(forced.payload) == "by \(sender): cancel all all markets, both sides; withdraw all free USDX")
        #expect(text([0xFF]) == "by \(sender): malformed")
    }
}
