import ArgumentParser
import Engine
import Settlement

/// `memex batch list`
struct BatchList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the posted batches: blocks, times, inbox messages, size, claimed state root.",
        discussion: """
            EXAMPLES
              memex batch list
              memex batch list --last 100 --json
            """)

    @Option(help: "How many of the newest to list.")
    var last = 20

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        guard last > 0 else { throw ValidationError("--last must be above 0") }
    }

    func run() async throws {
        let source = try await BatchSource(options)
        var items: [JSON] = []
        var table = TextTable(">batch", "blocks", ">commands", "time", "inbox", ">bytes", "in", "claimed root", "final")
        let total = source.progress.batchCount
        for batch in try await source.batches((total - min(total, UInt64(last)))..<total) {
            let (decoded, remark) = try await look(at: batch, source)
            items.append(source.json(batch, decoded))
            let posted = batch.posted
            let blocks = decoded.map { "\($0.blocks.first?.number ?? 0)-\($0.blocks.last?.number ?? 0)" } ?? remark
            table.add(
                String(posted.number), blocks, decoded.map { String($0.commandCount) } ?? "", Moment.text(milliseconds: posted.lastTimeMs),
                posted.inboxEnd == posted.inboxStart ? "-" : "\(posted.inboxStart)-\(posted.inboxEnd - 1)", String(posted.dataSize),
                posted.inBlob ? "blob" : "calldata", batch.claimedRoot.map { $0.hex.prefix(18) + "…" } ?? "-",
                source.isFinal(batch) ? "yes" : "no")
        }
        let head = total > last ? "the last \(last) of \(total) batches\n\n" : ""
        try options.output.show(
            ["batchCount": .integer(total), "batches": .list(items)], table.isEmpty ? "no batch is posted yet" : head + table.text)
    }

    /// What is in a batch, or why nothing of it is shown. A blob that is nowhere to be had keeps nobody from seeing the rest.
    private func look(at batch: BatchOnL1, _ source: BatchSource) async throws -> (BatchContents?, remark: String) {
        do {
            let contents = try await source.contents(batch).contents
            return (try? contents.get(), "not decodable")
        } catch let error as L1ReaderError where error.isAboutBlobs {
            return (nil, "blob not at hand")
        }
    }
}
