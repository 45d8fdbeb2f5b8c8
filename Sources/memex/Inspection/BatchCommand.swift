import ArgumentParser
import Engine
import Settlement

/// `memex batch`
struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Look at, verify and post the batches that carry the exchange to L1.",
        subcommands: [BatchList.self, BatchInspect.self, BatchPost.self, BatchVerify.self])
}

/// What the batch commands ask of L1: only what they show, not the rollup's whole history.
struct BatchSource {
    let progress: RollupProgress
    private let reader: L1Reader

    init(_ options: Options) async throws {
        let deployment = try options.deploymentFile()
        let contract = try await deployment.contract(through: try options.ethereum())
        reader = try options.reader(contract, deployment)
        progress = try await contract.progress()
    }

    /// What is listed on L1.
    func listing() async throws -> Listing { try await Listing(from: reader.contract) }

    func batches(_ numbers: Range<UInt64>) async throws -> [BatchOnL1] { try await reader.batches(numbers, progress) }

    /// The inbox messages that a batch consumes.
    func messages(of batch: BatchOnL1) async throws -> [InboxMessage] { try await reader.messages(of: batch) }

    /// The bytes and, if they decode, what is in them.
    func contents(_ batch: BatchOnL1) async throws -> (bytes: [UInt8], contents: Result<BatchContents, BatchError>) {
        let bytes = try await reader.data(of: batch)
        do throws(BatchError) {
            return (bytes, .success(try BatchContents(decoding: bytes)))
        } catch {
            return (bytes, .failure(error))
        }
    }

    func isFinal(_ batch: BatchOnL1) -> Bool { batch.posted.number < progress.finalCount }

    /// Members that the list and the inspection share.
    func json(_ batch: BatchOnL1, _ decoded: BatchContents?) -> JSON {
        let posted = batch.posted
        return [
            "number": .integer(posted.number), "firstBlock": .optional(decoded?.blocks.first) { .integer($0.number) },
            "lastBlock": .optional(decoded?.blocks.last) { .integer($0.number) },
            "commands": .optional(decoded) { .integer($0.commandCount) },
            "firstTimeMs": .integer(posted.firstTimeMs), "lastTimeMs": .integer(posted.lastTimeMs),
            "inboxStart": .integer(posted.inboxStart), "inboxEnd": .integer(posted.inboxEnd), "bytes": .integer(posted.dataSize),
            "inBlob": .flag(posted.inBlob),
            "l1Block": .integer(batch.l1Block), "transaction": .text(batch.transaction.hex),
            "claimedRoot": .optional(batch.claimedRoot) { .text($0.hex) }, "final": .flag(isFinal(batch)),
        ]
    }
}

extension Result {
    /// Nil on success.
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
