import ArgumentParser
import Foundation
import Sequencer
import Settlement

/// `memex rebuild`
struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Derive the exchange's state from L1 alone, and keep it.",
        discussion: """
            Reads every posted batch and inbox message from L1, executes them again, and compares the state after each batch with what the \
            sequencer claimed. Nothing comes from the operator. The state is kept in --data, where `exit` and `claim` find it; a rebuild that \
            was interrupted, or one some days later, goes on from it. Batches in blobs come from the consensus nodes and archives that --beacon \
            names, in that order; what they send is checked against L1, so none has to be trusted. Consensus nodes drop blobs after 18 days: \
            whoever rebuilds at least that often needs nobody else. By default it ends after the last claimed batch, which is the state that \
            pays after a halt.

            EXAMPLES
              memex rebuild --data state
              memex rebuild --data state --to-batch 41
              memex rebuild --from-genesis                   only to check every claimed root
              memex rebuild --data state --beacon http://localhost:5052 --beacon https://blob-archive.example
            """)

    @Option(help: ArgumentHelp("Keep the rebuilt state in this directory; made if missing.", valueName: "dir"))
    var data: String?
    @Flag(help: "Begin at the first batch, even if --data holds a state.")
    var fromGenesis = false
    @Option(help: ArgumentHelp("End after this batch instead.", valueName: "number"))
    var toBatch: UInt64?
    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        if let toBatch, toBatch == .max { throw ValidationError("--to-batch \(toBatch) is no batch number") }
        if data == "" { throw ValidationError("--data names a directory, and is empty") }
    }

    func run() async throws {
        // Not after hours.
        if let data {
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            guard access(data, W_OK) == 0 else {
                throw CommandFailure(.fileProblem, "cannot keep a state in \(data): \(SystemCallFailed.text(errno))")
            }
        }
        let toBatch = toBatch
        let state = try await RebuiltState.load(options, directory: fromGenesis ? nil : data) {
            toBatch.map { $0 + 1 } ?? $0.progress.claimCount
        }
        let count = toBatch.map { $0 + 1 } ?? state.history.progress.claimCount
        try await state.advance(to: count, keepingIn: data)
        let root = await state.rebuild.stateRoot
        let blocks = await state.rebuild.head?.number ?? 0
        let claimed = count == 0 ? nil : state.history.batches[Int(count) - 1].claimedRoot
        try options.output.show(
            [
                "batches": .number(count), "blocks": .number(blocks), "stateRoot": .text(root.hex),
                "claimedRoot": .optional(claimed) { .text($0.hex) }, "data": .optional(data) { .text($0) },
            ],
            TextTable.fields([
                ("batches", "\(count) of \(state.history.batches.count) posted"), ("blocks", "\(blocks)"), ("state root", root.hex),
                ("claimed", claimed == nil ? "not yet" : "the same root, on L1"),
                ("kept in", data ?? "nothing; give --data DIR to keep it"),
            ]))
    }
}
