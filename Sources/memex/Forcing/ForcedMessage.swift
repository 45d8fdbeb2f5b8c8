import BigInt
import Engine
import Settlement

/// A message with forced commands on its way through L1's inbox.
struct ForcedMessage {
    let commands: [Command]
    let listing: Listing
    let price: BigUInt
    let index: UInt64
    let receipt: Receipt
    /// From after this time on anyone may halt the rollup if it was not taken, in seconds since 1970.
    let deadline: UInt64
    /// Number of the first batch that was seen to have taken it; nil if nobody waited.
    var batch: UInt64?

    /// Sends what `commands` makes of the listing and of L1's time in milliseconds, waits if asked to, and shows it all.
    static func send(_ forcing: ForcingOptions, _ options: Options, _ commands: (Listing, UInt64) throws -> [Command]) async throws {
        let key = try options.privateKey()
        let deployment = try options.deploymentFile()
        let contract = try await options.contract()
        let listing = try await Listing(from: contract)
        let l1Time = try await contract.client.latestBlock().timestamp
        let commands = (forcing.accountId.map { [.useAccount($0)] } ?? []) + (try commands(listing, l1Time * 1000))
        let parameters = try await contract.parameters()
        let call = RollupCall.force(payload: ForcedCommands(commands, sender: key.address).payload, price: parameters.messagePrice)
        let sender = TransactionSender(client: contract.client, key: key, chainId: deployment.chainId)
        let receipt = try await sender.execute(call, on: contract.address)
        let index = try receipt.logs.filter { $0.address == contract.address }.compactMap { log -> UInt64? in
            if case .inboxMessage(let index, _) = try RollupEvent(log) { index } else { nil }
        }.first
        guard let index else {
            throw CommandFailure(.mismatch, "transaction \(receipt.transactionHash) succeeded, but it sent no inbox message")
        }
        var message = ForcedMessage(
            commands: commands, listing: listing, price: parameters.messagePrice, index: index, receipt: receipt,
            deadline: try await contract.inboxTime(index: index) + parameters.inboxDeadline)
        if forcing.wait {
            options.output.progress(
                "sent as inbox message \(index), due \(Moment.text(seconds: message.deadline)); waiting for a batch that takes it")
            message.batch = try await message.taken(contract, secondsMax: forcing.waitSeconds)
        }
        try options.output.show(message.json, message.text)
    }

    /// Waits for a batch on L1 that has consumed the message and returns its number.
    private func taken(_ contract: RollupContract, secondsMax: UInt64) async throws -> UInt64 {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(secondsMax)
        while true {
            let progress = try await contract.progress()
            if progress.inboxConsumed > index { return progress.batchCount - 1 }
            guard progress.haltedAt == nil else {
                throw CommandFailure(
                    .refused,
                    "the rollup was halted before a batch took inbox message \(index): it has no effect; `memex exit` is the way out")
            }
            guard clock.now < end else {
                let overdue = progress.l1Time > deadline ? "it is overdue: `memex halt`" : "it is due \(Moment.text(seconds: deadline))"
                throw CommandFailure(
                    .cannotConnect,
                    "no batch on L1 has taken inbox message \(index) within \(secondsMax) s; it stays in the inbox, and \(overdue)")
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private var json: JSON {
        [
            "inboxIndex": .integer(index), "commands": .list(commands.map(listing.json)), "priceWei": .text(String(price)),
            "transaction": .text(receipt.transactionHash.hex), "l1Block": .integer(receipt.blockNumber), "gas": .integer(receipt.gasUsed),
            "deadline": .integer(deadline), "batch": .optional(batch) { .integer($0) },
        ]
    }

    private var text: String {
        var fields = commands.map { command in
            let (kind, text) = listing.describe(command)
            return ("forced", "\(kind) \(text)")
        }
        fields += [
            ("inbox index", String(index)), ("transaction", "\(receipt.transactionHash), \(receipt.gasUsed) gas"),
            ("price", "\(price) wei"),
            ("due", "\(Moment.text(seconds: deadline)); after that anyone may `memex halt`, until a batch takes it"),
            ("taken", batch.map { "by batch \($0)" } ?? "not known: --wait waits for it, `memex status` shows how far batches are"),
        ]
        return TextTable.fields(fields)
    }
}
