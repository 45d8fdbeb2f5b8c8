import BigInt
import Blobs
import Engine
import Signing

/// What ``Poster`` needs of L1.
package protocol PostingChain: Sendable {
    /// What L1 says now; `last` spares reading again what cannot have changed. `settledBlocks`: how much older ``L1Look/settled`` is.
    func look(after last: L1Look?, settledBlocks: UInt64) async throws(EthereumError) -> L1Look
    func batch(_ number: UInt64, at block: L1Block) async throws(EthereumError) -> PostedBatch
    func claim(_ number: UInt64, at block: L1Block) async throws(EthereumError) -> Claim
    /// The contract's accumulator over the first `count` inbox messages.
    func inboxAccumulator(count: UInt64, at block: L1Block) async throws(EthereumError) -> Hash256
    /// What `call` carries in a transaction of this kind. `batch`: the one that it posts or claims.
    func payload(of call: PostingCall, batch: PostableBatch?, bond: BigUInt, as kind: TransactionKind) -> PostingPayload
    /// Gas that `payload` takes now. Throws `EthereumError.reverted` with the contract's reason if it refuses, or `KZGError`.
    func estimate(_ payload: PostingPayload) async throws -> UInt64
    /// What names the blob that carries a batch on L1. Throws `KZGError`.
    func blobHash(of batch: PostableBatch) async throws -> Hash256
    /// Throws `KZGError` if a blob is to be made and cannot be.
    func sign(_ payload: PostingPayload, for slot: PostingSlot) async throws -> SignedTransaction
    func send(_ transaction: SignedTransaction) async throws(EthereumError)
    func receipt(of hash: Hash256) async throws(EthereumError) -> Receipt?
}

/// L1 through a node, with the sequencer's key.
package struct L1PostingChain: PostingChain {
    private let contract: RollupContract
    private let key: PrivateKey
    private let chainId: UInt64
    private let blobs: BlobMaker?

    /// - Parameter blobs: nil: nothing can be posted in a blob.
    package init(contract: RollupContract, key: PrivateKey, chainId: UInt64, blobs: BlobMaker? = nil) {
        self.contract = contract
        self.key = key
        self.chainId = chainId
        self.blobs = blobs
    }

    private var client: EthereumClient { contract.client }

    package func look(after last: L1Look?, settledBlocks: UInt64) async throws(EthereumError) -> L1Look {
        let block = try await client.latestBlock()
        if var last, last.block == block {
            last.pendingNonce = try await client.transactionCount(of: key.address, at: .pending)
            return last
        }
        let settledNumber = block.number - min(block.number, settledBlocks)
        guard let settledBlock = settledBlocks == 0 ? block : try await client.block(.number(settledNumber)) else {
            throw .malformedReply(method: "eth_getBlockByNumber", detail: "the node has block \(block.number), but not \(settledNumber)")
        }
        let progress = try await contract.progress(at: block)
        return L1Look(
            block: block, nonce: try await client.transactionCount(of: key.address, at: .hash(block.hash)),
            pendingNonce: try await client.transactionCount(of: key.address, at: .pending),
            tip: try await client.maxPriorityFeePerGas(), blobBaseFee: blobs == nil ? nil : try await client.blobBaseFee(),
            progress: progress,
            settled: settledBlocks == 0 ? progress : try await settled(at: settledBlock),
            parameters: try await contract.parameters(at: .hash(block.hash)))
    }

    /// Nothing happened yet at a block before the contract's own.
    private func settled(at block: L1Block) async throws(EthereumError) -> RollupProgress {
        do { return try await contract.progress(at: block) } catch .noContract {
            return RollupProgress(
                l1Block: block.number, l1Time: block.timestamp, inboxCount: 0, inboxConsumed: 0, batchCount: 0, claimCount: 0,
                finalCount: 0,
                haltedAt: nil)
        }
    }

    package func batch(_ number: UInt64, at block: L1Block) async throws(EthereumError) -> PostedBatch {
        try await contract.batch(number, at: .hash(block.hash))
    }

    package func claim(_ number: UInt64, at block: L1Block) async throws(EthereumError) -> Claim {
        try await contract.claim(number, at: .hash(block.hash))
    }

    package func inboxAccumulator(count: UInt64, at block: L1Block) async throws(EthereumError) -> Hash256 {
        try await contract.inboxAccumulator(count: count, at: .hash(block.hash))
    }

    package func payload(of call: PostingCall, batch: PostableBatch?, bond: BigUInt, as kind: TransactionKind) -> PostingPayload {
        var payload: PostingPayload
        switch call {
        case .post:
            guard let batch else { preconditionFailure("a batch to post is given") }
            return PostingPayload(posting: batch, on: contract.address, as: kind)
        case .claim(let number):
            guard let batch else { preconditionFailure("a batch to claim is given") }
            payload = self.payload(.claimState(number: number, root: batch.stateRoot, bond: bond))
        case .reclaim(let number): payload = self.payload(.reclaimBond(number: number))
        case .nothing: payload = PostingPayload(to: nil, data: [], value: 0, gasLimit: PostingGas.transfer)
        }
        // A pool that holds a blob transaction under a nonce lets only another take its place: a blob that nobody looks at.
        if kind == .blob { payload.blobContent = [] }
        return payload
    }

    private func payload(_ call: RollupCall) -> PostingPayload {
        PostingPayload(to: contract.address, data: call.data, value: call.value, gasLimit: PostingGas.smallCall)
    }

    package func estimate(_ payload: PostingPayload) async throws -> UInt64 {
        var blob: Hash256?
        if let content = payload.blobContent { blob = try await maker.versionedHash(carrying: content) }
        return try await client.estimateGas(
            to: payload.to ?? key.address, data: payload.data, from: key.address, value: payload.value, blob: blob)
    }

    package func blobHash(of batch: PostableBatch) async throws -> Hash256 { try await maker.versionedHash(carrying: batch.data) }

    private var maker: BlobMaker {
        get throws(KZGError) {
            guard let blobs else { throw .notFound }
            return blobs
        }
    }

    package func sign(_ payload: PostingPayload, for slot: PostingSlot) async throws -> SignedTransaction {
        var transaction = Transaction(
            chainId: chainId, nonce: slot.nonce, maxPriorityFeePerGas: slot.fees.tip, maxFeePerGas: slot.fees.cap, gasLimit: slot.gasLimit,
            to: payload.to ?? key.address, value: payload.value, data: payload.data)
        if let content = payload.blobContent, let cap = slot.fees.blobCap {
            transaction.blobs = .init(maxFeePerBlobGas: cap, sidecars: [try await maker.sidecar(carrying: content)])
        }
        return transaction.signed(by: key)
    }

    package func send(_ transaction: SignedTransaction) async throws(EthereumError) { try await client.send(transaction) }

    package func receipt(of hash: Hash256) async throws(EthereumError) -> Receipt? { try await client.receipt(of: hash) }
}
