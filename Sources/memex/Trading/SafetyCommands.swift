import ArgumentParser
import Engine
import Gateway

/// `memex schedule-cancel`
struct ScheduleCancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule-cancel",
        abstract: "Have all orders of an account cancelled at a time: a dead man's switch.",
        discussion: """
            A bot moves the time on as long as all is well; when it no longer does, its orders go by themselves.

            EXAMPLES
              memex schedule-cancel 30s
              memex schedule-cancel 2026-12-31T23:59:00Z --account 1
              memex schedule-cancel never
            """)

    @Argument(help: ArgumentHelp("30s, 2h, a time like 2026-12-31T12:00:00Z, ms since 1970, or never.", valueName: "when"))
    var when: ScheduleArgument

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() throws {
        let session = try TradingSession(options, account)
        defer { session.client.close() }
        let timeMs = try when.deadline.map { $0.milliseconds(nowMs: try session.client.serverTimeMs()) } ?? 0
        let (ack, result) = try session.submit(.scheduleCancel(timeMs: timeMs))
        try options.output.show(
            [
                "account": .integer(result.orderId), "cancelAtMs": timeMs == 0 ? .null : .integer(timeMs),
                "sequence": .integer(ack.sequence),
                "block": .integer(ack.block),
            ],
            TextTable.fields([
                ("account", String(result.orderId)), ("cancels all orders", timeMs == 0 ? "never" : Moment.text(milliseconds: timeMs)),
                ("block", String(ack.block)),
            ]))
    }
}

/// A time, or `never`.
struct ScheduleArgument: ExpressibleByArgument, Equatable {
    /// Nil: never.
    let deadline: Deadline?

    init?(argument: String) {
        if argument == "never" {
            deadline = nil
        } else {
            guard let deadline = Deadline(argument: argument) else { return nil }
            self.deadline = deadline
        }
    }
}

/// `memex cancel-on-disconnect`
struct CancelOnDisconnectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel-on-disconnect",
        abstract: "Have all orders of an account cancelled when a connection that asked for it ends.",
        discussion: """
            The exchange watches the connection over which this was last turned on. A bot turns it on over its own; this command ends \
            at once, and so does its connection: `on` takes the orders that rest now off the book. `off` is for when the bot is gone.

            EXAMPLES
              memex cancel-on-disconnect off
              memex cancel-on-disconnect on --account 1
            """)

    @Argument(help: "on or off")
    var state: Switch

    @OptionGroup var account: AccountOption

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    enum Switch: String, CaseIterable, ExpressibleByArgument {
        case on
        case off
    }

    func run() throws {
        let session = try TradingSession(options, account)
        defer { session.client.close() }
        let (ack, result) = try session.submit(.cancelOnDisconnect(state == .on))
        try options.output.show(
            [
                "account": .integer(result.orderId), "cancelOnDisconnect": .flag(state == .on), "sequence": .integer(ack.sequence),
                "block": .integer(ack.block),
            ],
            TextTable.fields([
                ("account", String(result.orderId)), ("cancel on disconnect", state.rawValue), ("block", String(ack.block)),
            ]))
    }
}
