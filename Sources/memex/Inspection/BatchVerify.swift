import ArgumentParser
import Settlement

/// `memex batch verify`
struct BatchVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Execute posted batches again and compare every claimed state.",
        discussion: """
            Ends with status 5 at the first claim that does not follow from L1. Until disputes exist this is how anyone finds out that a \
            sequencer claims what is not true.

            EXAMPLES
              memex batch verify                             all batches
              memex batch verify --to 41 --json
              memex batch verify --data state                goes on from the state kept there, and keeps the new one
              memex batch verify --beacon http://localhost:5052    where batches are in blobs
            """)

    @Option(help: ArgumentHelp("The last batch to verify.", valueName: "number"))
    var to: UInt64?
    @Option(help: ArgumentHelp("Directory of a rebuilt state.", valueName: "dir"))
    var data: String?
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        if let to, to == .max { throw ValidationError("--to \(to) is no batch number") }
    }

    func run() async throws {
        let to = to
        let state = try await RebuiltState.load(options, directory: data) { to.map { $0 + 1 } ?? UInt64($0.batches.count) }
        let first = await state.rebuild.batchCount
        let count = to.map { $0 + 1 } ?? UInt64(state.history.batches.count)
        try await state.advance(to: count, keepingIn: data)
        let root = await state.rebuild.stateRoot
        let claims = state.history.batches[Int(first)..<Int(count)].filter { $0.claimedRoot != nil }.count
        try options.output.show(
            [
                "firstBatch": .number(first), "batches": .number(count - first), "claims": .integer(claims), "stateRoot": .text(root.hex),
            ],
            "\(count - first) batches executed from number \(first) on, \(claims) claims right; state root \(root.hex)")
    }
}
