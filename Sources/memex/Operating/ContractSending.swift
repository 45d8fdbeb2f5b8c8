import ArgumentParser
import Settlement
import Signing

/// How a call of the rollup contract is sent: by a key, or by a multisig that gets it as text.
struct ContractSending: ParsableArguments {
    @Flag(help: "Print the call instead of sending it, for a multisig.")
    var callOnly = false

    func send(_ call: RollupCall, _ contract: RollupContract, _ options: Options) async throws {
        if callOnly {
            return try options.output.show(
                ["to": .text(contract.address.hex), "data": .text(Hex.encode(call.data))],
                TextTable.fields([("to", contract.address.description), ("data", Hex.encode(call.data))]))
        }
        let deployment = try options.deploymentFile()
        let sender = TransactionSender(client: contract.client, key: try options.privateKey(), chainId: deployment.chainId)
        let receipt = try await sender.execute(call, on: contract.address)
        try options.output.show(
            ["call": .text(call.name), "transaction": .text(receipt.transactionHash.hex), "gas": .number(receipt.gasUsed)],
            TextTable.fields([("done", call.name), ("transaction", receipt.transactionHash.hex), ("gas", "\(receipt.gasUsed)")]))
    }
}
