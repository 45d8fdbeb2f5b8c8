import ArgumentParser
import Engine
import Gateway
import Settlement

/// `memex deposit`
struct DepositCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deposit",
        abstract: "Bring funds from L1 into the exchange.",
        discussion: """
            Pays from your key's address on L1. For a token other than ETH the exact amount is approved first, unless it is already. The \
            exchange credits a deposit when it has seen it; --wait waits for that, too.

            EXAMPLES
              memex deposit --token ETH --amount 0.5
              memex deposit --token USDX --amount 12.5 --wait
              memex deposit --token USDX --amount 12.5 --owner 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
            """)

    @Option(help: ArgumentHelp("Token, by symbol or id.", valueName: "symbol|id"))
    var token: String

    @Option(help: "How much, in tokens.")
    var amount: String

    @Option(help: "Who is to own it on the exchange (default: your address).", transform: Address.typed)
    var owner: Address?

    @Flag(help: "Wait until the exchange has credited it (needs --url).")
    var wait = false

    @Option(help: "Seconds to wait at most with --wait.")
    var waitSeconds: UInt64 = 120

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() async throws {
        let key = try options.privateKey()
        let deployment = try options.deploymentFile()
        let ethereum = try options.ethereum()
        let contract = try await deployment.contract(through: ethereum)
        let tokens = try await contract.tokens() + contract.bornTokens(since: deployment.deployedAtBlock)
        let info = try Listing(tokens: tokens.map(TokenInfo.init), markets: []).token(self.token)
        guard let token = tokens.first(where: { $0.id == info.id }) else { return }
        let atoms = try info.atoms(amount)
        let owner = self.owner ?? key.address
        // Before money moves: whom to wait for must be there.
        if wait { try options.gateway().close() }

        let sender = TransactionSender(client: ethereum, key: key, chainId: deployment.chainId)
        let outcome = try await Depositor(contract: contract, sender: sender).deposit(token, atoms: atoms, for: owner)
        if wait { options.output.progress("deposited as inbox message \(outcome.inboxIndex); waiting for the exchange") }
        let creditedBlock = wait ? try waitForCredit(of: outcome.inboxIndex) : nil
        try options.output.show(
            Self.json(info, atoms, owner, outcome, creditedBlock), Self.text(info, atoms, owner, outcome, creditedBlock))
    }

    /// Returns the exchange's block by which the inbox message was consumed.
    private func waitForCredit(of index: UInt64) throws -> UInt64 {
        let client = try options.gateway()
        defer { client.close() }
        let deadline = MonotonicClock.milliseconds() + waitSeconds * 1000
        while true {
            let status = try client.status()
            if status.inboxCursor > index { return status.position.block }
            guard MonotonicClock.milliseconds() < deadline else {
                throw CommandFailure(
                    .cannotConnect,
                    """
                    the deposit is on L1 as inbox message \(index), but the exchange has not consumed it within \(waitSeconds) s \
                    (it has consumed \(status.inboxCursor)); it is not lost: `memex status` shows when it is overdue
                    """)
            }
            // Nothing is subscribed to, so this is a pause that keeps the connection alive.
            _ = try client.receive(timeoutMs: 200)
        }
    }

    private static func json(
        _ token: TokenInfo, _ atoms: UInt64, _ owner: Address, _ outcome: Depositor.Outcome, _ creditedBlock: UInt64?
    ) -> JSON {
        [
            "token": .text(token.symbol), "tokenId": .integer(token.id), "amount": .text(token.format(atoms)), "atoms": .integer(atoms),
            "owner": .text(owner.hex), "inboxIndex": .integer(outcome.inboxIndex),
            "transaction": .text(outcome.deposit.transactionHash.hex), "l1Block": .integer(outcome.deposit.blockNumber),
            "gas": .integer(outcome.deposit.gasUsed),
            "approvals": .list(
                outcome.approvals.map { ["transaction": .text($0.transactionHash.hex), "gas": .integer($0.gasUsed)] }),
            "creditedBlock": .optional(creditedBlock) { .integer($0) },
        ]
    }

    private static func text(
        _ token: TokenInfo, _ atoms: UInt64, _ owner: Address, _ outcome: Depositor.Outcome, _ creditedBlock: UInt64?
    ) -> String {
        var fields = [("deposited", "\(token.format(atoms)) \(token.symbol)"), ("for", owner.hex)]
        for approval in outcome.approvals { fields.append(("approval", "\(approval.transactionHash), \(approval.gasUsed) gas")) }
        fields.append(("transaction", "\(outcome.deposit.transactionHash), \(outcome.deposit.gasUsed) gas"))
        fields.append(("inbox index", String(outcome.inboxIndex)))
        fields.append(("credited", creditedBlock.map { "yes, by block \($0)" } ?? "when the exchange has seen it; `memex balances` shows"))
        return TextTable.fields(fields)
    }
}
