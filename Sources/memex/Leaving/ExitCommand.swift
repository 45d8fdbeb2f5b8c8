import ArgumentParser
import Engine
import Settlement

/// `memex exit`
struct ExitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exit",
        abstract: "After a halt, take everything out through L1.",
        discussion: """
            Has L1 pay, to the owner: every balance under the last claimed state, free and locked in orders alike; every withdrawal not paid \
            yet; every deposit that the exchange never credited. Each is paid once, whoever sends the transactions. The last claim must be final.

            EXAMPLES
              memex halt && memex exit
              memex exit --data state                        with the state that `memex rebuild` kept
              memex exit --owner 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --payer mine.key --json
            """)

    @Option(help: ArgumentHelp("Who leaves; default: the key's owner.", valueName: "address"), transform: Address.typed)
    var owner: Address?
    @Option(help: ArgumentHelp("Key that pays the gas; default: --key.", valueName: "file"))
    var payer: String?
    @Option(help: ArgumentHelp("Directory of the state that `memex rebuild` kept; what is missing is read from L1.", valueName: "dir"))
    var data: String?
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() async throws {
        let owner = try options.ownerAddress(owner)
        let payer = try options.payerKey(payer)
        let contract = try await options.contract()
        try await checkMayLeave(contract)
        let state = try await RebuiltState.load(options, directory: data) { $0.progress.claimCount }
        let claimCount = state.history.progress.claimCount
        try await state.advance(to: claimCount)
        let cashier = try await Cashier(contract, state.deployment, payer: payer)
        var orders: [Cashier.Order] = []
        if claimCount > 0 {
            orders += try await cashier.unpaid(await state.rebuild.balances(of: owner), batch: claimCount - 1)
            orders += try await cashier.unpaid(await state.rebuild.withdrawals(of: owner), batch: claimCount - 1)
        }
        orders += try await cashier.unpaid(state.history.deposits(of: owner, notConsumedBy: claimCount))
        let payments = try await cashier.pay(orders)
        try options.output.show(payments.json, payments.isEmpty ? "nothing is left to pay to \(owner.hex)" : payments.text)
    }

    private func checkMayLeave(_ contract: RollupContract) async throws {
        let progress = try await contract.progress()
        guard progress.haltedAt != nil else {
            throw CommandFailure(
                .refused,
                "the rollup is not halted: `memex withdraw` and `memex claim` are the way out; if the operator is gone, `memex halt`")
        }
        guard progress.claimCount > progress.finalCount else { return }
        let final = try await contract.claim(progress.claimCount - 1).claimedAt + contract.parameters().challengeWindow
        throw CommandFailure(
            .refused, "the last claim is not final before \(final - min(final, progress.l1Time)) s from now; try again then")
    }
}
