import ArgumentParser
import Gateway
import Settlement

/// `memex receipt`
struct ReceiptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Check what the sequencer signed.", subcommands: [ReceiptVerify.self])
}

/// `memex receipt verify`
struct ReceiptVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the receipt of an order.",
        discussion: """
            A receipt shows that the sequencer gave these commands a place in a block. Ends with status 5 if the sequencer that the deployment \
            names did not sign it. If the batch that is posted for that block has something else in that place (`memex batch inspect`), the \
            receipt proves to anyone that the sequencer said two things.

            EXAMPLES
              memex order --market WIF/USDX --side buy --price 2.5 --size 10 --receipt order.receipt
              memex receipt verify order.receipt
            """)

    @Argument(help: ArgumentHelp("File that `memex order --receipt` wrote.", valueName: "file"))
    var file: String

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func run() throws {
        let deployment = try options.deploymentFile()
        let file = try ReceiptFile(path: file)
        try file.check(deployment)
        let receipt = file.receipt.signed.receipt
        try options.output.show(
            [
                "block": .integer(receipt.block), "position": .integer(receipt.position), "nonce": .integer(file.receipt.nonce),
                "signer": .text("\(file.signer)"), "commandsHash": .text(receipt.commands.hex),
                "sequencer": .text("\(deployment.sequencer)"),
            ],
            TextTable.fields([
                ("receipt", "signed by the sequencer \(deployment.sequencer)"), ("block", String(receipt.block)),
                ("position", String(receipt.position)), ("commands of", "\(file.signer)"), ("commands hash", receipt.commands.hex),
            ]))
    }
}
