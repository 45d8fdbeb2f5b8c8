import Engine
import Gateway
import Signing

/// A connection on which one key signs, with what is listed and whose account it is.
struct TradingSession {
    let client: GatewayClient
    let key: PrivateKey
    let listing: Listing

    init(_ options: Options) throws {
        key = try options.privateKey()
        client = try options.gatewayForSigning()
        listing = try Listing(from: client)
    }

    /// The account that the key owns or signs for.
    func account() throws -> AccountAnswer {
        guard let account = try client.account(key.address) else {
            throw CommandFailure(
                .refused, "\(key.address) has no account on the exchange: `memex deposit` opens one, or let an owner approve it as agent")
        }
        return account
    }

    /// Signs and sends; throws if the batch as a whole is refused.
    func submit(_ commands: [Command]) throws -> ServerMessage.Ack {
        let ack: ServerMessage.Ack
        do {
            ack = try client.submit(commands, key: key)
        } catch .rejected(let reject) {
            throw CommandRefused(code: reject.code, text: reject.text)
        }
        guard ack.results.count == commands.count else {
            throw CommandFailure(.mismatch, "the exchange answered \(ack.results.count) results to \(commands.count) commands")
        }
        return ack
    }

    /// Signs and sends one command; throws if it is refused.
    func submit(_ command: Command) throws -> (ack: ServerMessage.Ack, result: ServerMessage.CommandResult) {
        let ack = try submit([command])
        let result = ack.results[0]
        guard result.code == 0 else { throw CommandRefused(code: result.code, text: result.text) }
        return (ack, result)
    }
}

/// The exchange refused a command; nothing of it was applied.
struct CommandRefused: Error, CustomStringConvertible {
    let code: UInt16
    let text: String

    var name: String { RejectCode(rawValue: code).map { "\($0)" } ?? "unknown" }
    var description: String { "refused: \(text) (\(name), code \(code))" }
}
