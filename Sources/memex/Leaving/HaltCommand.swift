import ArgumentParser
import Settlement
import Signing

/// `memex halt`
struct HaltCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "halt",
        abstract: "Halt a rollup whose operator missed a deadline.",
        discussion: """
            Anyone may do this, and nobody can undo it: afterwards no batch is posted any more, and every owner leaves by `memex exit`. The \
            contract refuses as long as nothing is overdue; `memex status` shows the deadlines.

            EXAMPLES
              memex halt
              memex halt --payer mine.key --json
            """)

    @Option(help: ArgumentHelp("Key that pays the gas; default: --key.", valueName: "file"))
    var payer: String?
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() async throws {
        let deployment = try options.deploymentFile()
        let contract = try await options.contract()
        let sender = TransactionSender(client: contract.client, key: try options.payerKey(payer), chainId: deployment.chainId)
        let receipt = try await halt(contract, sender)
        let halted = try receipt.logs.compactMap { try RollupEvent($0) }.compactMap { event -> (time: UInt64, reason: String)? in
            if case .halted(let time, let reason) = event { (time, reason) } else { nil }
        }.first
        let reason = halted?.reason ?? "unknown"
        try options.output.show(
            [
                "reason": .text(reason), "time": .optional(halted?.time) { .number($0) }, "transaction": .text(receipt.transactionHash.hex),
                "gas": .number(receipt.gasUsed),
            ],
            TextTable.fields([
                ("halted", reason), ("transaction", receipt.transactionHash.hex), ("gas", "\(receipt.gasUsed)"),
                ("next", "`memex exit`, when the last claim is final"),
            ]))
    }

    private func halt(_ contract: RollupContract, _ sender: TransactionSender) async throws -> Receipt {
        do throws(EthereumError) {
            return try await sender.execute(.halt(), on: contract.address)
        } catch .reverted(let reason, let data) {
            // The contract has the last word, since its clock is that of a block to come; why it refuses is worth more words than it has.
            guard let explanation = try await L1Status(contract).reasonNotToHalt else {
                throw EthereumError.reverted(reason: reason, data: data)
            }
            throw CommandFailure(.refused, explanation)
        }
    }
}
