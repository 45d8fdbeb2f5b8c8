import Blobs
import Engine

/// Reads back from L1 all that is needed to derive the state, with no help from the operator, and believes nothing that the contract's
/// own commitments do not confirm.
package struct L1Reader: Sendable {
    package let contract: RollupContract
    let deployedAtBlock: UInt64
    private let blobs: BlobReader?

    /// - Parameters:
    ///   - deployedAtBlock: no event of the contract is older than this L1 block.
    ///   - blobs: where batches in blobs come from; nil: they cannot be read.
    package init(contract: RollupContract, deployedAtBlock: UInt64, blobs: BlobReader? = nil) {
        self.contract = contract
        self.deployedAtBlock = deployedAtBlock
        self.blobs = blobs
    }

    /// All of it, up to the newest L1 block. Throws ``EthereumError`` or ``L1ReaderError``.
    package func history() async throws -> L1History {
        let head = try await contract.client.latestBlock()
        let progress = try await contract.progress(at: head)
        let logs = try await contract.client.logs(
            of: contract.address,
            events: [RollupEvent.inboxMessageTopic, RollupEvent.batchPostedTopic, RollupEvent.stateClaimedTopic],
            blocks: deployedAtBlock...max(deployedAtBlock, head.number))
        var history = L1History(progress: progress, messages: [], batches: [])
        for log in logs {
            switch try contract.event(log) {
            case .inboxMessage(let index, let message):
                guard index == history.messages.count else { throw L1ReaderError.missing("inbox message", UInt64(history.messages.count)) }
                history.messages.append(message)
            case .batchPosted(let posted):
                guard posted.number == history.batches.count else { throw L1ReaderError.missing("batch", UInt64(history.batches.count)) }
                history.batches.append(
                    BatchOnL1(posted: posted, l1Block: log.blockNumber, transaction: log.transactionHash, claimedRoot: nil))
            case .stateClaimed(let number, let root, _):
                guard number < history.batches.count else { throw L1ReaderError.missing("batch", number) }
                history.batches[Int(number)].claimedRoot = root
            default: break
            }
        }
        try await check(history)
        return history
    }

    /// The bytes of a batch, from the input or the blob of the transaction that posted it. Throws ``EthereumError``, ``L1ReaderError`` or `KZGError`.
    package func data(of batch: BatchOnL1) async throws -> [UInt8] {
        batch.posted.inBlob ? try await content(ofBlob: batch) : try await calldata(of: batch)
    }

    private func content(ofBlob batch: BatchOnL1) async throws -> [UInt8] {
        let posted = batch.posted
        guard let blobs else { throw L1ReaderError.noBeacon(batch: posted.number) }
        guard let block = try await contract.client.block(.number(batch.l1Block)) else {
            throw L1ReaderError.missing("L1 block", batch.l1Block)
        }
        do {
            let blob = try await blobs.blob(posted.dataHash, at: block.timestamp)
            guard let content = BlobLayout.content(of: blob, size: Int(clamping: posted.dataSize)) else {
                throw L1ReaderError.wrongData(batch: posted.number)
            }
            return content
        } catch let failure as BlobReader.Unavailable {
            throw L1ReaderError.noBlob(batch: posted.number, l1Block: batch.l1Block, slot: failure.slot, reasons: failure.reasons)
        }
    }

    private func calldata(of batch: BatchOnL1) async throws -> [UInt8] {
        guard let transaction = try await contract.client.transaction(batch.transaction) else {
            throw L1ReaderError.noTransaction(batch: batch.posted.number, transaction: batch.transaction)
        }
        guard transaction.to == contract.address, transaction.input.starts(with: ABI.selector(RollupCall.Signature.postBatch)) else {
            throw L1ReaderError.notPostedDirectly(batch: batch.posted.number, transaction: batch.transaction)
        }
        var arguments = ABIReader(transaction.input.dropFirst(4))
        for _ in 0..<4 { _ = try arguments.hash() }
        let data = try arguments.dynamicBytes()
        guard keccak256(data) == batch.posted.dataHash else { throw L1ReaderError.wrongData(batch: batch.posted.number) }
        return data
    }

    /// Compares counts, accumulators and the chain of batch hashes with the contract.
    private func check(_ history: L1History) async throws {
        let progress = history.progress
        guard history.messages.count >= progress.inboxCount else {
            throw L1ReaderError.missing("inbox message", UInt64(history.messages.count))
        }
        guard history.batches.count >= progress.batchCount else { throw L1ReaderError.missing("batch", UInt64(history.batches.count)) }
        for number in 0..<Int(progress.claimCount) where history.batches[number].claimedRoot == nil {
            throw L1ReaderError.missing("claim", UInt64(number))
        }
        // Accumulators after 0, 1, … messages.
        var accumulators: [Hash256] = [.zero]
        accumulators.reserveCapacity(history.messages.count + 1)
        for message in history.messages { accumulators.append(message.extending(accumulators[accumulators.count - 1])) }
        let onL1 = try await contract.inboxAccumulator(count: UInt64(history.messages.count))
        guard accumulators[history.messages.count] == onL1 else { throw L1ReaderError.wrongInbox }

        var previous = Hash256.zero
        for batch in history.batches {
            let posted = batch.posted
            guard posted.inboxEnd < UInt64(accumulators.count), accumulators[Int(posted.inboxEnd)] == posted.inboxAccumulator else {
                throw L1ReaderError.wrongInbox
            }
            let hash = posted.hash(after: previous)
            guard hash == posted.batchHash else { throw L1ReaderError.wrongBatchHash(batch: posted.number) }
            previous = hash
        }
        if let last = history.batches.last {
            guard try await contract.batch(last.posted.number).hash == previous else {
                throw L1ReaderError.wrongBatchHash(batch: last.posted.number)
            }
        }
    }
}

/// The node did not show everything, or showed something that the contract does not confirm.
package enum L1ReaderError: Error, Equatable, CustomStringConvertible {
    /// What, and its number.
    case missing(String, UInt64)
    case wrongInbox
    case wrongBatchHash(batch: UInt64)
    case noTransaction(batch: UInt64, transaction: Hash256)
    case notPostedDirectly(batch: UInt64, transaction: Hash256)
    case wrongData(batch: UInt64)
    /// The bytes are in a blob, and nobody is named who has blobs.
    case noBeacon(batch: UInt64)
    /// None of the sources has the blob: `reasons`, one for each.
    case noBlob(batch: UInt64, l1Block: UInt64, slot: UInt64?, reasons: [String])

    /// Whether nothing is wrong but that a blob is out of reach.
    package var isAboutBlobs: Bool {
        switch self {
        case .noBeacon, .noBlob: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .missing(let what, let number): "the L1 node does not show \(what) \(number); does it keep all logs since the deployment?"
        case .wrongInbox: "the inbox messages that the L1 node shows are not those that the contract commits to; try another node"
        case .wrongBatchHash(let batch):
            "batch \(batch) as the L1 node shows it is not the one that the contract commits to; try another node"
        case .noTransaction(let batch, let transaction):
            "the L1 node does not have transaction \(transaction.hex), which carries batch \(batch); use a node with full history"
        case .notPostedDirectly(let batch, let transaction):
            "transaction \(transaction.hex) of batch \(batch) does not call post_batch itself; its input cannot be read"
        case .wrongData(let batch): "the bytes of batch \(batch) do not have the hash that the contract recorded; try another node"
        case .noBeacon(let batch):
            "batch \(batch) is in a blob, which L1's consensus nodes keep, not those of --l1: name one by --beacon URL or MEMEX_BEACON"
        case .noBlob(let batch, let l1Block, let slot, let reasons):
            """
            the blob of batch \(batch), of L1 block \(l1Block)\(slot.map { " in slot \($0)" } ?? ""), cannot be had: \(reasons.joined(separator: "; ")). \
            Consensus nodes drop blobs after 18 days: name an archive by another --beacon (what it sends is checked, so anybody's will do), or go \
            on from a --data directory in which somebody has rebuilt the state beyond that batch
            """
        }
    }
}
