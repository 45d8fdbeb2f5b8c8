import ArgumentParser
import Engine
import Gateway
import Signing

/// Which of the owner's accounts a command is for.
struct AccountOption: ParsableArguments {
    @Option(help: ArgumentHelp("Number of the sub-account that this is for; 0 is the main account.", valueName: "number"))
    var account: UInt16 = 0
}

/// A connection on which one key signs for one account, with what is listed.
struct TradingSession {
    let client: GatewayClient
    let key: PrivateKey
    let listing: Listing
    /// 0 for the main account.
    let subaccount: UInt16
    /// Hears of every commands message before it is sent.
    var sent: (([UInt8]) -> Void)?
    /// Names the account to the exchange; nil for the main account.
    private let selection: Command?

    init(_ options: Options, _ account: AccountOption? = nil) throws {
        key = try options.privateKey()
        client = try options.gatewayForSigning()
        // A batch whose answer the connection took with it is sent again: it is applied once.
        client.reconnectsMax = 3
        listing = try Listing(from: client)
        subaccount = account?.account ?? 0
        selection = subaccount == 0 ? nil : .useAccount(try Self.account(subaccount, of: key.address, client).account.id)
    }

    /// The account that the session is for.
    func account() throws -> AccountAnswer { try Self.account(subaccount, of: key.address, client) }

    /// Id of another account of the same owner.
    func accountId(number: UInt16) throws -> UInt32 { try Self.account(number, of: key.address, client).account.id }

    private static func account(_ number: UInt16, of address: Address, _ client: GatewayClient) throws -> AccountAnswer {
        if let account = try client.account(address, subaccount: number) { return account }
        guard number != 0, try client.account(address) != nil else {
            throw CommandFailure(
                .refused, "\(address) has no account on the exchange: `memex deposit` opens one, or let an owner approve it as agent")
        }
        throw CommandFailure(.refused, "there is no sub-account \(number): `memex subaccount list` shows those there are")
    }

    /// Hears of what happens to the account.
    func subscribe() throws { try client.subscribe(.account, owner: key.address, subaccount: subaccount) }

    /// Signs and sends; throws if the batch as a whole is refused. The results are those of `commands`, one each.
    func submit(_ commands: [Command]) throws -> ServerMessage.Ack {
        guard let selection else { return try send(commands) }
        var ack = try send([selection] + commands)
        let selected = ack.results.removeFirst()
        guard selected.code == 0 else { throw CommandRefused(code: selected.code, text: selected.text) }
        return ack
    }

    private func send(_ commands: [Command]) throws -> ServerMessage.Ack {
        let ack: ServerMessage.Ack
        let nonce = client.nextNonce()
        let message = CommandsMessage.encode(commands, nonce: nonce, key: key, domain: client.domain)
        sent?(message)
        do {
            ack = try client.submit(message, nonce: nonce)
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
