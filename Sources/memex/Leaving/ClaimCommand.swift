import ArgumentParser
import Engine
import Settlement

/// `memex claim`
struct ClaimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claim",
        abstract: "Have L1 pay the withdrawals that are final.",
        discussion: """
            Rebuilds the state from L1, takes from it the Merkle paths of your withdrawals, and has L1 pay those that are final and not paid \
            yet, up to 32 by one transaction. Needs no gateway. When nothing can be paid it pays nothing and ends with status 0. The money \
            goes to the owners whoever pays the gas. An owner who refuses the money only misses his own.

            The exchange's state holds the last 67 million withdrawals. Older ones that were never paid are found on the way, and paid under the \
            state of their time; not from a state in --data that is younger, for which this says so.

            EXAMPLES
              memex claim
              memex claim --dry-run                          what would be paid, and the gas
              memex claim --wait                             until the withdrawals posted so far are paid
              memex claim --owner 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --payer mine.key --json
              memex claim --all --payer mine.key             everybody's
              memex claim --data ~/.memex/state              keeps the rebuilt state, so that the next time is quick
            """)

    @Option(help: ArgumentHelp("Whose withdrawals; default: those of the key's owner.", valueName: "address"), transform: Address.typed)
    var owner: Address?
    @Flag(help: "The withdrawals of all owners.")
    var all = false
    @Option(help: ArgumentHelp("Key that pays the gas; default: --key.", valueName: "file"))
    var payer: String?
    @Option(help: ArgumentHelp("Keep the rebuilt state in this directory.", valueName: "dir"))
    var data: String?
    @Flag(help: "Wait until something was paid and nothing that is posted remains to be paid.")
    var wait = false
    @Flag(help: "Only show what would be paid and what gas it would take.")
    var dryRun = false
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        if all, owner != nil { throw ValidationError("--all and --owner exclude each other") }
        if dryRun, wait { throw ValidationError("--dry-run and --wait exclude each other") }
    }

    /// Payments for which paths are made at a time: 32 transactions.
    private static let paymentsAtOnce = 32 * RollupCall.cellsMax

    func run() async throws {
        let owner = all ? nil : try options.ownerAddress(owner)
        let payer = try options.payerKey(payer)
        var state = try await RebuiltState.load(options, directory: data) { $0.progress.finalCount }
        var cashier = try await Cashier(state, payer: payer, output: options.output, sparesGas: all)
        if dryRun { return try await estimate(for: owner, state, cashier) }
        var payments: [Payment] = []
        var waiting: [Withdrawal] = []
        var isTold = false
        var looks = RecordLooks()
        while true {
            // A path is good under a final root alone, and a state that was advanced does not go back.
            let applied = await state.rebuild.batchCount
            let final = state.history.progress.finalCount
            if final > 0, applied <= final {
                try await state.advance(to: final, looking: &looks) { batch in
                    if let data { try await state.rebuild.write(to: data, deployment: state.deployment) }
                    let ids = try await unpaid(of: owner, state)
                    for start in stride(from: 0, to: ids.count, by: Self.paymentsAtOnce) {
                        let some = Array(ids[start..<min(start + Self.paymentsAtOnce, ids.count)])
                        payments += try await cashier.pay(
                            await state.rebuild.withdrawals(ids: some).map { Cashier.Order($0, batch: batch) })
                    }
                }
            }
            // What is posted but not final: state beyond what L1 would accept a path for. While that is waited for it stays where it is, or
            // a sequencer that goes on posting would always be ahead of what is final, and nothing would ever be paid.
            if waiting.isEmpty || applied <= final {
                try await state.advance(to: max(applied, UInt64(state.history.batches.count)), minding: looks)
                waiting = await state.rebuild.withdrawalRecords(ids: try await unpaid(of: owner, state))
            }
            guard wait, payments.isEmpty || !waiting.isEmpty else { break }
            if !isTold {
                let what = waiting.isEmpty ? "for a withdrawal to be posted on L1" : "until \(waiting.count) posted withdrawals are final"
                options.output.progress("waiting \(what); control-C ends this and loses nothing")
                isTold = true
            }
            try await Task.sleep(for: .seconds(2))
            state.history = try await state.reader.history()
        }
        let (paid, rest) = (payments, waiting)
        await cashier.learnTokens()
        try options.output.show(paid.json, try text(paid, rest, cashier.listing))
    }

    /// Shows what would be paid now.
    private func estimate(for owner: Address?, _ state: RebuiltState, _ cashier: Cashier) async throws {
        var orders: [Cashier.Order] = []
        var looks = RecordLooks()
        try await state.advance(to: state.history.progress.finalCount, looking: &looks) { batch in
            let ids = try await unpaid(of: owner, state)
            orders += await state.rebuild.withdrawals(ids: ids).map { Cashier.Order($0, batch: batch) }
        }
        let estimate = try await PaymentEstimate(cashier, orders)
        try options.output.show(try estimate.json(), try estimate.text())
    }

    /// Ids of the withdrawals in the state that L1 has not paid, oldest first.
    private func unpaid(of owner: Address?, _ state: RebuiltState) async throws -> [UInt64] {
        let ids = await state.rebuild.withdrawalIds(of: owner)
        let paid = try await state.contract.paid(of: ids.map { .record($0) })
        return ids.filter { !paid.contains(.record($0)) }
    }

    private func text(_ payments: [Payment], _ waiting: [Withdrawal], _ listing: Listing) throws -> String {
        let nothing = waiting.isEmpty ? "no withdrawal that is posted on L1 remains to be paid" : "no withdrawal can be paid now"
        var lines = [payments.isEmpty ? nothing : payments.text]
        for record in waiting {
            let token = try listing.known(token: record.token)
            lines.append("waiting: \(token.format(record.amount)) \(token.symbol), posted on L1 but not final yet")
        }
        return lines.joined(separator: "\n")
    }
}
