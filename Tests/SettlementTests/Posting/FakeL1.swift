import BigInt
import Engine
import Signing

@testable import Settlement

/// L1 in memory, as the poster sees it: the contract's rules about batches and claims, one account with nonces, a pool (``Pool``), blocks that can be
/// taken back. A value: faults are the business of ``FakeChain``.
struct FakeL1 {
    struct State {
        var nonce: UInt64 = 0
        var batches: [(inboxEnd: UInt64, data: [UInt8], hash: Hash256, isInBlob: Bool)] = []
        var claims: [Claim] = []
        var claimedAtBlock: [UInt64] = []
        var isHalted = false
        /// Changes what the inbox accumulators are.
        var inboxSalt: UInt8 = 0
        var inboxCount: UInt64 = 1_000_000
        /// Calls that the contract refused, and gas went for nothing.
        var refusals: [String] = []
    }

    struct Block {
        var header: L1Block
        var state: State
        var included: [PoolTransaction]
        var receipts: [Hash256: Receipt] = [:]
    }

    static let bond = BigUInt(1_000)
    /// More than the deepest reorganisation, seen through a node that is as far behind as any: what was final was claimed, whoever is asked.
    static let finalAfterBlocks: UInt64 = 25
    static let gasOfCall: UInt64 = 50_000
    static let secondsPerBlock: UInt64 = 12

    private(set) var blocks: [Block]
    var pool = Pool()
    /// Wei a unit of blob gas; nil: no blobs.
    var blobBaseFee: BigUInt?
    /// Makes blocks of another branch differ.
    private var branch: UInt64 = 0

    init() {
        blocks = [
            Block(header: L1Block(number: 0, hash: keccak256([0]), timestamp: 1_000_000, baseFeePerGas: 100), state: State(), included: [])
        ]
    }

    var head: Block { blocks[blocks.count - 1] }

    /// Changes what holds from the newest block on.
    mutating func alter(_ body: (inout State) -> Void) { body(&blocks[blocks.count - 1].state) }

    // MARK: Blocks

    mutating func mine(transactionsMax: Int = .max, baseFee: BigUInt = 100) {
        let number = head.header.number + 1
        var state = head.state
        var included: [PoolTransaction] = []
        var receipts: [Hash256: Receipt] = [:]
        while included.count < transactionsMax, let next = pool[state.nonce], next.fees.cap >= baseFee,
            next.fees.blobCap.map({ $0 >= blobBaseFee ?? 0 }) ?? true
        {
            pool[state.nonce] = nil
            state.nonce += 1
            let refusal = Self.apply(next.payload, to: &state, block: number)
            if let refusal { state.refusals.append("nonce \(next.nonce) in block \(number): \(refusal)") }
            receipts[next.hash] = Receipt(
                transactionHash: next.hash, blockNumber: number, gasUsed: Self.gasOfCall, effectiveGasPrice: baseFee,
                blobGasUsed: next.fees.kind == .blob ? PostingGas.blob : nil, blobGasPrice: next.fees.kind == .blob ? blobBaseFee : nil,
                succeeded: refusal == nil,
                logs: [])
            included.append(next)
        }
        pool.forget(below: state.nonce)
        let hash = keccak256(ABI.encode([.uint(number), .uint(branch)]))
        let header = L1Block(
            number: number, hash: hash, timestamp: head.header.timestamp + Self.secondsPerBlock, baseFeePerGas: baseFee)
        blocks.append(Block(header: header, state: state, included: included, receipts: receipts))
    }

    /// Replaces the newest blocks by as many empty ones; their transactions go back to the pool unless they are lost.
    mutating func reorganise(depth: Int, lose: Bool) {
        let depth = min(depth, blocks.count - 1)
        let removed = blocks.suffix(depth)
        blocks.removeLast(depth)
        branch += 1
        if !lose { for transaction in removed.flatMap(\.included) { pool.takeBack(transaction) } }
        for _ in 0..<depth { mine(transactionsMax: 0) }
    }

    /// Somebody else uses the key.
    mutating func useNonceElsewhere() {
        let nonce = head.state.nonce
        let payload = PostingPayload(to: nil, data: [], value: 0, gasLimit: 21_000)
        pool[nonce] = PoolTransaction(
            nonce: nonce, fees: Fees(tip: 1_000_000, cap: 1_000_000), payload: payload,
            hash: keccak256(ABI.encode([.uint(nonce), .uint(branch), .uint(UInt64(0xF0E)), .uint(head.header.number)])))
        mine(transactionsMax: 1)
    }

    // MARK: Transactions

    mutating func send(_ transaction: PoolTransaction) throws(EthereumError) {
        try pool.add(transaction, nonce: head.state.nonce)
    }

    var pendingNonce: UInt64 { pool.pendingNonce(from: head.state.nonce) }

    /// As far back as anybody looks.
    func receipt(of hash: Hash256) -> Receipt? { blocks.suffix(100).lazy.compactMap { $0.receipts[hash] }.first }

    // MARK: The contract

    static func accumulator(_ count: UInt64, salt: UInt8) -> Hash256 { keccak256([0xAC, UInt8(truncatingIfNeeded: count), salt]) }

    /// What names a blob with this content, in the place of the hash of a commitment.
    static func blobHash(_ content: [UInt8]) -> Hash256 { keccak256([0xB1] + content) }

    /// Nil, or why it refuses.
    static func apply(_ payload: PostingPayload, to state: inout State, block: UInt64) -> String? {
        guard payload.to != nil else { return nil }
        do { return try apply(payload.data, payload.value, payload.blobContent, to: &state, block: block) } catch {
            return "cannot decode: \(error)"
        }
    }

    private static func apply(
        _ data: [UInt8], _ value: BigUInt, _ blob: [UInt8]?, to state: inout State, block: UInt64
    ) throws -> String? {
        if state.isHalted { return "halting: halted" }
        var reader = ABIReader(data.dropFirst(4))
        let number: UInt64 = try reader.integer()
        switch Array(data.prefix(4)) {
        case ABI.selector(RollupCall.Signature.postBatch), ABI.selector(RollupCall.Signature.postBlob):
            guard number == state.batches.count else { return "batches: out of order" }
            let end: UInt64 = try reader.integer()
            guard end <= state.inboxCount else { return "batches: inbox message does not exist" }
            let times = (try reader.uint(), try reader.uint())
            let isInBlob = data.starts(with: ABI.selector(RollupCall.Signature.postBlob))
            guard !isInBlob || blob != nil else { return "batches: no blob" }
            let bytes = isInBlob ? Array((blob ?? []).prefix(Int(try reader.integer(UInt64.self)))) : try reader.dynamicBytes()
            let hash = keccak256(
                ABI.encode([
                    .bytes32(state.batches.last?.hash ?? .zero), .uint(number), .uint(end),
                    .bytes32(accumulator(end, salt: state.inboxSalt)), .uint(times.0), .uint(times.1),
                    .bytes32(isInBlob ? blobHash(bytes) : keccak256(bytes)), .uint(isInBlob ? UInt64(bytes.count) : 0),
                ]))
            state.batches.append((end, bytes, hash, isInBlob))
        case ABI.selector(RollupCall.Signature.claimState):
            guard number == state.claims.count else { return "batches: claim out of order" }
            guard number < state.batches.count else { return "batches: claim before its batch" }
            guard value == bond else { return "batches: wrong bond" }
            var claim = ABIReader(ABI.encode([.bytes32(try reader.hash()), .address(.zero), .uint(UInt64(1)), .uint(bond)]))
            state.claims.append(try Claim(&claim))
            state.claimedAtBlock.append(block)
        case ABI.selector(RollupCall.Signature.reclaimBond):
            guard number < state.finalCount(at: block) else { return "batches: not final" }
            guard state.claims[Int(number)].bond != 0 else { return "batches: no bond to give back" }
            state.claims[Int(number)].bond = 0
        default: return "unknown call"
        }
        return nil
    }
}

extension FakeL1.State {
    func finalCount(at block: UInt64) -> UInt64 {
        UInt64(claimedAtBlock.prefix { $0 + FakeL1.finalAfterBlocks <= block }.count)
    }

    func progress(_ header: L1Block) -> RollupProgress {
        RollupProgress(
            l1Block: header.number, l1Time: header.timestamp, inboxCount: inboxCount, inboxConsumed: batches.last?.inboxEnd ?? 0,
            batchCount: UInt64(batches.count), claimCount: UInt64(claims.count), finalCount: finalCount(at: header.number),
            haltedAt: isHalted ? header.timestamp : nil)
    }
}
