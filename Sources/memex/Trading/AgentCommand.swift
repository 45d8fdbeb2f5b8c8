import ArgumentParser
import Engine
import Gateway

/// `memex agent`
struct AgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Let another key trade for your account, or stop it.",
        discussion: "An agent places and cancels orders. It never withdraws and never approves keys.",
        subcommands: [Approve.self, Revoke.self])

    /// `memex agent approve`
    struct Approve: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a key trade for your account.",
            discussion: """
                EXAMPLES
                  memex agent approve 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
                  memex agent approve 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --expires-in 30d
                """)

        @Argument(help: "Address of the agent's key.", transform: Address.typed)
        var address: Address

        @Option(help: ArgumentHelp("How long it may: 90m, 12h or 30d (default: until revoked).", valueName: "time"))
        var expiresIn: TimeSpan?

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() throws {
            let session = try TradingSession(options)
            defer { session.client.close() }
            let expiryMs = try expiresIn.map { try session.client.serverTimeMs() + $0.milliseconds } ?? 0
            let (ack, _) = try session.submit(.approveAgent(address, expiryMs: expiryMs))
            try options.output.show(
                [
                    "agent": .text(address.hex), "owner": .text(session.key.address.hex), "state": "approved",
                    "expiryMs": expiryMs == 0 ? .null : .integer(expiryMs), "sequence": .integer(ack.sequence),
                    "block": .integer(ack.block),
                ],
                TextTable.fields([
                    ("agent", address.hex), ("may trade for", session.key.address.hex),
                    ("until", expiryMs == 0 ? "revoked" : Moment.text(milliseconds: expiryMs)), ("block", String(ack.block)),
                ]))
        }
    }

    /// `memex agent revoke`
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop an agent. Its resting orders stay; `memex cancel --all` takes them off.",
            discussion: """
                EXAMPLE
                  memex agent revoke 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
                """)

        @Argument(help: "Address of the agent's key.", transform: Address.typed)
        var address: Address

        @OptionGroup(title: "SHARED OPTIONS") var options: Options

        func run() throws {
            let session = try TradingSession(options)
            defer { session.client.close() }
            let (ack, _) = try session.submit(.revokeAgent(address))
            try options.output.show(
                [
                    "agent": .text(address.hex), "owner": .text(session.key.address.hex), "state": "revoked",
                    "sequence": .integer(ack.sequence), "block": .integer(ack.block),
                ],
                TextTable.fields([
                    ("agent", address.hex), ("may no longer trade for", session.key.address.hex), ("block", String(ack.block)),
                ]))
        }
    }
}
