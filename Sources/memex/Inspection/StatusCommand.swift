import ArgumentParser
import Engine
import Gateway
import Settlement

/// `memex status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show where the exchange and its contract on L1 are.",
        discussion: """
            Asks the gateway and the L1 node, whichever of the two is named and answers; it fails only if neither does.

            EXAMPLES
              memex status
              memex status --l1 http://127.0.0.1:8545 --deployment deployment.json --json
            """)

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() async throws {
        guard options.hasGateway || options.hasL1 else {
            throw CommandFailure(.usage, "this command needs the exchange (--url or MEMEX_URL), an L1 node (--l1 or MEMEX_L1), or both")
        }
        let exchange = Asked(isNamed: options.hasGateway, option: "--url") { try ExchangeView(asking: options.gateway()) }
        let l1: Asked<L1Status>
        if options.hasL1 {
            do { l1 = .answer(try await L1Status(try await options.contract())) } catch { l1 = .failed(error) }
        } else {
            l1 = .notAsked(option: "--l1")
        }
        try options.output.show(
            [
                "exchange": exchange.json(\.json), "l1": l1.json(\.json),
                "backlogMs": .optional(backlogMs(exchange.answer, l1.answer)) { .number($0) },
            ],
            "EXCHANGE\n" + exchange.text(\.text) + "\n\nL1\n" + l1.text(\.text) + backlogText(exchange.answer, l1.answer))
        // Neither answered, and both have said why.
        if exchange.answer == nil, l1.answer == nil, let error = l1.error ?? exchange.error {
            throw ExitCode((ExitStatus(error) ?? .cannotConnect).rawValue)
        }
    }

    /// How far L1 is behind the exchange's blocks; nil if it cannot be told.
    private func backlogMs(_ exchange: ExchangeView?, _ l1: L1Status?) -> UInt64? {
        guard let exchange, let l1, l1.lastTimeMs > 0 else { return nil }
        return exchange.status.blockTimeMs - min(exchange.status.blockTimeMs, l1.lastTimeMs)
    }

    private func backlogText(_ exchange: ExchangeView?, _ l1: L1Status?) -> String {
        guard let backlogMs = backlogMs(exchange, l1), let l1 else { return "" }
        return "\n\n"
            + TextTable.fields([
                (
                    "not on L1 yet",
                    "\(Moment.span(backlogMs / 1000)) of blocks; the contract takes \(Moment.span(l1.parameters.timeDrift)) at most"
                )
            ])
    }

    /// One of the two sides: what it answered, or why it did not.
    private enum Asked<Answer> {
        case answer(Answer)
        case failed(any Error)
        case notAsked(option: String)

        init(isNamed: Bool, option: String, ask: () throws -> Answer) {
            guard isNamed else {
                self = .notAsked(option: option)
                return
            }
            do { self = .answer(try ask()) } catch { self = .failed(error) }
        }

        var answer: Answer? { if case .answer(let answer) = self { answer } else { nil } }
        var error: (any Error)? { if case .failed(let error) = self { error } else { nil } }

        func json(_ convert: (Answer) -> JSON) -> JSON {
            switch self {
            case .answer(let answer): convert(answer)
            case .failed(let error): ["error": .text("\(error)")]
            case .notAsked: .null
            }
        }

        func text(_ convert: (Answer) -> String) -> String {
            switch self {
            case .answer(let answer): convert(answer)
            case .failed(let error): "no answer: \(error)"
            case .notAsked(let option): "not asked: give \(option)"
            }
        }
    }
}

/// What the gateway says of itself and of the exchange.
private struct ExchangeView {
    let status: ExchangeStatus
    let hello: ServerMessage.Hello

    init(asking client: GatewayClient) throws {
        defer { client.close() }
        status = try client.status()
        hello = client.hello
    }

    var json: JSON {
        status.json.adding([
            "commandsPerSecond": .integer(hello.commandsPerSecond), "commandBurst": .integer(hello.commandBurst),
            "messagesPerSecond": .integer(hello.messagesPerSecond), "replayFromBlock": .integer(hello.oldestPosition.block),
        ])
    }

    var text: String {
        let quota =
            hello.commandsPerSecond == 0
            ? "not limited" : "\(hello.commandsPerSecond) commands a second, \(hello.commandBurst) at once; cancels do not count"
        return TextTable.fields(
            status.fields + [("quota of an account", quota), ("replay from block", String(hello.oldestPosition.block))])
    }
}

extension ExchangeStatus {
    fileprivate var json: JSON {
        [
            "block": .integer(position.block), "blockTimeMs": .integer(blockTimeMs), "sequence": .integer(position.sequence),
            "sealedBlock": .integer(sealedBlock), "stateRoot": .text(stateRoot.hex), "blockHash": .text(blockHash.hex),
            "inboxConsumed": .integer(inboxCursor), "accounts": .integer(accountCount), "openOrders": .integer(openOrderCount),
            "withdrawals": .integer(withdrawalCount),
        ]
    }

    fileprivate var fields: [(String, String)] {
        [
            ("block", "\(position.block), \(Moment.text(milliseconds: blockTimeMs))"), ("batches of commands", String(position.sequence)),
            ("sealed block", String(sealedBlock)), ("state root", stateRoot.hex), ("block hash", blockHash.hex),
            ("inbox messages consumed", String(inboxCursor)), ("accounts", String(accountCount)),
            ("open orders", String(openOrderCount)), ("withdrawals", String(withdrawalCount)),
        ]
    }
}
