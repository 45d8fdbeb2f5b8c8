import BigInt
import Engine
import Signing
import Synchronization

@testable import Settlement

/// A ``FakeL1`` behind a connection that may fail at every request.
final class FakeChain: PostingChain {
    struct State {
        var l1 = FakeL1()
        /// Blocks that the node is behind.
        var lag = 0
        /// Transactions by hash, as they were signed.
        var signed: [Hash256: FakeL1.PoolTransaction] = [:]
        var calls: [Hash256: PostingCall] = [:]
        /// Every call that was ever sent under a nonce.
        var callsByNonce: [UInt64: Set<PostingCall>] = [:]
    }

    static let timeDrift: UInt64 = 1_000_000
    let state = Mutex(State())
    /// Called before every request, and after a transaction was taken; throws what goes wrong.
    let fault: @Sendable () throws(EthereumError) -> Void

    init(fault: @escaping @Sendable () throws(EthereumError) -> Void = {}) { self.fault = fault }

    func look(after last: L1Look?, settledBlocks: UInt64) async throws(EthereumError) -> L1Look {
        try fault()
        return try state.withLock { state -> Result<L1Look, EthereumError> in
            let shown = max(0, state.l1.blocks.count - 1 - state.lag)
            let block = state.l1.blocks[shown]
            let settled = state.l1.blocks[max(0, shown - Int(settledBlocks))]
            return .success(
                L1Look(
                    block: block.header, nonce: block.state.nonce, pendingNonce: max(block.state.nonce, state.l1.pendingNonce), tip: 10,
                    blobBaseFee: state.l1.blobBaseFee, progress: block.state.progress(block.header),
                    settled: settled.state.progress(settled.header),
                    parameters: Self.parameters))
        }.get()
    }

    private static var parameters: RollupParameters {
        var parameters = try! RollupParameters(fakeBond: FakeL1.bond)
        parameters.timeDrift = timeDrift
        return parameters
    }

    private func read<Value>(at header: L1Block, _ body: (FakeL1.State) throws(EthereumError) -> Value) throws(EthereumError) -> Value {
        try fault()
        let block = state.withLock { state -> FakeL1.Block? in
            let number = Int(header.number)
            return number < state.l1.blocks.count ? state.l1.blocks[number] : nil
        }
        guard let block, block.header.hash == header.hash else { throw .node(method: "eth_call", code: -32001, message: "block not found") }
        return try body(block.state)
    }

    func batch(_ number: UInt64, at block: L1Block) async throws(EthereumError) -> PostedBatch {
        try read(at: block) { (state) throws(EthereumError) in
            let batch = state.batches[Int(number)]
            var reader = ABIReader(ABI.encode([.bytes32(batch.hash), .uint(batch.inboxEnd), .uint(UInt64(1))]))
            do { return try PostedBatch(&reader) } catch { throw .malformedReply(method: "fake", detail: "\(error)") }
        }
    }

    func claim(_ number: UInt64, at block: L1Block) async throws(EthereumError) -> Claim {
        try read(at: block) { (state) throws(EthereumError) in state.claims[Int(number)] }
    }

    func inboxAccumulator(count: UInt64, at block: L1Block) async throws(EthereumError) -> Hash256 {
        try read(at: block) { (state) throws(EthereumError) in FakeL1.accumulator(count, salt: state.inboxSalt) }
    }

    func payload(of call: PostingCall, batch: PostableBatch?, bond: BigUInt, as kind: TransactionKind) -> PostingPayload {
        L1PostingChain(contract: Self.contract, key: Self.key, chainId: 1).payload(of: call, batch: batch, bond: bond, as: kind)
    }

    func blobHash(of batch: PostableBatch) async throws -> Hash256 { FakeL1.blobHash(batch.data) }

    func estimate(_ payload: PostingPayload) async throws -> UInt64 {
        try fault()
        let refusal = state.withLock { state in
            var trial = state.l1.head.state
            return FakeL1.apply(payload, to: &trial, block: state.l1.head.header.number + 1)
        }
        if let refusal { throw EthereumError.reverted(reason: refusal, data: []) }
        return FakeL1.gasOfCall
    }

    func sign(_ payload: PostingPayload, for slot: PostingSlot) async throws -> SignedTransaction {
        precondition((payload.blobContent == nil) == (slot.fees.blobCap == nil), "a blob and a fee for it belong together")
        // No signature: what tells versions apart is enough.
        let fees = withUnsafeBytes(
            of: (slot.nonce, UInt64(slot.fees.cap), UInt64(slot.fees.tip), slot.fees.blobCap.map { UInt64($0) } ?? .max)
        ) { Array($0) }
        let signed = SignedTransaction(raw: fees + payload.data)
        state.withLock { state in
            state.signed[signed.hash] = FakeL1.PoolTransaction(nonce: slot.nonce, fees: slot.fees, payload: payload, hash: signed.hash)
            state.calls[signed.hash] = slot.call
        }
        return signed
    }

    func send(_ transaction: SignedTransaction) async throws(EthereumError) {
        try fault()
        let refusal = state.withLock { state -> EthereumError? in
            guard let known = state.signed[transaction.hash] else { return .malformedReply(method: "send", detail: "never signed") }
            if let call = state.calls[transaction.hash] { state.callsByNonce[known.nonce, default: []].insert(call) }
            do throws(EthereumError) { try state.l1.send(known) } catch { return error }
            return nil
        }
        if let refusal { throw refusal }
        try fault()
    }

    func receipt(of hash: Hash256) async throws(EthereumError) -> Receipt? {
        try fault()
        return state.withLock { $0.l1.receipt(of: hash) }
    }

    static let contract = RollupContract(client: EthereumClient(url: .init(filePath: "/")), address: .zero)
    static let key = PrivateKey.generate()
}

extension RollupParameters {
    /// All zero but the bond.
    init(fakeBond: BigUInt) throws {
        var reader = ABIReader(
            ABI.encode(
                [.address(.zero), .address(.zero), .uint(0 as UInt64), .uint(0 as UInt64), .uint(0 as UInt64), .uint(0 as UInt64)]
                    + [.uint(fakeBond), .uint(0 as UInt64)] + [ABI.Value](repeating: .uint(0 as UInt64), count: 16)))
        try self.init(&reader)
    }
}
