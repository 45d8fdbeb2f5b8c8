import ArgumentParser
import Engine
import Gateway

/// `memex subaccount`
struct SubaccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subaccount",
        abstract: "Open further accounts of the same owner, and list them.",
        discussion: "Each has its own funds and orders; `memex transfer` moves funds between them, --account names one in other commands.",
        subcommands: [Open.self, List.self])

    /// `memex subaccount open`
    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open one more account. Needs the owner's key.",
            discussion: """
                EXAMPLE
                  memex subaccount open
                """)

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() throws {
            let session = try TradingSession(options)
            defer { session.client.close() }
            let (ack, result) = try session.submit(.openSubaccount)
            try options.output.show(
                [
                    "owner": .text(session.key.address.hex), "number": .integer(result.lots), "account": .integer(result.orderId),
                    "sequence": .integer(ack.sequence), "block": .integer(ack.block),
                ],
                TextTable.fields([
                    ("sub-account", String(result.lots)), ("account id", String(result.orderId)), ("block", String(ack.block)),
                    ("next", "`memex transfer --token … --amount … --to \(result.lots)` brings funds into it"),
                ]))
        }
    }

    /// `memex subaccount list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all accounts of an owner.",
            discussion: """
                EXAMPLES
                  memex subaccount list
                  memex subaccount list --owner 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --json
                """)

        @Option(help: "Whose accounts (default: those of your key).", transform: Address.typed)
        var owner: Address?

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() throws {
            let owner = try self.owner ?? options.privateKey().address
            let client = try options.gateway()
            defer { client.close() }
            let records = try client.accounts(owner)
            try options.output.show(["accounts": .list(records.map(Self.json))], Self.text(records))
        }

        private static func json(_ record: AccountRecord) -> JSON {
            [
                "number": .integer(record.account.subaccountNumber), "account": .integer(record.account.id),
                "owner": .text(record.account.owner.hex), "openOrders": .integer(record.account.openOrderCount),
                "feeTier": .integer(record.account.feeTier), "cancelOnDisconnect": .flag(record.account.cancelsOnDisconnect),
                "cancelAtMs": record.schedule.cancelAtMs == 0 ? .null : .integer(record.schedule.cancelAtMs),
            ]
        }

        private static func text(_ records: [AccountRecord]) -> String {
            if records.isEmpty { return "no account: `memex deposit` opens one" }
            var table = TextTable(">number", ">account id", ">open orders", ">fee tier", "cancel on disconnect", "cancels all at")
            for record in records {
                table.add(
                    String(record.account.subaccountNumber), String(record.account.id), String(record.account.openOrderCount),
                    String(record.account.feeTier), record.account.cancelsOnDisconnect ? "on" : "off",
                    record.schedule.cancelAtMs == 0 ? "" : Moment.text(milliseconds: record.schedule.cancelAtMs))
            }
            return table.text
        }
    }
}

extension Account {
    /// Whether the end of a session cancels its orders.
    var cancelsOnDisconnect: Bool { flags & AccountFlags.cancelOnDisconnect != 0 }
}
