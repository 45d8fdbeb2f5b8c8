import ArgumentParser
import Engine
import Foundation
import Settlement

/// `memex exit`
struct ExitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exit",
        abstract: "After a halt, take everything out through L1.",
        discussion: """
            Has L1 pay, to the owner: every balance under the last claimed state, free and locked in orders alike; every withdrawal not paid \
            yet; every deposit that the exchange never credited. Each is paid once, whoever sends the transactions. The last claim must be final.

            --list shows every cell and what it is worth, also while the exchange runs: what L1 would pay if the operator vanished now. \
            --path-only writes the Merkle paths instead of sending anything; whoever keeps the key elsewhere can claim with them \
            (Deploy/examples/exit.py does). They are good until the next state is claimed, hence after a halt for ever.

            EXAMPLES
              memex exit --list
              memex halt && memex exit
              memex exit --data state                        with the state that `memex rebuild` kept
              memex exit --owner 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --payer mine.key --json
              memex exit --owner 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --path-only paths.json
            """)

    @Flag(help: "Only show what L1 would pay.")
    var list = false
    @Option(help: ArgumentHelp("Only write the Merkle paths to this file, as JSON; - is standard output.", valueName: "file"))
    var pathOnly: String?

    @Option(help: ArgumentHelp("Who leaves; default: the key's owner.", valueName: "address"), transform: Address.typed)
    var owner: Address?
    @Option(help: ArgumentHelp("Key that pays the gas; default: --key.", valueName: "file"))
    var payer: String?
    @Option(help: ArgumentHelp("Directory of the state that `memex rebuild` kept; what is missing is read from L1.", valueName: "dir"))
    var data: String?
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        if list, pathOnly != nil { throw ValidationError("--list and --path-only exclude each other") }
        if list || pathOnly != nil, payer != nil { throw ValidationError("--payer is for paying; nothing is sent here") }
    }

    func run() async throws {
        let owner = try options.ownerAddress(owner)
        let isReading = list || pathOnly != nil
        let payer = isReading ? nil : try options.payerKey(payer)
        let contract = try await options.contract()
        if !isReading { try await checkMayLeave(contract) }
        let state = try await RebuiltState.load(options, directory: data) { $0.progress.claimCount }
        let holdings = try await Holdings(of: owner, state)
        guard let payer else { return try await tell(holdings, state) }
        var cashier = try await Cashier(state, payer: payer)
        let payments = try await cashier.pay(cashier.orders(for: holdings))
        try options.output.show(payments.json, payments.isEmpty ? "nothing is left to pay to \(owner.hex)" : payments.text)
    }

    private func tell(_ holdings: Holdings, _ state: RebuiltState) async throws {
        let listing = try await state.listing()
        let paths = try holdings.paths(state.deployment, listing)
        guard let pathOnly else { return try options.output.show(paths, try holdings.text(listing)) }
        guard pathOnly != "-" else { return try Output.write(paths.line + "\n", to: STDOUT_FILENO) }
        do {
            try Data((paths.line + "\n").utf8).write(to: URL(filePath: pathOnly))
        } catch {
            throw CommandFailure(.fileProblem, "cannot write \(pathOnly): \(error.localizedDescription)")
        }
        options.output.progress("wrote \(pathOnly); check and claim with Deploy/examples/exit.py")
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
