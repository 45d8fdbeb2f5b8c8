import BigInt
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
    /// What `call` carries. `batch`: the one that it posts or claims.
    func payload(of call: PostingCall, batch: PostableBatch?, bond: BigUInt) -> PostingPayload
    /// Gas that `payload` takes now. Throws `.reverted` with the contract's reason if it refuses.
    func estimate(_ payload: PostingPayload) async throws(EthereumError) -> UInt64
    func sign(_ payload: PostingPayload, for slot: PostingSlot) -> SignedTransaction
    func send(_ transaction: SignedTransaction) async throws(EthereumError)
    func receipt(of hash: Hash256) async throws(EthereumError) -> Receipt?
}

/// L1 through a node, with the sequencer's key.
package struct L1PostingChain: PostingChain {
    private let contract: RollupContract
    private let key: PrivateKey
    private let chainId: UInt64
    private let carrier: any BatchCarrier

    /// Ample for a claim or the return of a bond.
    private static let gasOfSmallCall: UInt64 = 300_000
    private static let gasOfTransfer: UInt64 = 21_000

    package init(contract: RollupContract, key: PrivateKey, chainId: UInt64, carrier: any BatchCarrier = CalldataCarrier()) {
        self.contract = contract
        self.key = key
        self.chainId = chainId
        self.carrier = carrier
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
            tip: try await client.maxPriorityFeePerGas(), progress: progress,
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

    package func payload(of call: PostingCall, batch: PostableBatch?, bond: BigUInt) -> PostingPayload {
        switch call {
        case .post:
            guard let batch else { preconditionFailure("a batch to post is given") }
            return carrier.payload(posting: batch, on: contract.address)
        case .claim(let number):
            guard let batch else { preconditionFailure("a batch to claim is given") }
            return payload(.claimState(number: number, root: batch.stateRoot, bond: bond))
        case .reclaim(let number): return payload(.reclaimBond(number: number))
        case .nothing: return PostingPayload(to: nil, data: [], value: 0, gasLimit: Self.gasOfTransfer)
        }
    }

    private func payload(_ call: RollupCall) -> PostingPayload {
        PostingPayload(to: contract.address, data: call.data, value: call.value, gasLimit: Self.gasOfSmallCall)
    }

    package func estimate(_ payload: PostingPayload) async throws(EthereumError) -> UInt64 {
        try await client.estimateGas(to: payload.to ?? key.address, data: payload.data, from: key.address, value: payload.value)
    }

    package func sign(_ payload: PostingPayload, for slot: PostingSlot) -> SignedTransaction {
        Transaction(
            chainId: chainId, nonce: slot.nonce, maxPriorityFeePerGas: slot.fees.tip, maxFeePerGas: slot.fees.cap, gasLimit: slot.gasLimit,
            to: payload.to ?? key.address, value: payload.value, data: payload.data
        ).signed(by: key)
    }

    package func send(_ transaction: SignedTransaction) async throws(EthereumError) { try await client.send(transaction) }

    package func receipt(of hash: Hash256) async throws(EthereumError) -> Receipt? { try await client.receipt(of: hash) }
}
