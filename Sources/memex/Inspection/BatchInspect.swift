import ArgumentParser
import Engine
import Settlement

/// `memex batch inspect`
struct BatchInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Decode a batch from the call data or the blob of its transaction: blocks, inbox messages and commands.",
        discussion: """
            The bytes are checked against the hash that the contract recorded. `memex batch verify` also executes them.

            EXAMPLES
              memex batch inspect
              memex batch inspect 3 --limit 1000
              memex batch inspect 3 --json
              memex batch inspect 3 --beacon http://localhost:5052    where it is in a blob
            """)

    @Argument(help: "Number of the batch (default: the newest).")
    var number: UInt64?

    @Option(help: "Rows of each table, at most; --json prints all.")
    var limit = 50

    @OptionGroup(title: "SHARED OPTIONS") var options: Options

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be above 0") }
    }

    func run() async throws {
        let source = try await BatchSource(options)
        let count = source.progress.batchCount
        guard count > 0 else { throw CommandFailure(.refused, "no batch is posted yet") }
        let number = self.number ?? count - 1
        guard number < count, let batch = try await source.batches(number..<(number + 1)).first else {
            throw CommandFailure(.refused, "there is no batch \(number) on L1; \(count) are posted, numbered from 0")
        }
        let (_, contents) = try await source.contents(batch)
        let posted = batch.posted
        let page = BatchPage(
            listing: try await source.listing(), messages: try await source.messages(of: batch), firstMessage: posted.inboxStart,
            limit: limit)
        try options.output.show(
            source.json(batch, try? contents.get()).adding([
                "dataHash": .text(posted.dataHash.hex), "batchHash": .text(posted.batchHash.hex),
                "decodeError": .optional(contents.failure) { .text("\($0)") }, "inboxMessages": page.messagesJSON,
                "blocks": .optional(try? contents.get(), page.json),
            ]),
            text(batch, source, contents, page))
    }

    private func text(
        _ batch: BatchOnL1, _ source: BatchSource, _ contents: Result<BatchContents, BatchError>, _ page: BatchPage
    ) -> String {
        let posted = batch.posted
        let head = TextTable.fields([
            ("batch", String(posted.number)),
            ("time", "\(Moment.text(milliseconds: posted.firstTimeMs)) to \(Moment.text(milliseconds: posted.lastTimeMs))"),
            ("bytes", "\(posted.dataSize), \(posted.inBlob ? "in a blob" : "as calldata")"), ("data hash", posted.dataHash.hex),
            ("L1 block", String(batch.l1Block)),
            ("transaction", batch.transaction.hex), ("claimed root", batch.claimedRoot?.hex ?? "none yet"),
            ("final", source.isFinal(batch) ? "yes" : "no"),
        ])
        switch contents {
        case .failure(let error): return head + "\n\nThe bytes are no batch (\(error)): they change nothing."
        case .success(let contents): return head + "\n\n" + page.text(contents)
        }
    }
}

/// The inside of a batch as text and JSON. Pure.
struct BatchPage {
    var listing: Listing
    /// The inbox messages that it consumes, and the index of the first in the inbox.
    var messages: [InboxMessage]
    var firstMessage: UInt64
    /// Rows of each table.
    var limit: Int

    var messagesJSON: JSON {
        .list(
            numberedMessages.map { index, message in
                let (kind, text) = listing.describe(message, index: index)
                return ["index": .integer(index), "kind": .text(kind), "text": .text(text)]
            })
    }

    private var numberedMessages: [(index: UInt64, message: InboxMessage)] {
        messages.enumerated().map { (firstMessage + UInt64($0.offset), $0.element) }
    }

    func json(_ contents: BatchContents) -> JSON {
        .list(
            contents.blocks.map { block in
                [
                    "number": .integer(block.number), "timeMs": .integer(block.timeMs), "l1Origin": .integer(block.l1Origin),
                    "inboxMessages": .integer(block.messageCount),
                    "envelopes": .list(
                        block.envelopes.map { envelope in
                            [
                                "signer": .text(envelope.signer.hex), "nonce": .integer(envelope.nonce),
                                "commands": .list(envelope.commands.map(listing.json)),
                            ]
                        }),
                ]
            })
    }

    func text(_ contents: BatchContents) -> String {
        var inbox = TextTable(">inbox", "kind", "message")
        for (index, message) in numberedMessages.prefix(limit) {
            let (kind, text) = listing.describe(message, index: index)
            inbox.add(String(index), kind, text)
        }
        var blocks = TextTable(">block", "time", ">L1 origin", ">inbox messages", ">signatures", ">commands")
        for block in contents.blocks.prefix(limit) {
            blocks.add(
                String(block.number), Moment.text(milliseconds: block.timeMs), String(block.l1Origin), String(block.messageCount),
                String(block.envelopes.count), String(block.commandCount))
        }
        var commands = TextTable(">block", "signer", ">nonce", "command", "what")
        var rows = 0
        for block in contents.blocks {
            for envelope in block.envelopes {
                for command in envelope.commands where rows < limit {
                    let (kind, text) = listing.describe(command)
                    commands.add(String(block.number), envelope.signer.hex, String(envelope.nonce), kind, text)
                    rows += 1
                }
            }
        }
        return [
            section("inbox messages", inbox, of: messages.count), section("blocks", blocks, of: contents.blocks.count),
            section("commands", commands, of: contents.commandCount),
        ].joined(separator: "\n\n")
    }

    private func section(_ name: String, _ table: TextTable, of count: Int) -> String {
        if count == 0 { return "no \(name)" }
        return "\(name): \(count)\n" + table.text + (count > limit ? "\n… and \(count - limit) more (--limit)" : "")
    }
}
