import ArgumentParser
import Engine
import Settlement

/// `memex claim`
struct ClaimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claim",
        abstract: "Have L1 pay the withdrawals that are final.",
        discussion: """
            Rebuilds the state from L1, takes from it the Merkle paths of your withdrawals, and sends one transaction for each that \
            is final and not paid yet. Needs no gateway. When nothing can be paid it pays nothing and ends with status 0. The money goes \
            to the owner whoever pays the gas.

            EXAMPLES
              memex claim
              memex claim --wait                             until the withdrawals posted so far are paid
              memex claim --owner 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --payer mine.key --json
              memex claim --data ~/.memex/state              keeps the rebuilt state, so that the next time is quick
            """)

    @Option(help: ArgumentHelp("Whose withdrawals; default: those of the key's owner.", valueName: "address"), transform: Address.typed)
    var owner: Address?
    @Option(help: ArgumentHelp("Key that pays the gas; default: --key.", valueName: "file"))
    var payer: String?
    @Option(help: ArgumentHelp("Keep the rebuilt state in this directory.", valueName: "dir"))
    var data: String?
    @Flag(help: "Wait until something was paid and nothing that is posted remains to be paid.")
    var wait = false
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() async throws {
        let owner = try options.ownerAddress(owner)
        let payer = try options.payerKey(payer)
        var state = try await RebuiltState.load(options, directory: data) { $0.progress.finalCount }
        let cashier = try await Cashier(state.contract, state.deployment, payer: payer)
        var payments: [Payment] = []
        var waiting: [Cashier.Order] = []
        var isTold = false
        while true {
            // A path is good under a final root alone, and a state that was advanced does not go back.
            let applied = await state.rebuild.batchCount
            let final = state.history.progress.finalCount
            if final > 0, applied <= final {
                try await state.advance(to: final)
                if let data { try await state.rebuild.write(to: data, deployment: state.deployment) }
                let payouts = await state.rebuild.withdrawals(of: owner)
                payments += try await cashier.pay(cashier.unpaid(payouts, batch: final - 1))
            }
            // What is posted but not final: state beyond what L1 would accept a path for. While that is waited for it stays where it is, or
            // a sequencer that goes on posting would always be ahead of what is final, and nothing would ever be paid.
            if waiting.isEmpty || applied <= final {
                try await state.advance(to: max(applied, UInt64(state.history.batches.count)))
                waiting = try await cashier.unpaid(await state.rebuild.withdrawals(of: owner), batch: 0)
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
        try options.output.show(paid.json, try text(paid, rest, cashier.listing))
    }

    private func text(_ payments: [Payment], _ waiting: [Cashier.Order], _ listing: Listing) throws -> String {
        let nothing = waiting.isEmpty ? "no withdrawal that is posted on L1 remains to be paid" : "no withdrawal can be paid now"
        var lines = [payments.isEmpty ? nothing : payments.text]
        for order in waiting {
            let token = try listing.known(token: order.token)
            lines.append("waiting: \(token.format(order.atoms)) \(token.symbol), posted on L1 but not final yet")
        }
        return lines.joined(separator: "\n")
    }
}
